//! Tests the environment of the program, and the ready file.

use super::*;

fn environment(setting: &Setting) -> Environment {
    Play::running(setting, 60 * MINUTE, 60 * MINUTE).environment.unwrap()
}

fn value<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    environment.set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.as_str())
}

#[test]
fn the_program_finds_a_managed_identity_and_a_source_of_id_tokens() {
    let environment = environment(&ENDLESS);
    for (name, expected) in [
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:4000/msi/token"),
        ("IDENTITY_HEADER", "header-secret"),
        ("ARM_OIDC_REQUEST_URL", "http://127.0.0.1:4000/oidc/token?audience=api%3A%2F%2FAzureADTokenExchange"),
        ("AZURE_OIDC_BROKER", "http://127.0.0.1:4000"),
        ("ARM_OIDC_REQUEST_TOKEN", "request-secret"),
        ("ARM_USE_OIDC", "true"),
        ("ARM_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("ARM_TENANT_ID", "contoso.onmicrosoft.com"),
        ("AZURE_TENANT_ID", "contoso.onmicrosoft.com"),
    ] {
        assert_eq!(value(&environment, name), Some(expected), "{name}");
    }
    assert_eq!(environment.set.len(), 10);
}

#[test]
fn what_leads_to_other_credentials_is_removed_and_named_and_never_set_empty() {
    let setting = Setting { variables: &["AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "HOME"], ..ENDLESS };
    let play = Play::running(&setting, 60 * MINUTE, 60 * MINUTE);
    let environment = play.environment.unwrap();
    assert_eq!(environment.unset.len(), 28);
    assert!(environment.set.iter().all(|(name, value)| !value.is_empty() && !environment.unset.contains(name)));
    assert_eq!(play.said, "azure-oidc: removed from the environment: AZURE_CLIENT_SECRET, ARM_CLIENT_SECRET\n");
}

#[test]
fn variables_with_the_id_token_are_removed_unless_they_are_to_be_kept() {
    let held = |setting: &Setting| environment(setting).unset_values;
    assert_eq!(held(&ONCE), [id_token(START, 60 * MINUTE)]);
    assert_eq!(held(&Setting { offer: Offer { keep_id_token: true, ..ONCE.offer }, ..ONCE }), []);
}

#[test]
fn this_machine_is_reached_without_a_proxy() {
    let no_proxy = |variables, no_proxy| {
        let environment = environment(&Setting { variables, no_proxy, ..ENDLESS });
        ["NO_PROXY", "no_proxy"].map(|name| value(&environment, name).map(str::to_owned))
    };
    let both = |value: &str| [Some(value.to_owned()), Some(value.to_owned())];
    assert_eq!(no_proxy(&["HOME"], ""), [None, None]);
    assert_eq!(no_proxy(&["HTTP_PROXY"], ""), both("127.0.0.1,localhost"));
    assert_eq!(no_proxy(&["https_proxy"], "a.example, localhost"), both("a.example,localhost,127.0.0.1"));
    assert_eq!(no_proxy(&["ALL_PROXY"], "*"), both("*"));
}

#[test]
fn pulumi_finds_the_variables_that_it_reads_and_a_job_of_github_keeps_its_own() {
    const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
    let given = |program, variables| value(&environment(&Setting { program, variables, ..ENDLESS }), URL).is_some();
    assert!(given(Some("pulumi"), &[]) && given(Some("pulumi.exe"), &[]) && given(Some("make"), &["PULUMI_HOME"]));
    assert!(!given(Some("terraform"), &[]) && !given(Some("pulumi"), &[URL]));
}

#[test]
fn the_file_and_the_endpoint_of_a_virtual_machine_are_offered_when_asked_for() {
    let offer = Offer { token_file: true, imds: true, ..ENDLESS.offer };
    let environment = environment(&Setting { offer, ..ENDLESS });
    assert_eq!(value(&environment, "AZURE_FEDERATED_TOKEN_FILE"), Some("/private/token"));
    assert_eq!(value(&environment, "AZURE_AUTHORITY_HOST"), Some("https://login.microsoftonline.com/"));
    assert_eq!(
        value(&environment, "ARM_MSI_ENDPOINT"),
        Some("http://127.0.0.1:4000/path-secret/metadata/identity/oauth2/token")
    );
}

#[test]
fn the_ready_file_says_everything_that_later_steps_need() {
    let play = Play::running(&Setting { scopes: &["arm"], ..ENDLESS }, 60 * MINUTE, 60 * MINUTE);
    let file: Value = serde_json::from_str(&play.session.ready_file(4711, &["MY_TOKEN".to_owned()])).unwrap();
    assert_eq!((&file["version"], &file["pid"]), (&json!(1), &json!(4711)));
    assert_eq!(file["endpoint"], "http://127.0.0.1:4000");
    assert_eq!(file["env"]["IDENTITY_HEADER"], "header-secret");
    assert_eq!(file["scopes"], json!(["https://management.azure.com/.default"]));
    let unset = file["unset"].as_array().unwrap();
    assert!(unset.len() == 29 && unset.contains(&json!("MY_TOKEN")) && unset.contains(&json!("ACC_CLOUD")));
}
