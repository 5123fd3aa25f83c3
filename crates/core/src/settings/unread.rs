//! Variables of Azure's tools that matter to a sign-in and are not read here.

use super::{AUTHORITY_HOST, CLIENT_ID, CLOUD};
use crate::cloud::{CLOUDS, Cloud};
use crate::ports::Env;

/// A variable that another tool reads, and what to do here instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Unread {
    /// The variable.
    pub name: &'static str,
    /// The end of a sentence that begins with the variable.
    pub instead: &'static str,
    unless: Unless,
}

/// What makes the variable irrelevant.
#[derive(Debug, PartialEq, Eq)]
enum Unless {
    /// Cloud or authority are chosen in a way that is read here.
    Cloud,
    /// The client id is given.
    Client,
    /// The command line chooses the audience.
    Audience,
}

/// What the command line chooses.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chosen {
    /// Whether it chooses the cloud or the authority.
    pub cloud: bool,
    /// Whether it gives the client id.
    pub client: bool,
    /// Whether it chooses the audience.
    pub audience: bool,
}

const OTHER_CLOUD: &str =
    "chooses the cloud for other tools and is not read here; give `--cloud` or `--authority-host`";

impl Unread {
    /// Every such variable.
    pub const ALL: &[Self] = &[
        Self { name: "ARM_METADATA_HOSTNAME", instead: OTHER_CLOUD, unless: Unless::Cloud },
        Self { name: "ARM_METADATA_HOST", instead: OTHER_CLOUD, unless: Unless::Cloud },
        Self { name: "AZURE_CLOUD_ENVIRONMENT", instead: OTHER_CLOUD, unless: Unless::Cloud },
        Self { name: "AZURE_CLOUD", instead: OTHER_CLOUD, unless: Unless::Cloud },
        Self {
            name: "ARM_CLIENT_ID_FILE_PATH",
            instead: "names a file with the client id and is not read here; set `AZURE_CLIENT_ID` to its content",
            unless: Unless::Client,
        },
        Self {
            name: "ARM_OIDC_AUDIENCE",
            instead: "chooses the audience for other tools and is not read here; give `--audience`",
            unless: Unless::Audience,
        },
    ];

    /// A sentence for each variable that is set, matters and is not used.
    pub fn sentences(chosen: Chosen, env: &dyn Env) -> Vec<String> {
        let cloud = chosen.cloud || named_cloud(env).is_some() || AUTHORITY_HOST.find(None, env).is_some();
        let client = chosen.client || CLIENT_ID.find(None, env).is_some();
        let matters = |unread: &&Self| match unread.unless {
            Unless::Cloud => !cloud,
            Unless::Client => !client,
            Unless::Audience => !chosen.audience,
        };
        // The usual values change nothing.
        let is_usual = |value: &str| {
            value.eq_ignore_ascii_case("management.azure.com")
                || Cloud::named(value).is_some_and(|cloud| cloud.name == "public")
                || CLOUDS.iter().any(|cloud| cloud.exchange_audience == Some(value))
        };
        let known = Self::ALL.iter().filter(matters).filter_map(|unread| {
            let value = env.present(unread.name).filter(|value| !is_usual(value))?;
            Some(format!("`{}` is `{}`: it {}", unread.name, value.escape_debug(), unread.instead))
        });
        let wrong = CLOUD.names().filter(|_| !cloud).filter_map(|name| {
            let value = env.present(name).filter(|value| is_meant(name, value))?;
            let names: Vec<_> = CLOUDS.iter().map(|cloud| cloud.name).collect();
            Some(format!(
                "`{name}` is `{}`, which names no cloud that is known here, so the public cloud is used; give `--cloud`, one of \
                 {}, or `--authority-host`",
                value.escape_debug(),
                names.join(", ")
            ))
        });
        known.chain(wrong).collect()
    }
}

/// The cloud that a variable names, and the variable.
pub(crate) fn named_cloud(env: &dyn Env) -> Option<(&'static Cloud, &'static str)> {
    CLOUD.names().find_map(|name| Some((Cloud::named(&env.present(name)?)?, name)))
}

/// Whether the value is meant as the name of a cloud. People have `AZURE_ENVIRONMENT` of their own,
/// such as `dev`.
fn is_meant(name: &str, value: &str) -> bool {
    name.starts_with("ARM_") || value.to_ascii_lowercase().starts_with("azure")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::fixed::Variables;

    fn sentences(name: &str, value: &str) -> Vec<String> {
        Unread::sentences(Chosen::default(), &Variables::from([(name, value)]))
    }

    #[test]
    fn a_variable_that_is_not_read_is_named_with_what_to_do_instead() {
        for (name, value, option) in [
            ("ARM_ENVIRONMENT", "german", "--cloud"),
            ("ARM_ENVIRONMENT", "stack", "--authority-host"),
            ("AZURE_ENVIRONMENT", "AzureGermanCloud", "--cloud"),
            ("ARM_METADATA_HOSTNAME", "management.usgovcloudapi.net", "--cloud"),
            ("AZURE_CLOUD_ENVIRONMENT", "AzureUSGovernment", "--cloud"),
            ("ARM_CLIENT_ID_FILE_PATH", "/run/client", "AZURE_CLIENT_ID"),
            ("ARM_OIDC_AUDIENCE", "api://other", "--audience"),
        ] {
            let sentences = sentences(name, value);
            assert_eq!(sentences.len(), 1, "{name}={value}: {sentences:?}");
            for part in [name, value, option] {
                assert!(sentences[0].contains(part), "{part}: {}", sentences[0]);
            }
        }
    }

    #[test]
    fn a_right_set_up_has_no_warning() {
        for (name, value) in [
            ("ARM_ENVIRONMENT", "public"),
            ("ARM_ENVIRONMENT", "usgovernment"),
            ("AZURE_ENVIRONMENT", "production"),
            ("AZURE_CLOUD_ENVIRONMENT", "AzureCloud"),
            ("ARM_METADATA_HOSTNAME", "management.azure.com"),
            ("ARM_OIDC_AUDIENCE", "api://AzureADTokenExchange"),
            ("AZURE_SUBSCRIPTION_ID", "x"),
        ] {
            assert_eq!(sentences(name, value), Vec::<String>::new(), "{name}={value}");
        }
        let env = Variables::from([
            ("ARM_METADATA_HOSTNAME", "x"),
            ("ARM_CLIENT_ID_FILE_PATH", "x"),
            ("ARM_OIDC_AUDIENCE", "x"),
            ("ARM_ENVIRONMENT", "german"),
        ]);
        let chosen = Chosen { cloud: true, client: true, audience: true };
        assert_eq!(Unread::sentences(chosen, &env), Vec::<String>::new());
    }
}
