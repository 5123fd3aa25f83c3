//! Finds secrets on a command line and in variables, where they may be by mistake.

use azure_oidc_core::ports::{Env, Secrets};
use azure_oidc_core::secret::{is_certain_secret, looks_like_hex_key, looks_secret};

/// How the names of variables with secrets end, in capital letters.
const ENDINGS: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "_KEY", "_PAT", "_JWT"];

/// Options of `check` whose values are claims. Ids of platforms look like random text.
const CLAIMS: [&str; 7] =
    ["--token-issuer", "--token-subject", "--token-audience", "--token-claim", "--issuer", "--subject", "--audience"];

/// The longest id of a platform that looks like random text: Harness's account id has 22 characters.
/// Opaque keys are longer.
const LONGEST_ID: usize = 24;

/// As [`learn_suspects`], before a result about claims that stand on the command line: their values
/// are wanted in it, except what looks like a secret and like no claim.
pub fn learn_suspects_beside_claims(secrets: &dyn Secrets, arguments: &[String], env: &dyn Env) {
    let mut others = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument.as_str(), None),
        };
        if !CLAIMS.contains(&name) {
            others.push(argument.clone());
        } else if let Some(value) = value.or_else(|| arguments.next().map(String::as_str))
            && !may_be_claim(value)
        {
            others.push(value.to_owned());
        }
    }
    learn_suspects(secrets, &others, env);
}

/// Whether a value can be a claim: a subject or address, which has a `:`, or a short id.
fn may_be_claim(value: &str) -> bool {
    let is_short = || value.split('=').all(|part| part.len() <= LONGEST_ID);
    !is_certain_secret(value) && (is_short() || value.contains(':') && !value.contains("sig="))
}

/// Learns each argument and each variable that looks like a secret, and each variable whose name
/// says that it holds one. What follows must not print a result in which such a value is wanted.
pub fn learn_suspects(secrets: &dyn Secrets, arguments: &[String], env: &dyn Env) {
    for argument in arguments {
        // `--option=value`, and lists. A text is not split: its words are what somebody asks about.
        let is_text = argument.contains(char::is_whitespace);
        let words = argument.split(['=', ',']).filter(|_| !is_text).chain([argument.as_str()]);
        let words = words.map(|word| word.trim_start_matches('-'));
        words.filter(|word| looks_secret(word) || looks_like_hex_key(word)).for_each(|word| secrets.learn(word));
    }
    for (name, value) in env.all() {
        let name = name.to_ascii_uppercase();
        let is_named = ENDINGS.iter().any(|ending| name.ends_with(ending));
        if (is_named || looks_secret(&value)) && !is_reference(&value) {
            secrets.learn(&value);
        }
    }
}

/// Whether a value is the name of another variable, which the CI system did not expand. The failure
/// that this causes has to show it.
fn is_reference(value: &str) -> bool {
    [("$(", ")"), ("${", "}")].iter().any(|(start, end)| value.starts_with(start) && value.ends_with(end))
}

#[cfg(test)]
mod tests {
    use azure_oidc_core::ports::fixed::Variables;
    use azure_oidc_core::secret::KnownSecrets;

    use super::{learn_suspects, learn_suspects_beside_claims};

    const OPAQUE: &str = "0.AbCdE1fG2hI3jK4lM5nO6pQ7rS8tU9v";
    const HEX: &str = "de9f2c7fd25e1b3afad3e85a0bd17d9b100db4b3";

    fn shown(arguments: &[&str], variable: (&str, &str), text: &str) -> String {
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        let secrets = KnownSecrets::default();
        learn_suspects(&secrets, &arguments, &Variables::from([variable]));
        secrets.hide(text.to_owned())
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden_wherever_it_stands() {
        for argument in [OPAQUE.to_owned(), format!("--scope={OPAQUE}"), format!("--{OPAQUE}"), format!("arm,{OPAQUE}")]
        {
            assert_eq!(shown(&[&argument], ("A", "b"), &format!("no `{OPAQUE}`")), "no `***`", "{argument}");
        }
        assert_eq!(shown(&["--cloud", HEX], ("A", "b"), HEX), "***");
        assert_eq!(shown(&[], ("AZURE_TENANT_ID", OPAQUE), OPAQUE), "***");
        assert_eq!(shown(&[], ("BUILDKITE_AGENT_ACCESS_TOKEN", HEX), HEX), "***");
    }

    #[test]
    fn a_claim_is_shown_in_a_result_about_it_unless_it_is_certainly_a_secret() {
        const ACCOUNT: &str = "Hue1lBsaSx2APlXjzVEPIg";
        let token = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{OPAQUE}");
        let (client_secret, key) = ("Xh48Q~Zk2LmN9pQrS4tUvWxYz01aBcDeFg", "ghs_16C7e42F292c6912E7710c838347Ae178B4a");
        let issuer = |id: &str| format!("https://app.harness.io/ng/api/oidc/account/{id}");
        let shown = |arguments: &[&str], text: &str| {
            let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
            let secrets = KnownSecrets::default();
            learn_suspects_beside_claims(&secrets, &arguments, &Variables::from([("A", "b")]));
            secrets.hide(text.to_owned())
        };
        for option in super::CLAIMS {
            let given = |value: &str| [format!("{option}={value}"), format!("{option}=account_id={value}")];
            assert_eq!(shown(&["check", option, ACCOUNT], &issuer(ACCOUNT)), issuer(ACCOUNT), "{option}");
            for argument in given(ACCOUNT) {
                assert_eq!(shown(&["check", &argument], &issuer(ACCOUNT)), issuer(ACCOUNT), "{argument}");
            }
            for secret in [token.as_str(), client_secret, key, OPAQUE, HEX] {
                assert_eq!(shown(&["check", option, secret], &format!("no `{secret}`")), "no `***`", "{option}");
                for argument in given(secret) {
                    assert_eq!(shown(&["check", &argument], &format!("no `{secret}`")), "no `***`", "{argument}");
                }
            }
            let also = ["check", option, ACCOUNT, "--client-id", ACCOUNT];
            assert_eq!(shown(&also, ACCOUNT), "***", "{option}: another option has it too");
        }
    }

    #[test]
    fn names_and_commits_are_shown() {
        let subject = "repo:octo-org/octo-repo:ref:refs/heads/main";
        assert_eq!(shown(&["--subject", subject], ("GITHUB_SHA", HEX), subject), subject);
        assert_eq!(shown(&["--subject", subject], ("GITHUB_SHA", HEX), HEX), HEX);
        let macro_name = "$(System.AccesTokenOfTheJob)";
        assert_eq!(shown(&[], ("SYSTEM_ACCESSTOKEN", macro_name), macro_name), macro_name);
    }
}
