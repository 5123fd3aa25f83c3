//! Checks the proxy variables before the first request. The HTTP library ignores a value that it
//! cannot read, and would call the authority past the proxy.

use std::ffi::{OsStr, OsString};

use azure_oidc_core::{Category, Fault};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// The variables with a proxy, each in both spellings. Of two that are set, the first counts.
const PROXIES: [[&str; 2]; 3] =
    [["HTTPS_PROXY", "https_proxy"], ["HTTP_PROXY", "http_proxy"], ["ALL_PROXY", "all_proxy"]];
/// The variables with the hosts that are called past the proxy.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// Set for a CGI program, where a caller chooses the value of `HTTP_PROXY` with the header `Proxy`.
/// The library then reads no proxy variable at all.
const CGI: &str = "REQUEST_METHOD";

/// Checks the variables that the HTTP library reads.
///
/// # Errors
/// `proxy-invalid` or `proxy-not-utf8`, with the name of the variable, and never with its value:
/// that may hold a password.
pub fn check_proxies(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<(), Fault> {
    if variable(CGI).is_some() {
        return Ok(());
    }
    let set = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, variable(name)?)));
    for (name, value) in PROXIES.into_iter().filter_map(set) {
        let value = text(name, &value)?;
        if !value.is_empty() {
            check(value).map_err(|why| invalid(name, why))?;
        }
    }
    set(EXCEPTIONS).map_or(Ok(()), |(name, value)| text(name, &value).map(drop))
}

fn text<'a>(name: &str, value: &'a OsStr) -> Result<&'a str, Fault> {
    value.to_str().ok_or_else(|| {
        Fault::new(Category::Usage, "proxy-not-utf8", format!("The value of the variable `{name}` is not UTF-8 text"))
            .hint(format!("write characters outside ASCII as `%XX`, or unset `{name}`"))
    })
}

fn invalid(name: &str, why: &str) -> Fault {
    let message = format!("The variable `{name}` does not hold the address of a proxy: {why}");
    Fault::new(Category::Usage, "proxy-invalid", message)
        .hint(format!("write it as `http://HOST:PORT` or `http://USER:PASSWORD@HOST:PORT`, or unset `{name}`"))
}

/// Why the library would not use this proxy.
fn check(value: &str) -> Result<(), &'static str> {
    if value.contains(char::is_whitespace) {
        return Err("it has white space");
    }
    let scheme = value.split_once("://").map_or("http", |(scheme, _)| scheme).to_ascii_lowercase();
    if scheme.starts_with("socks") {
        return Err("SOCKS proxies are not supported");
    }
    if scheme != "http" && scheme != "https" {
        return Err("it begins neither with `http://` nor with `https://`");
    }
    let proxy = Matcher::builder().all(value.to_owned()).build().intercept(&Uri::from_static("https://host.example"));
    let proxy = proxy.ok_or("it is not a URL; in a user name or a password, write special characters as `%XX`")?;
    let authority = proxy.uri().authority().ok_or("it has no host")?;
    if authority.as_str().contains('@') {
        // The library takes the first `@` for the end of the password.
        return Err("a `@` in a password is written as `%40`");
    }
    let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    let is_port = |digits: &str| digits.parse::<u16>().is_ok_and(|port| port > 0);
    match port.strip_prefix(':') {
        _ if authority.host().is_empty() => Err("it has no host"),
        Some(digits) if !is_port(digits) => {
            Err("its port is not a number from 1 to 65535; in a password, write special characters as `%XX`")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(variables: &[(&str, &str)]) -> Result<(), Fault> {
        check_proxies(&|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn usual_values_are_accepted() {
        for value in [
            "http://proxy.example:3128",
            "https://proxy.example",
            "HTTP://PROXY.example:3128/",
            "proxy.example:3128",
            "proxy",
            "10.0.0.1:8080",
            "http://[::1]:8080",
            "http://user:pass%40word@proxy.example:3128",
            "",
        ] {
            for name in PROXIES.concat() {
                assert_eq!(checked(&[(name, value)]), Ok(()), "{name}={value}");
            }
        }
        assert_eq!(checked(&[("NO_PROXY", "anything, 10.0.0.0/8,*")]), Ok(()));
    }

    #[test]
    fn a_value_that_would_be_ignored_is_an_error_with_the_variable_and_without_the_value() {
        for value in [
            "http://user:secret@",
            "http://user:secret@proxy:port",
            "http://user:secret@proxy:0",
            "http://user:secret@proxy:99999",
            "http://user:secret@proxy:",
            "http://user:se cret@proxy:1",
            "http://user:p@secret@proxy:1",
            "http://user:secret#1@proxy:1",
            "http://user:secret/1@proxy:1",
            "socks5://user:secret@proxy:1080",
            "ftp://user:secret@proxy:1",
            "http://",
            "http:///secret",
            ":secret",
            "http://user:secret\u{e4}@proxy:1",
        ] {
            for name in PROXIES.concat() {
                let fault = checked(&[(name, value)]).expect_err(value);
                assert_eq!(fault.code, "proxy-invalid");
                let shown = format!("{} {:?} {:?}", fault.message, fault.hints, fault.facts);
                assert!(shown.contains(name) && !shown.contains("secret"), "{value}: {shown}");
            }
        }
    }

    #[test]
    fn of_two_spellings_the_one_that_is_used_counts() {
        assert_eq!(checked(&[("HTTPS_PROXY", "http://proxy:1"), ("https_proxy", "ftp://x")]), Ok(()));
        assert!(checked(&[("HTTPS_PROXY", "ftp://x"), ("https_proxy", "http://proxy:1")]).is_err());
    }

    #[test]
    fn a_cgi_program_uses_no_proxy() {
        assert_eq!(checked(&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "ftp://x")]), Ok(()));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_text_is_an_error() {
        use std::os::unix::ffi::OsStringExt;
        for name in PROXIES.concat().into_iter().chain(EXCEPTIONS) {
            let value = |key: &str| (key == name).then(|| OsString::from_vec(b"http://secret\xff@proxy".to_vec()));
            let fault = check_proxies(&value).unwrap_err();
            assert_eq!(fault.code, "proxy-not-utf8");
            assert!(fault.message.contains(name) && !fault.message.contains("secret"), "{}", fault.message);
        }
    }
}
