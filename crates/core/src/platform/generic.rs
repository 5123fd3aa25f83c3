//! No particular platform: the user names the ID token; publishes as lines for a shell.

use super::{ALL, Detection, Platform, Source, harness, id_token_missing, request_pair};
use crate::fault::Fault;
use crate::ports::Env;

/// Any environment that sets the variables of Azure's tools.
pub(super) struct Generic;

const TOKEN: &str = "ARM_OIDC_TOKEN";
const FILES: [&str; 2] = ["ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE"];

impl Platform for Generic {
    fn name(&self) -> &'static str {
        "generic"
    }

    fn title(&self) -> &'static str {
        "Generic"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[
            TOKEN,
            FILES[0],
            FILES[1],
            request_pair::URL,
            request_pair::BEARER,
            request_pair::CONNECTION[0],
            request_pair::CONNECTION[1],
            request_pair::CONNECTION[2],
            harness::OF_PLUGINS[0],
            harness::OF_PLUGINS[1],
            harness::OF_PLUGINS[2],
        ]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        let names = [TOKEN, FILES[0], FILES[1], request_pair::URL, request_pair::BEARER];
        match names.iter().find(|name| env.present(name).is_some()) {
            Some(name) => Detection::Yes(format!("`{name}` is set")),
            None => Detection::No(format!("neither `{TOKEN}` nor `{}` is set", FILES[0])),
        }
    }

    fn id_token(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        self.source(env, audience, None)
    }

    fn id_token_for(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        self.source(env, audience, Some(audience))
    }

    fn token_service(&self) -> String {
        format!("the token service in `{}`", request_pair::URL)
    }
}

impl Generic {
    /// The token itself, else a file, else a request, as Terraform's providers look for them.
    fn source(&self, env: &dyn Env, usual: &str, wanted: Option<&str>) -> Result<Source, Fault> {
        if env.present(TOKEN).is_some() {
            return Ok(Source::Variable(TOKEN.to_owned()));
        }
        if let Some(path) = FILES.iter().find_map(|name| env.present(name)) {
            return Ok(Source::File(path));
        }
        request_pair::source(env, usual, wanted)?.ok_or_else(|| nothing_found(env))
    }
}

fn nothing_found(env: &dyn Env) -> Fault {
    let markers: Vec<_> = ALL
        .iter()
        .filter(|platform| platform.is_detected())
        .filter_map(|platform| platform.variables().first().map(|marker| format!("`{marker}` ({})", platform.name())))
        .collect();
    let fault = id_token_missing("No ID token was found");
    let is_plugin = harness::OF_PLUGINS.iter().any(|name| env.present(name).is_some());
    let fault = if is_plugin { fault.hint(format!("in a step of Harness: {}", harness::ADD_TOKEN)) } else { fault };
    fault.hint("name it: `--id-token-env NAME`, `--id-token-file PATH`, or `--id-token -` for standard input").hint(
        format!(
            "or run inside a CI platform: they are recognised by {}; `azure-oidc doctor` shows details",
            markers.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Category;
    use crate::ports::fixed::Variables;

    fn source(env: &[(&str, &str)]) -> String {
        let env = Variables(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        format!("{:?}", Generic.id_token(&env, "api://AzureADTokenExchange").unwrap())
    }

    #[test]
    fn a_token_wins_over_files_and_files_win_in_order() {
        let (token, arm, azure) =
            (("ARM_OIDC_TOKEN", "jwt"), ("ARM_OIDC_TOKEN_FILE_PATH", "/a"), ("AZURE_FEDERATED_TOKEN_FILE", "/b"));
        assert_eq!(source(&[azure, arm, token]), r#"Variable("ARM_OIDC_TOKEN")"#);
        assert_eq!(source(&[azure, arm]), r#"File("/a")"#);
        assert_eq!(source(&[azure, ("ARM_OIDC_TOKEN", "")]), r#"File("/b")"#);
    }

    #[test]
    fn a_plugin_step_without_a_token_gets_the_hint_of_harness() {
        let fault = Generic.id_token(&Variables::from([("PLUGIN_CLIENT_ID", "c")]), "").unwrap_err();
        assert!(fault.hints[0].contains("stage variable named `PLUGIN_OIDC_TOKEN_ID`"), "{:?}", fault.hints);
    }

    #[test]
    fn without_a_token_the_fault_names_every_way_to_give_one() {
        let fault = Generic.id_token(&Variables::default(), "").unwrap_err();
        assert_eq!((fault.category, fault.code), (Category::IdToken, "id-token-missing"));
        for flag in ["--id-token-env", "--id-token-file", "--id-token -"] {
            assert!(fault.hints[0].contains(flag), "{flag}");
        }
        for platform in ALL.iter().filter(|platform| platform.is_detected()) {
            assert!(fault.hints[1].contains(&format!("({})", platform.name())), "{platform:?}");
        }
    }
}
