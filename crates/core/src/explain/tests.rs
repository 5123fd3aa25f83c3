//! Tests of pasted texts (`testdata/explain`), of numbers, and of advice from a token.

mod advice;

use proptest::prelude::*;

use super::*;
use crate::catalogue::entry;

fn explain(text: &str) -> Vec<Explanation> {
    super::explain(text, Shell::Bash)
}

macro_rules! pasted {
    ($($test:ident: $file:literal,)*) => {$(
        #[test]
        fn $test() {
            let text = include_str!(concat!("../../testdata/explain/", $file));
            let explanations: String = explain(text).iter().map(read).collect();
            insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
                insta::assert_snapshot!($file, explanations);
            });
        }
    )*};
}

pasted! {
    an_answer_of_today: "answer-2026.json",
    an_answer_of_2022_with_a_quote_in_its_subject: "answer-2022.json",
    an_answer_about_a_lifetime: "answer-lifetime.json",
    an_answer_whose_description_was_left_out: "answer-without-description.json",
    an_answer_about_conditional_access: "answer-conditional-access.json",
    a_log_of_azure_login: "az-login.log",
    an_exception_of_a_chain_of_credentials: "azure-identity-chain.log",
    an_answer_quoted_in_a_json_log: "json-in-json.json",
    an_error_of_terraform: "terraform.log",
    a_description_that_was_cut_inside_its_subject: "cut-short.log",
    unknown_codes: "unknown.log",
    a_token_in_a_log_is_not_shown: "token-in-a-log.log",
    a_key_that_was_not_found: "key-not-found.log",
}

/// An explanation as text.
fn read(explanation: &Explanation) -> String {
    let mut text = format!("AADSTS{}\n  {}\n", explanation.code, explanation.message);
    if let Some(quoted) = &explanation.quoted {
        text += &format!("  message: {quoted}\n");
    }
    for (name, value) in &explanation.facts {
        text += &format!("  {name}: {value}\n");
    }
    for hint in &explanation.hints {
        text += &format!("  -> {hint}\n");
    }
    text + "\n"
}

fn codes(text: &str) -> Vec<u32> {
    explain(text).iter().map(|explanation| explanation.code).collect()
}

#[test]
fn a_code_can_be_written_in_many_ways() {
    for text in [
        "700213",
        " 700213\n",
        "AADSTS700213",
        "aadsts700213",
        "AADSTS700213:",
        "AADSTS 700213",
        "'AADSTS700213'",
        "\"700213\"",
    ] {
        assert_eq!(codes(text), [700213], "{text:?}");
    }
}

#[test]
fn other_texts_are_not_explained() {
    for text in [
        "",
        "12",
        "123",
        "1234567890",
        "error 700213",
        "AADSTS",
        "AADSTSx",
        "no code here",
        "{\"error\":\"invalid_client\"}",
    ] {
        assert_eq!(codes(text), [0; 0], "{text:?}");
    }
}

/// A log, and a part of the hints for each shell.
#[test]
fn commands_are_for_the_shell_that_was_named() {
    let refused = format!("AADSTS700213: {}", entry(700213).unwrap().template.replace("{subject}", "it's"));
    let in_full = format!("{refused} assertion issuer 'https://gitlab.com'");
    let failed = "AuthorizationFailed: The client 'c' with object id '11111111-2222-3333-4444-555555555555' does not have \
                  authorization to perform action 'a/b/read' over scope '/subscriptions/SCOPE'";
    for (text, bash, powershell) in [
        (
            in_full.as_str(),
            "az ad app federated-credential create --id \"${AZURE_CLIENT_ID:?}\" --parameters '{",
            "if (!$env:AZURE_CLIENT_ID) { throw 'set AZURE_CLIENT_ID' }; Set-Content federated-credential.json ",
        ),
        (
            &refused,
            "list --id \"${AZURE_CLIENT_ID:?}\" --output json >credentials.json`",
            "list --id \"${env:AZURE_CLIENT_ID}\" --output json | Set-Content -Encoding utf8 credentials.json`",
        ),
        (
            "No subscriptions found",
            "--scope \"/subscriptions/${AZURE_SUBSCRIPTION_ID:?}\"`",
            "--scope \"/subscriptions/${env:AZURE_SUBSCRIPTION_ID}\"`",
        ),
        (
            "mcr.azurecr.io: unauthorized 401",
            "\"$(az acr show --name \"${REGISTRY:?}\" --query id --output tsv)\"",
            "\"$(az acr show --name \"${env:REGISTRY}\" --query id --output tsv)\"",
        ),
        (failed, "--role 'Reader' --scope '/subscriptions/SCOPE'", "--role 'Reader' --scope '/subscriptions/SCOPE'"),
        // On Windows `cmd` reads the parentheses.
        (
            &failed.replace("SCOPE", "s/resourceGroups/rg(1)"),
            "/rg(1)'",
            "with `az role assignment create`, on the scope",
        ),
    ] {
        for (shell, expected) in [(Shell::Bash, bash), (Shell::Powershell, powershell)] {
            let hints = super::explain(text, shell).remove(0).hints.join("\n");
            assert!(hints.contains(expected), "{shell:?}: {expected}\n{hints}");
            assert!(shell == Shell::Bash || !hints.contains(":?}"), "{hints}");
        }
    }
}

#[test]
fn each_code_is_explained_once_in_the_order_of_the_text() {
    assert_eq!(codes("AADSTS90002: a AADSTS700016: b AADSTS90002: c"), [90002, 700016]);
    assert_eq!(codes("\"error_codes\":[ 700024 ] https://login.microsoftonline.com/error?code=700024"), [700024]);
}

/// A text, and the names of its errors in the order of the answer.
#[test]
fn a_refusal_after_all_other_errors_comes_first() {
    const NO_TOKEN: &str = "Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable";
    for (lines, expected) in [
        (&["AADSTS700213: x", "AuthorizationFailed"][..], &["AuthorizationFailed", "700213"][..]),
        (&["AuthorizationFailed", "AADSTS700213: x"], &["700213", "AuthorizationFailed"]),
        (&["AADSTS700213: x", "AuthorizationFailed", "AADSTS700024: y"], &["700213", "700024", "AuthorizationFailed"]),
        (&["AuthorizationFailed", "AADSTS700213: x", "AuthorizationFailed"], &["AuthorizationFailed", "700213"]),
        (&[NO_TOKEN, "AuthorizationFailed"], &["AuthorizationFailed", "id-token-permission-missing"]),
        (&["AuthorizationFailed", NO_TOKEN], &["id-token-permission-missing", "AuthorizationFailed"]),
        (&["ResultType: 700213", "AuthorizationFailed"], &["700213", "AuthorizationFailed"]),
    ] {
        let explanations = explain(&lines.join("\n"));
        let name = |one: &Explanation| one.other.clone().unwrap_or_else(|| one.code.to_string());
        assert_eq!(explanations.iter().map(name).collect::<Vec<_>>(), expected, "{lines:?}");
    }
}

#[test]
fn an_unknown_number_is_described_by_its_first_digits() {
    let message = |text: &str| explain(text).remove(0).message;
    assert!(message("7002139").contains("a special case of AADSTS700213,"), "{}", message("7002139"));
    assert!(message("700299").contains("federated identity credentials"), "{}", message("700299"));
    assert!(message("53099").contains("Conditional Access"), "{}", message("53099"));
    assert_eq!(message("4444"), "AADSTS4444 is not in the catalogue");
}

#[test]
fn at_most_fifty_codes_are_explained() {
    let flood: String = (100_000..200_000).map(|code| format!("AADSTS{code} ")).collect();
    assert_eq!(codes(&flood).len(), 50);
}

#[test]
fn colours_are_removed_and_an_id_is_whole_or_absent() {
    let text = "AADSTS700213: assertion subject 'a\u{1b}[31mb'. Trace ID: 5d\u{1b}[0m Timestamp: \u{1b}Z";
    let explanation = explain(text).remove(0);
    assert_eq!((explanation.fact("subject"), explanation.fact("trace_id")), (Some("ab"), None));
    assert_eq!(explanation.fact("timestamp"), None);
}

#[test]
fn a_long_log_is_cut_at_a_limit_between_characters() {
    let long = "é".repeat(MAX_BYTES / 2 + 1);
    assert_eq!(codes(&(long.clone() + "AADSTS700213: x")), [0; 0]);
    assert_eq!(codes(&format!("AADSTS700213: x {long}")), [700213]);
}

/// Values, with characters that could end a value too early.
fn value() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9:/@_.*-]([a-zA-Z0-9:/@_.*-]|'[a-z]| [a-z]){0,30}[a-z0-9]"
        .prop_filter("a mask is no part of a value", |value| !crate::mask::is_masked(value))
}

fn answer(code: u32, values: &[(&str, String)], separator: &str) -> String {
    let text = entry(code).unwrap().render(values);
    let trace = [
        "Trace ID: 5d1c6b5e-0000-4000-8000-0123456789ab",
        "Correlation ID: 0f6d2e1a-0000-4000-8000-0123456789ab",
        "Timestamp: 2026-08-21 10:00:00Z",
    ];
    format!("AADSTS{code}: {text}{separator}{}", trace.join(separator))
}

proptest! {
    #[test]
    fn values_are_read_from_entras_messages_with_any_separator(
        code in proptest::sample::select(vec![70021_u32, 700211, 700212, 700213, 7002131, 7002138]),
        issuer in value(), subject in value(), audience in value(),
        separator in proptest::sample::select(vec!["\r\n", " ", "\n", "\\r\\n"]),
        quoting in 0..3_usize,
    ) {
        let values = [("issuer", issuer), ("subject", subject), ("audience", audience)];
        let mut text = answer(code, &values, separator);
        for _ in 0..quoting.min(if separator == "\\r\\n" { 1 } else { 2 }) {
            text = serde_json::json!({ "error_description": text }).to_string();
        }
        let explanations = explain(&text);
        prop_assert_eq!(explanations.len(), 1, "{}", text);
        let explanation = &explanations[0];
        for (name, value) in &values {
            if entry(code).unwrap().template.contains(&format!("{{{name}}}")) {
                prop_assert_eq!(explanation.fact(name), Some(value.as_str()), "{}", text);
            }
        }
        prop_assert_eq!(explanation.fact("trace_id"), Some("5d1c6b5e-0000-4000-8000-0123456789ab"));
        prop_assert_eq!(explanation.fact("correlation_id"), Some("0f6d2e1a-0000-4000-8000-0123456789ab"));
        prop_assert_eq!(explanation.fact("timestamp"), Some("2026-08-21 10:00:00Z"));
    }

    #[test]
    fn no_text_causes_a_panic(text in "(\\PC|AADSTS|[0-9]{4,9}|: |'|\\\\|\"|\\{|Trace ID: |eyJ|error\\?code=){0,40}") {
        for explanation in explain(&text) {
            prop_assert!(!explanation.message.is_empty() && !explanation.hints.is_empty());
        }
    }

    #[test]
    fn a_token_is_never_shown(token in "eyJ[A-Za-z0-9_-]{20,60}\\.eyJ[A-Za-z0-9_-]{20,60}\\.[A-Za-z0-9_-]{20,60}", before in "[ -~]{0,20}") {
        let text = format!("AADSTS50027: {before} {token} AADSTS700213: subject '{token}'. Trace ID: {token}");
        for explanation in explain(&text) {
            prop_assert!(!format!("{explanation:?}").contains(&token[..24]), "{explanation:?}");
        }
    }
}
