//! Finds the resource in a scope: Entra accepts one resource, followed by `/.default`.

use azure_oidc_core::check::decision::Refusal;

/// SDKs append these to every scope; they have no effect here.
const APPENDED: [&str; 3] = ["openid", "offline_access", "profile"];

/// The resource that a scope asks for.
pub(crate) fn resource(scope: &str) -> Result<&str, Refusal> {
    if !scope.bytes().all(is_scope_character) {
        return Err(Refusal::new(70011).with("scope", scope));
    }
    let not_default = || Refusal::new(1002012).with("scope", scope);
    let mut resources = Vec::new();
    for one in scope.split(' ').filter(|one| !one.is_empty() && !APPENDED.contains(one)) {
        resources.push(one.strip_suffix("/.default").ok_or_else(not_default)?);
    }
    match resources.as_slice() {
        [] => Err(not_default()),
        [first, rest @ ..] if rest.iter().any(|other| other != first) => Err(Refusal::new(700022)),
        ["", ..] => Err(Refusal::new(700023)),
        [resource, ..] => Ok(resource),
    }
}

/// The characters of a scope (RFC 6749 §3.3), with the space between two.
fn is_scope_character(byte: u8) -> bool {
    matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_is_everything_before_the_last_slash() {
        for (scope, expected) in [
            ("https://management.azure.com/.default", "https://management.azure.com"),
            ("https://database.windows.net//.default", "https://database.windows.net/"),
            ("https://vault.azure.net/.default openid offline_access profile", "https://vault.azure.net"),
            ("openid  api://my-api/.default", "api://my-api"),
            ("a/.default a/.default", "a"),
        ] {
            assert_eq!(resource(scope).unwrap(), expected, "{scope}");
        }
    }

    #[test]
    fn every_other_scope_is_refused_with_its_own_code() {
        for (scope, code) in [
            ("openid offline_access profile", 1002012),
            ("https://management.azure.com", 1002012),
            ("User.Read", 1002012),
            (".default", 1002012),
            ("a/.default b/.default", 700022),
            ("/.default", 700023),
            ("a\\b/.default", 70011),
            ("a\tb/.default", 70011),
            ("ä/.default", 70011),
        ] {
            assert_eq!(resource(scope).unwrap_err().aadsts, code, "{scope}");
        }
        let refusal = resource("openid offline_access profile").unwrap_err();
        assert!(refusal.message().contains("openid offline_access profile"), "the original is printed");
    }
}
