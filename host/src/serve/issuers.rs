//! What the service needs to verify ID tokens: issuers that it may ask, or a file with keys.

use azure_oidc_cli::grants::{self, Destination};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::{DISCOVER, SERVICE_ALLOWED_HOSTS, SERVICE_ISSUERS, SERVICE_VERIFY, listed};
use azure_oidc_core::{Category, Fault};

use crate::deadline::Phase;
use crate::inputs::Files;

/// The issuers whose keys the service fetches. Refuses those without https, on this machine, and in
/// private networks unless they are allowed.
pub(super) fn fetchable(allowed: &[String], env: &dyn Env) -> Result<Vec<Destination>, Fault> {
    grants::allowed_issuers(allowed, env).map_err(|fault| fault.fact("variable", SERVICE_ISSUERS))
}

/// The hosts of private networks from which the service may fetch keys: those of the flag, and those
/// of the variable that other hosts have too.
pub(super) fn allowed_hosts(flags: &[String], env: &dyn Env) -> Vec<String> {
    let named = env.present(SERVICE_ALLOWED_HOSTS).unwrap_or_default();
    flags.iter().map(String::as_str).chain(listed(&named)).map(ToOwned::to_owned).collect()
}

/// Shows the component the same hosts.
pub(super) fn with_allowed_hosts(mut variables: Vec<(String, String)>, allowed: &[String]) -> Vec<(String, String)> {
    variables.retain(|(name, _)| name != SERVICE_ALLOWED_HOSTS);
    variables.push((SERVICE_ALLOWED_HOSTS.to_owned(), allowed.join(",")));
    variables
}

/// Replaces the name of a key file by its contents, because the component reads no files.
pub(super) fn with_keys(
    mut variables: Vec<(String, String)>,
    enter: &dyn Fn(Phase),
) -> Result<Vec<(String, String)>, Fault> {
    for (name, value) in &mut variables {
        let is_file =
            name == SERVICE_VERIFY && !value.is_empty() && value != DISCOVER && !value.trim_start().starts_with('{');
        if is_file {
            *value = read(value, enter)?;
        }
    }
    Ok(variables)
}

fn read(path: &str, enter: &dyn Fn(Phase)) -> Result<String, Fault> {
    let contents = Files::read(&[path.to_owned()], enter).into_contents().next().map(|(_, contents)| contents);
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
        let env = Variables::from([(SERVICE_ISSUERS, issuers), (SERVICE_VERIFY, verify)]);
        fetchable(&allowed, &env).map(drop).map_err(|fault| fault.code)
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
        assert_eq!(required("http://gitlab.com", DISCOVER, &["gitlab.com"]), Err("issuer-not-https"));
    }

    #[test]
    fn the_component_is_shown_the_hosts_of_the_flag_and_of_the_variable() {
        let env = Variables::from([(SERVICE_ALLOWED_HOSTS, "b, c:1")]);
        let allowed = allowed_hosts(&["a".to_owned()], &env);
        assert_eq!(allowed, ["a", "b", "c:1"]);
        let shown = with_allowed_hosts(vec![(SERVICE_ALLOWED_HOSTS.to_owned(), "b, c:1".to_owned())], &allowed);
        assert_eq!(shown, [(SERVICE_ALLOWED_HOSTS.to_owned(), "a,b,c:1".to_owned())]);
    }

    #[test]
    fn a_key_file_is_handed_over_as_its_contents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json").to_str().unwrap().to_owned();
        let with = |value: &str| {
            let variables = vec![(SERVICE_VERIFY.to_owned(), value.to_owned())];
            with_keys(variables, &|_| ()).map(|variables| variables[0].1.clone())
        };
        assert_eq!(with(&path).unwrap_err().code, "key-file-unusable");
        std::fs::write(&path, r#"{"keys":[]}"#).unwrap();
        assert_eq!(with(&path).unwrap(), r#"{"keys":[]}"#);
        for value in [DISCOVER, "", r#" {"keys":[1]}"#] {
            assert_eq!(with(value).unwrap(), value);
        }
    }
}
