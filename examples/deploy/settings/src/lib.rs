//! Exports `wasi:cli/environment`: the variables that the host shows, and the settings of
//! `wasi:config/store` as further variables.
//!
//! Composed with `azure_oidc.wasm`, it is the environment of that component.

#[cfg(target_family = "wasm")]
mod guest {
    #[cfg(not(feature = "spin"))]
    wit_bindgen::generate!({ path: "wit", world: "settings", generate_all });
    #[cfg(feature = "spin")]
    wit_bindgen::generate!({ path: "wit", world: "spin", generate_all });

    use exports::wasi::cli::environment::Guest;
    use wasi::cli::environment;
    #[cfg(feature = "spin")]
    use wasi::config0_2_0_draft_2024_09_27::store;
    #[cfg(not(feature = "spin"))]
    use wasi::config0_2_0_rc_1::store;

    struct Settings;

    impl Guest for Settings {
        /// Ends the instance if the host cannot read its settings: without them, the component
        /// would say that it is not set up.
        fn get_environment() -> Vec<(String, String)> {
            let settings =
                store::get_all().unwrap_or_else(|error| panic!("the host cannot read its settings: {error:?}"));
            super::merged(environment::get_environment(), settings)
        }

        fn get_arguments() -> Vec<String> {
            environment::get_arguments()
        }

        fn initial_cwd() -> Option<String> {
            environment::initial_cwd()
        }
    }

    export!(Settings);
}

/// The variables, and each setting that is not one of them. `azure_tenant_id` is the setting of
/// `AZURE_TENANT_ID`, because Spin has small letters only. An empty variable counts as absent.
pub fn merged(mut variables: Vec<(String, String)>, settings: Vec<(String, String)>) -> Vec<(String, String)> {
    variables.retain(|(_, value)| !value.is_empty());
    for (key, value) in settings {
        let name = key.to_ascii_uppercase();
        if variables.iter().all(|(known, _)| *known != name) {
            variables.push((name, value));
        }
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_setting_is_a_variable_in_capital_letters() {
        let settings = pairs(&[("azure_tenant_id", "contoso.example"), ("AZURE_CLIENT_ID", "2222")]);
        let expected = pairs(&[("AZURE_TENANT_ID", "contoso.example"), ("AZURE_CLIENT_ID", "2222")]);
        assert_eq!(merged(Vec::new(), settings), expected);
    }

    #[test]
    fn a_variable_wins_over_a_setting_unless_it_is_empty() {
        let variables = pairs(&[("A", "variable"), ("B", "")]);
        let settings = pairs(&[("a", "setting"), ("b", "setting")]);
        assert_eq!(merged(variables, settings), pairs(&[("A", "variable"), ("B", "setting")]));
    }
}
