//! Checks a configuration beyond its syntax: ids are GUIDs, names are unique, and references exist.

use std::collections::BTreeSet;

use azure_oidc_core::Fault;
use azure_oidc_core::cloud::{CLOUDS, Cloud};
use azure_oidc_core::fault::Category;

use super::settings::{Application, Config, Issuer, Tenant};
use crate::guid::is_guid;
use crate::injections::Injection;
use crate::{claims, keys};

/// Refuses what cannot be emulated.
pub(super) fn check(config: &Config) -> Result<(), Fault> {
    if config.hostnames.is_empty() {
        return refuse("`hostnames` is empty: the URLs need one");
    }
    unique("tenant", config.tenants.iter().flat_map(|tenant| tenant.domains.iter().chain([&tenant.id])))?;
    unique("issuer", config.issuers.iter().map(|issuer| &issuer.name))?;
    unique("issuer with the URL", config.issuers.iter().filter_map(|issuer| issuer.url.as_ref()))?;
    config.tenants.iter().try_for_each(tenant)?;
    config.issuers.iter().try_for_each(issuer)?;
    config.injections.iter().try_for_each(Injection::check)
}

fn tenant(tenant: &Tenant) -> Result<(), Fault> {
    if !is_guid(&tenant.id) {
        return refuse(format!("the tenant id `{}` is no GUID", tenant.id));
    }
    if Cloud::by_name(&tenant.cloud).is_none() {
        let known: Vec<_> = CLOUDS.iter().map(|cloud| cloud.name).collect();
        return refuse(format!(
            "the cloud `{}` of tenant {} is not known: {}",
            tenant.cloud,
            tenant.id,
            known.join(", ")
        ));
    }
    if let Some(resource) = tenant.resources.iter().find(|resource| !(1..=2).contains(&resource.token_version)) {
        return refuse(format!("`token_version` of the resource {} is neither 1 nor 2", resource.id));
    }
    unique("application with the client id", tenant.applications.iter().map(|application| &application.client_id))?;
    tenant.applications.iter().try_for_each(application)
}

fn application(application: &Application) -> Result<(), Fault> {
    if !is_guid(&application.client_id) {
        return refuse(format!("the client id `{}` is no GUID", application.client_id));
    }
    match application.credentials.iter().find(|it| it.subject.is_some() == it.claims_matching_expression.is_some()) {
        Some(it) => refuse(format!(
            "the credential `{}` of application {} needs either `subject` or `claimsMatchingExpression`",
            it.name, application.client_id
        )),
        None => Ok(()),
    }
}

fn issuer(issuer: &Issuer) -> Result<(), Fault> {
    let named = format!("the issuer `{}`", issuer.name);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if issuer.name.is_empty() || !issuer.name.chars().all(plain) {
        return refuse(format!("{named} has a name that isn't made of letters, digits, - and _"));
    }
    if claims::shape(&issuer.platform).is_none() {
        return refuse(format!(
            "{named} has the platform `{}`, which is none of: {}",
            issuer.platform,
            claims::platforms()
        ));
    }
    if let Some(key) =
        issuer.publishes.iter().chain([&issuer.signs_with]).find(|key| !keys::names().any(|name| name == *key))
    {
        return refuse(format!(
            "{named} names the key `{key}`, which is none of: {}",
            keys::names().collect::<Vec<_>>().join(", ")
        ));
    }
    match (&issuer.jwks_file, &issuer.url) {
        (Some(_), None) => {
            refuse(format!("{named} has a `jwks_file` and needs the `url` of the issuer whose keys these are"))
        }
        _ => Ok(()),
    }
}

fn unique<'a>(what: &str, mut names: impl Iterator<Item = &'a String>) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    match names.find(|name| !seen.insert(*name)) {
        Some(twice) => refuse(format!("there are two entries for the {what} `{twice}`")),
        None => Ok(()),
    }
}

fn refuse<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::new(Category::Usage, "config-invalid", message))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Config, DEFAULT, Style};

    fn refusal(text: &str) -> String {
        Config::parse(text, Path::new("")).unwrap_err().message.clone()
    }

    #[test]
    fn the_default_configuration_is_valid_and_not_empty() {
        let config = Config::parse(DEFAULT, Path::new("")).unwrap();
        assert_eq!(config.tenants[0].style, Style::Of2024);
        assert_eq!(config.tenants[0].applications.len(), 4);
        assert!(config.issuers.iter().any(|issuer| issuer.url.is_none()));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        insta::assert_snapshot!(refusal("port = 0\nprot = 1\n"), @r"
        the configuration can't be read: TOML parse error at line 2, column 1
          |
        2 | prot = 1
          | ^^^^
        unknown field `prot`, expected one of `port`, `listen`, `hostnames`, `clock_skew_seconds`, `tenant`, `registry`, `issuer`, `fault`, `injection`
        ");
        let nested = refusal(
            "[[tenant]]\nid = \"11111111-1111-4111-8111-111111111111\"\n[[tenant.application]]\nclientid = \"x\"\n",
        );
        assert!(nested.contains("line 4") && nested.contains("`clientid`"), "{nested}");
    }

    #[test]
    fn the_older_name_of_an_injection_still_works() {
        let config = Config::parse(&format!("{DEFAULT}\n[[fault]]\nkind = \"cut\"\n"), Path::new("")).unwrap();
        assert_eq!(config.injections.len(), 1);
    }

    #[test]
    fn contradictions_are_refused_by_name() {
        let tenant = |rest: &str| format!("[[tenant]]\nid = \"11111111-1111-4111-8111-111111111111\"\n{rest}");
        let issuer = |rest: &str| format!("[[issuer]]\nname = \"ci\"\n{rest}");
        for (text, expected) in [
            ("hostnames = []".to_owned(), "`hostnames` is empty: the URLs need one"),
            ("[[tenant]]\nid = \"contoso\"".to_owned(), "the tenant id `contoso` is no GUID"),
            (
                tenant("cloud = \"mars\""),
                "the cloud `mars` of tenant 11111111-1111-4111-8111-111111111111 is not known: ",
            ),
            (tenant("[[tenant.application]]\nclient_id = \"x\""), "the client id `x` is no GUID"),
            (tenant("[[tenant.resource]]\nid = \"api://x\"\ntoken_version = 3"), "is neither 1 nor 2"),
            (
                issuer("platform = \"jenkins\""),
                "the issuer `ci` has the platform `jenkins`, which is none of: harness, ",
            ),
            (issuer("signs_with = \"mine\""), "the issuer `ci` names the key `mine`, which is none of: ci-1, "),
            (issuer("[[issuer]]\nname = \"ci\""), "there are two entries for the issuer `ci`"),
            ("[[issuer]]\nname = \"a/b\"".to_owned(), "the issuer `a/b` has a name that isn't made of"),
            (
                "[[injection]]\nkind = \"cut\"\nstatus = 500".to_owned(),
                "an injection of kind `cut` has no setting `status`",
            ),
        ] {
            let message = refusal(&text);
            assert!(message.contains(expected), "{text}: {message}");
        }
    }

    #[test]
    fn a_credential_has_a_subject_or_an_expression_and_not_both() {
        let credential = |rest: &str| {
            let id = "11111111-1111-4111-8111-111111111111";
            refusal(&format!(
                "[[tenant]]\nid = \"{id}\"\n[[tenant.application]]\nclient_id = \"{id}\"\n[[tenant.application.credential]]\n\
                 name = \"main\"\nissuer = \"https://x\"\naudiences = [\"a\"]\n{rest}"
            ))
        };
        assert!(credential("").contains("needs either `subject` or `claimsMatchingExpression`"));
        let both = "subject = \"a\"\nclaimsMatchingExpression = { value = \"b\", languageVersion = 1 }";
        assert!(credential(both).contains("needs either"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = refusal("[[issuer]]\nname = \"ci\"\nurl = \"https://x\"\njwks_file = \"no/such.json\"\n");
        assert!(message.starts_with("`no/such.json` can't be read"), "{message}");
    }
}
