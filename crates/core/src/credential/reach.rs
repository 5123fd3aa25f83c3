//! Finds issuers that cannot work: addresses from which Entra cannot fetch keys, and issuers whose
//! tokens Entra refuses.

use super::{CredentialProblem, code};
use crate::address::{self, Kind};
use crate::mask::is_masked;

/// The host of Entra's issuers of version 1, with the scheme.
const VERSION_1: &str = "https://sts.windows.net/";

/// Domains that only a private network knows.
const PRIVATE_DOMAINS: [&str; 9] =
    ["local", "internal", "localhost", "localdomain", "lan", "intranet", "corp", "home", "home.arpa"];

/// The problem of an issuer from which Entra cannot fetch keys, because its address is not public.
pub fn unreachable(issuer: &str) -> Option<CredentialProblem> {
    let host = host(issuer)?;
    let is_inside_cluster = is_cluster_name(&host);
    let what = match address::literal(&host) {
        Some(address) => match address::kind(address) {
            Kind::Public => return None,
            kind => format!("is {}", kind.words()),
        },
        None => private_name(&host)?.to_owned(),
    };
    let message = format!(
        "the host `{}` of the issuer {what}, and Entra fetches the issuer's keys over the public internet",
        host.escape_debug()
    );
    let remedy = if is_inside_cluster {
        "start the API server of the cluster with `--service-account-issuer` and a public https address that serves the \
         cluster's metadata and keys, and use that address as the issuer"
    } else {
        "publish the issuer's metadata and keys under a public https address, and use that address as the issuer; for a \
         cluster, it is set with `--service-account-issuer` of the API server"
    };
    Some(CredentialProblem::fatal(code::ISSUER_NOT_PUBLIC, message).at("issuer").remedy(remedy))
}

/// Why the public internet does not know the name of a host, in lower case; None if it may.
pub(crate) fn private_name(host: &str) -> Option<&'static str> {
    if is_cluster_name(host) {
        return Some("is a name inside a cluster");
    }
    if is_below(host, "localhost") {
        return Some("is a loopback address");
    }
    if PRIVATE_DOMAINS.iter().any(|domain| is_below(host, domain)) {
        return Some("is a name of a private network");
    }
    (!host.contains('.')).then_some("is a name without a domain")
}

/// Whether an issuer is on this machine.
pub fn is_loopback(issuer: &str) -> bool {
    host(issuer).is_some_and(|host| is_below(&host, "localhost") || address::is_loopback(&host))
}

/// A caution about an issuer whose tokens Entra is known or likely to refuse.
pub fn caution(issuer: &str) -> Option<CredentialProblem> {
    let host = host(issuer)?;
    let entra = [("ciamlogin.com", "Entra External ID"), ("b2clogin.com", "Azure AD B2C")];
    if let Some((_, product)) = entra.into_iter().find(|(domain, _)| is_below(&host, domain)) {
        let message = format!(
            "the issuer belongs to {product}, which is Entra too, and Entra is likely to refuse a token that it issued itself \
             (AADSTS700222)"
        );
        let problem = CredentialProblem::advice("issuer-external-id", message).at("issuer");
        return Some(problem.remedy(
            "use a token of a managed identity for `api://AzureADTokenExchange`, or of an issuer outside Entra",
        ));
    }
    let tenant = issuer.strip_prefix(VERSION_1)?.split('/').next().filter(|tenant| !tenant.is_empty())?;
    let message = "the issuer is that of Entra's tokens of version 1; Entra refuses them from another tenant, and tokens for \
                   the token exchange have the issuer of version 2";
    let problem = CredentialProblem::advice("issuer-entra-v1", message).at("issuer");
    Some(problem.remedy(format!("set the issuer to https://login.microsoftonline.com/{tenant}/v2.0")))
}

/// Whether an issuer is that of Entra's tokens of version 1.
pub(crate) fn is_version_1(issuer: &str) -> bool {
    issuer.starts_with(VERSION_1)
}

/// The host of an address, in lower case.
fn host(address: &str) -> Option<String> {
    let (scheme, rest) = address.trim().split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    if is_masked(authority) {
        return None;
    }
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty()).then_some(host)
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_cluster_name(host: &str) -> bool {
    is_below(host, "cluster.local") || is_below(host, "svc") || host == "kubernetes" || host == "kubernetes.default"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_that_only_a_private_network_knows_is_not_public() {
        for issuer in [
            "https://kubernetes.default.svc.cluster.local",
            "https://kubernetes.default.svc",
            "https://kubernetes.default.svc:443/",
            "https://KUBERNETES.default.svc.cluster.local.",
            "https://oidc.identity.svc.cluster.local/realms/ci",
            "https://10.1.2.3:8443",
            "https://172.16.0.1",
            "https://192.168.1.10/oidc",
            "https://100.64.3.4",
            "https://169.254.169.254",
            "https://127.0.0.1:8080",
            "https://0.0.0.0",
            "https://[::1]:8443/",
            "https://[fd00::1]",
            "https://[fe80::1]",
            "https://[::ffff:10.0.0.1]",
            "https://localhost",
            "https://ci.localhost:8443",
            "https://jenkins",
            "http://jenkins:8080/oidc",
            "https://gitlab.corp.internal",
            "https://gitlab.local",
            "https://user@gitlab.lan/x",
        ] {
            let problem = unreachable(issuer).unwrap_or_else(|| panic!("{issuer}"));
            assert_eq!((problem.code, problem.fatal), ("issuer-not-public", true), "{issuer}");
            assert!(problem.remedy.is_some_and(|remedy| remedy.contains("--service-account-issuer")), "{issuer}");
        }
    }

    #[test]
    fn a_public_issuer_has_no_problem() {
        for issuer in [
            "https://token.actions.githubusercontent.com",
            "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/",
            "https://internal.example.com",
            "https://mylocal.example.org:8443/realms/ci",
            "https://8.8.8.8",
            "https://[2001:4860:4860::8888]",
            "https://100.128.0.1",
            "https://172.32.0.1",
            "https://svc.example",
            "https://***.example",
            "https://***",
            "https://[MASKED]",
            "issuer.example/team",
            "spiffe://cluster.local",
            "https://",
            "",
        ] {
            assert_eq!(unreachable(issuer), None, "{issuer}");
        }
    }

    #[test]
    fn issuers_of_entra_have_a_caution_unless_they_are_of_version_2() {
        let code = |issuer: &str| caution(issuer).map(|problem| problem.code);
        let tenant = "99999999-9999-4999-8999-999999999999";
        assert_eq!(code(&format!("https://{tenant}.ciamlogin.com/{tenant}/v2.0")), Some("issuer-external-id"));
        assert_eq!(code("https://contoso.ciamlogin.com/x/v2.0"), Some("issuer-external-id"));
        assert_eq!(code(&format!("https://contoso.b2clogin.com/{tenant}/v2.0/")), Some("issuer-external-id"));
        let b2c = caution("https://contoso.b2clogin.com/x/v2.0/").map(|problem| problem.message).unwrap_or_default();
        assert!(b2c.starts_with("the issuer belongs to Azure AD B2C"), "{b2c}");
        assert_eq!(code(&format!("https://sts.windows.net/{tenant}/")), Some("issuer-entra-v1"));
        for good in [format!("https://login.microsoftonline.com/{tenant}/v2.0"), "https://ciamlogin.example".to_owned()]
        {
            assert_eq!(code(&good), None, "{good}");
        }
    }
}
