//! Decides from which addresses the documents of an issuer are fetched. The issuer comes from a
//! token, which anybody can write, so it must not make a host call its own network.
//!
//! This is the only place of the rule. The component applies it before each request, under every
//! host, and the native host before it grants the destination.

use crate::address::{Kind, kind, literal};
use crate::authority::Authority;
use crate::credential::{code, reach};
use crate::fault::{Category, Fault};

/// Checks the address of a document of an issuer: https, and a host that the public internet knows,
/// unless `allowed` names the host. An entry is a host or a host with a port, as in `--allow-host`.
///
/// # Errors
/// `issuer-not-https`, or `issuer-not-public`, which names the option that allows the host.
pub fn fetchable(url: &str, allowed: &[String]) -> Result<Authority, Fault> {
    let refused = |name, why: String| {
        let message = format!("The issuer's keys are not fetched from `{}`: {why}", url.escape_debug());
        Fault::new(Category::Usage, name, message).hint("give the keys as a file: `--jwks FILE`").predicts(501_661)
    };
    let rest = url.split_once("://").filter(|(scheme, _)| scheme.eq_ignore_ascii_case("https")).map(|(_, rest)| rest);
    let base = rest.map(|rest| format!("https://{}", rest.split(['/', '?', '#']).next().unwrap_or_default()));
    let authority = base.and_then(|base| Authority::parse(&base, "the token").ok());
    let authority = authority.ok_or_else(|| refused("issuer-not-https", "it is not an https address".to_owned()))?;
    let host = authority.host();
    match private(host).filter(|_| !allowed.iter().any(|entry| allows(entry, &authority))) {
        None => Ok(authority),
        Some(why) => {
            let why = format!("the host `{host}` {why}, and only `--allow-host {host}` permits that");
            Err(refused(code::ISSUER_NOT_PUBLIC, why))
        }
    }
}

/// Why the public internet does not know a host; None if it may.
fn private(host: &str) -> Option<String> {
    match literal(host) {
        Some(address) => match kind(address) {
            Kind::Public => None,
            kind => Some(format!("is {}", kind.words())),
        },
        None => reach::private_name(host).map(ToOwned::to_owned),
    }
}

/// Whether an entry of `--allow-host` names this host, and no other port.
fn allows(entry: &str, authority: &Authority) -> bool {
    let (name, port) = match entry.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (entry, None),
    };
    let is_same = match literal(authority.host()) {
        Some(address) => literal(name) == Some(address),
        None => name.eq_ignore_ascii_case(authority.host()),
    };
    is_same && port.is_none_or(|port| port.parse() == Ok(authority.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_fetchable(url: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        fetchable(url, &allowed).is_ok()
    }

    #[test]
    fn documents_are_fetched_over_https_from_public_hosts_only() {
        for url in [
            "https://token.actions.githubusercontent.com",
            "HTTPS://gitlab.com/.well-known/openid-configuration",
            "https://gitlab.example:8443/x?y#z",
            "https://203.0.113.7/keys",
            "https://[2001:4860:4860::8888]/keys",
        ] {
            assert!(is_fetchable(url, &[]), "{url}");
        }
        for url in [
            "http://gitlab.com",
            "http://localhost:8080",
            "http://127.0.0.1",
            "ftp://gitlab.com",
            "gitlab.com",
            "https://user@gitlab.com",
            "https://",
            "",
        ] {
            assert!(!is_fetchable(url, &[]), "{url}");
            assert!(!is_fetchable(url, &["gitlab.com", "localhost", "127.0.0.1"]), "{url}");
        }
    }

    #[test]
    fn a_host_of_a_private_network_must_be_allowed() {
        for host in [
            "localhost",
            "ci.localhost",
            "127.0.0.1",
            "10.0.0.7",
            "169.254.169.254",
            "168.63.129.16",
            "[::1]",
            "[fd00::1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b:1::a9fe:a9fe]",
            "jenkins",
            "kubernetes.default.svc",
            "gitlab.corp.internal",
        ] {
            let url = format!("https://{host}:8443/keys");
            let fault = fetchable(&url, &["other".to_owned()]).unwrap_err();
            assert_eq!(fault.code, "issuer-not-public", "{host}");
            assert!(fault.message.contains(&format!("`--allow-host {host}`")), "{host}: {}", fault.message);
            assert!(is_fetchable(&url, &[host]), "{host}");
            assert!(is_fetchable(&url, &[&format!("{host}:8443")]), "{host}");
            assert!(!is_fetchable(&url, &[&format!("{host}:443")]), "{host}");
        }
        assert!(is_fetchable("https://LOCALHOST", &["localhost"]) && is_fetchable("https://localhost", &["LocalHost"]));
        assert!(is_fetchable("https://[0:0::1]:1", &["[::1]"]), "an address has many spellings");
    }
}
