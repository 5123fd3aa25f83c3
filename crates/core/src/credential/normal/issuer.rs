//! Normalises an issuer that was copied with more than belongs to it.

use super::impossible::{PLACEHOLDER, is_placeholder};
use crate::credential::audience::is_entra_issuer;
use crate::credential::code;
use crate::guid::is_guid;
use crate::platform::{self, Platform};
use crate::{Category, Fault};

/// What follows an issuer in the address of its metadata (OpenID Connect Discovery 1.0 §4).
const METADATA: &str = "/.well-known/openid-configuration";

/// The issuers of AKS clusters are below this domain, and end with a slash. Those of all other
/// platforms do not.
const AKS: &str = ".oic.prod-aks.azure.com";

/// The host of the first issuers of AKS, which named no region.
pub(crate) const OLD_AKS: &str = "oidc.prod-aks.azure.com";

/// The host of Entra's issuers in the public cloud.
const ENTRA: &str = "login.microsoftonline.com";

/// The issuer, and a line about what was cut off.
///
/// # Errors
/// When the text has a query, a fragment, user info or a placeholder: no issuer has them.
pub fn normalise_issuer(issuer: &str) -> Result<(String, Option<String>), Fault> {
    let wrong = |what: &str, hint: &str| {
        let message = format!("The issuer `{}` {what}", issuer.escape_debug());
        Err(Fault::new(Category::Usage, code::ISSUER_IMPOSSIBLE, message).hint(hint))
    };
    let authority = issuer.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
    if authority.contains('@') {
        let message = "The issuer has user info before its host (`USER@`), and no issuer has that";
        return Err(Fault::new(Category::Usage, code::ISSUER_IMPOSSIBLE, message).hint(FROM_TOKEN));
    }
    if is_placeholder(issuer) {
        return wrong("holds a placeholder that was never replaced", PLACEHOLDER);
    }
    if issuer.contains(['?', '#']) {
        return wrong("has a query or a fragment, and no issuer has one", FROM_TOKEN);
    }
    // RFC 3986 §2: what an address holds.
    let is_of_address = |c: char| c.is_ascii_alphanumeric() || "-._~:/@%+=,[]".contains(c);
    if let Some(other) = issuer.chars().find(|c| !is_of_address(*c)) {
        return wrong(&format!("holds `{}`, and no issuer has that", other.escape_debug()), FROM_TOKEN);
    }
    let Some(cut) = issuer.trim_end_matches('/').strip_suffix(METADATA) else { return Ok((issuer.to_owned(), None)) };
    let cut = if issuer.contains(&format!("{AKS}/")) { format!("{cut}/") } else { cut.to_owned() };
    let note = format!("note: the issuer is `{cut}`, taken from the address of its metadata", cut = cut.escape_debug());
    Ok((cut, Some(note)))
}

/// The issuer as its platform writes it, and the platform's title, when the given one differs in the
/// letter case of the host, the scheme, the last slash, or the version of Entra's issuer.
pub fn issued_form(issuer: &str) -> Option<(String, &'static str)> {
    let (scheme, rest) = issuer.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, path) = (host.to_ascii_lowercase(), path.trim_end_matches('/'));
    let is_aks = host.ends_with(AKS) || host == OLD_AKS;
    let has_no_version = host == ENTRA && path.strip_prefix('/').is_some_and(is_guid);
    let end = match () {
        () if is_aks => "/",
        () if has_no_version => "/v2.0",
        () => "",
    };
    let right = format!("https://{host}{path}{end}");
    let platform = platform::by_issuer(&right);
    let is_known = is_aks || platform.is_some_and(|platform| platform.name() != "kubernetes");
    if right == issuer || !is_known || !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return None;
    }
    let title = match platform {
        _ if is_aks => "AKS",
        _ if is_entra_issuer(&right) => "Entra",
        platform => platform.map_or("the platform", Platform::title),
    };
    Some((right, title))
}

const FROM_TOKEN: &str = "write the claim `iss` of a token: `azure-oidc inspect` shows it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_metadata_gives_the_issuer() {
        for (given, issuer) in [
            ("https://issuer.example/realms/ci/.well-known/openid-configuration", "https://issuer.example/realms/ci"),
            ("https://issuer.example/.well-known/openid-configuration/", "https://issuer.example"),
            (
                "https://westeurope.oic.prod-aks.azure.com/t/c/.well-known/openid-configuration",
                "https://westeurope.oic.prod-aks.azure.com/t/c/",
            ),
        ] {
            let (normal, note) = normalise_issuer(given).unwrap();
            assert_eq!(normal, issuer);
            assert!(note.is_some_and(|note| note.starts_with("note: ") && note.contains(issuer)), "{given}");
        }
        for issuer in ["https://issuer.example", "https://issuer.example/", "https://issuer.example/a@b"] {
            assert_eq!(normalise_issuer(issuer), Ok((issuer.to_owned(), None)));
        }
    }

    #[test]
    fn an_issuer_with_query_fragment_user_info_or_placeholder_is_refused() {
        for issuer in [
            "https://issuer.example?a=b",
            "https://issuer.example/#a",
            "https://user:secret@issuer.example",
            "https://issuer.example/${{ vars.REALM }}",
            "https://<host>/",
            "https://issuer.example/;id;",
            "https://issuer.example/`id`",
            "https://issuer.example/a|b",
            "https://issuer.example/a'b",
        ] {
            let fault = normalise_issuer(issuer).unwrap_err();
            assert_eq!(fault.code, "issuer-impossible", "{issuer}");
            assert!(!fault.message.contains("secret"), "{}", fault.message);
        }
    }

    #[test]
    fn an_issuer_has_the_form_in_which_its_platform_writes_it() {
        const TENANT: &str = "33333333-3333-4333-8333-333333333333";
        let aks = format!("https://eastus.oic.prod-aks.azure.com/{TENANT}/{TENANT}");
        let entra = format!("https://login.microsoftonline.com/{TENANT}");
        for (given, right) in [
            (aks.clone(), Some(format!("{aks}/"))),
            (format!("{aks}/"), None),
            (entra.clone(), Some(format!("{entra}/v2.0"))),
            (format!("{entra}/v2.0"), None),
            ("https://login.microsoftonline.com/common".to_owned(), None),
            ("https://gitlab.com/".to_owned(), Some("https://gitlab.com".to_owned())),
            ("http://GitLab.com".to_owned(), Some("https://gitlab.com".to_owned())),
            ("https://issuer.example/".to_owned(), None),
        ] {
            assert_eq!(issued_form(&given).map(|(issuer, _)| issuer), right, "{given}");
        }
    }
}
