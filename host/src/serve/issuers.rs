//! What the service needs to verify ID tokens: issuers that it may ask, or a file with keys.

use azure_oidc_cli::grants;
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::{DISCOVER, SERVICE_ISSUERS, SERVICE_VERIFY};
use azure_oidc_core::{Category, Fault};

use crate::egress::Policy;
use crate::inputs::Files;

/// Refuses issuers on this machine and in private networks that no flag allows.
pub(super) fn require_public(policy: &Policy, env: &dyn Env) -> Result<(), Fault> {
    let issuers = grants::allowed_issuers(env);
    let Some(private) = issuers.iter().find(|issuer| policy.is_private(&issuer.host)) else { return Ok(()) };
    let message = format!("`{SERVICE_ISSUERS}` names {}, which is not a public address", private.host);
    let hint = format!("if its keys are to be fetched from there, add `--allow-host {}`", private.host);
    Err(Fault::new(Category::Usage, "issuer-not-public", message).hint(hint))
}

/// Replaces the name of a key file by its contents, because the component reads no files.
pub(super) fn with_keys(mut variables: Vec<(String, String)>) -> Result<Vec<(String, String)>, Fault> {
    for (name, value) in &mut variables {
        let is_file =
            name == SERVICE_VERIFY && !value.is_empty() && value != DISCOVER && !value.trim_start().starts_with('{');
        if is_file {
            *value = read(value)?;
        }
    }
    Ok(variables)
}

fn read(path: &str) -> Result<String, Fault> {
    let contents = Files::read(&[path.to_owned()]).into_contents().next().map(|(_, contents)| contents);
    let text = contents
        .unwrap_or_else(|| Ok(Vec::new()))
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not text".to_owned()));
    text.map_err(|reason| {
        let message = format!("The file {path} of `{SERVICE_VERIFY}` cannot be read: {reason}");
        Fault::new(Category::Usage, "key-file-unusable", message)
            .fact("file", path)
            .hint(format!("name a file with a JWK Set, or write `{SERVICE_VERIFY}={DISCOVER}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_oidc_core::ports::fixed::Variables;

    fn required(issuers: &str, verify: &str, allowed: &[&str]) -> Result<(), &'static str> {
        let allowed: Vec<_> = allowed.iter().map(|&host| host.to_owned()).collect();
        let policy = Policy::new(Vec::new(), &allowed).unwrap();
        let env = Variables::from([(SERVICE_ISSUERS, issuers), (SERVICE_VERIFY, verify)]);
        require_public(&policy, &env).map_err(|fault| fault.code)
    }

    #[test]
    fn keys_are_fetched_from_private_issuers_only_if_a_flag_allows_it() {
        for host in ["127.0.0.1", "localhost", "[::1]", "10.0.0.7", "169.254.169.254", "[fd00::1]"] {
            let issuers = format!("https://gitlab.com, https://{host}:8443/path");
            assert_eq!(required(&issuers, DISCOVER, &[]), Err("issuer-not-public"), "{host}");
            assert_eq!(required(&issuers, DISCOVER, &[host]), Ok(()), "{host}");
            assert_eq!(required(&issuers, "keys.json", &[]), Ok(()), "nothing is fetched");
        }
        assert_eq!(required("https://gitlab.com,https://203.0.113.7", DISCOVER, &[]), Ok(()));
    }

    #[test]
    fn a_key_file_is_handed_over_as_its_contents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json").to_str().unwrap().to_owned();
        let with = |value: &str| {
            with_keys(vec![(SERVICE_VERIFY.to_owned(), value.to_owned())]).map(|variables| variables[0].1.clone())
        };
        assert_eq!(with(&path).unwrap_err().code, "key-file-unusable");
        std::fs::write(&path, r#"{"keys":[]}"#).unwrap();
        assert_eq!(with(&path).unwrap(), r#"{"keys":[]}"#);
        for value in [DISCOVER, "", r#" {"keys":[1]}"#] {
            assert_eq!(with(value).unwrap(), value);
        }
    }
}
