//! Any value of a proxy variable.

use std::ffi::OsString;

use azure_oidc_cli::check_proxies;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// A value that is accepted selects a proxy, so no request goes past it; the error for another value
/// names the variable and holds no password.
pub(crate) fn value(input: &[u8]) {
    const NAME: &str = "HTTPS_PROXY";
    let Ok(value) = std::str::from_utf8(input) else { return };
    if value.contains('\0') {
        return;
    }
    match check_proxies(&|name| (name == NAME).then(|| OsString::from(value))) {
        Ok(()) if value.is_empty() => {}
        Ok(()) => {
            let matcher = Matcher::builder().https(value.to_owned()).build();
            let proxy = matcher.intercept(&Uri::from_static("https://login.example")).expect("it is used");
            assert!(proxy.uri().host().is_some_and(|host| !host.is_empty() && !host.contains('@')), "{value}");
        }
        Err(fault) => {
            let shown = format!("{fault} {:?} {:?}", fault.hints, fault.facts);
            assert!(shown.contains(NAME), "{shown}");
            let password =
                value.rsplit_once('@').map_or("", |(before, _)| before.rsplit(':').next().unwrap_or_default());
            // A short one or a word can be in the sentence by chance.
            let is_distinct = password.len() >= 8 && password.bytes().any(|byte| byte.is_ascii_digit());
            assert!(!is_distinct || !shown.contains(password), "{shown}");
        }
    }
}
