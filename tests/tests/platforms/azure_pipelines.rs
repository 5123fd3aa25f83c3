//! Tests the errors of Azure DevOps's token endpoint and the retries after them.

use azure_oidc_tests::{Stage, secrets};
use serde_json::{Value, json};

use crate::fixture::{all, stage};

/// Runs the usual job with this injection. Returns exit code, standard error, and the number of
/// token requests.
fn job(injection: Value) -> (i32, String, usize) {
    let fixture = all().into_iter().find(|fixture| fixture.name() == "azure-pipelines/exchange").expect("it is there");
    let stage: Stage = stage();
    let mut injection = injection;
    injection["path"] = json!("*/oidctoken");
    stage.inject(serde_json::from_value(injection).expect("a valid injection"));
    let ran = fixture.job(&stage, "exchange").run();
    secrets::assert_none(&ran.stderr, "");
    let asked = stage.emulator.requests().iter().filter(|entry| entry.path.contains("/oidctoken")).count();
    (ran.code, ran.stderr, asked)
}

#[test]
fn a_null_token_on_a_rerun_is_retried() {
    let null =
        json!({ "kind": "answer", "body": "{\"oidcToken\":null}", "content_type": "application/json", "times": 2 });
    let (code, said, asked) = job(null);
    assert_eq!((code, asked), (0, 3), "{said}");
}

#[test]
fn a_token_that_stays_null_fails_after_three_attempts() {
    let null =
        json!({ "kind": "answer", "body": "{\"oidcToken\":null}", "content_type": "application/json", "times": 0 });
    let (code, said, asked) = job(null);
    assert_eq!((code, asked), (3, 3), "{said}");
    assert!(said.contains("hint: "), "{said}");
}

#[test]
fn a_redirect_to_a_sign_in_page_means_an_invalid_access_token() {
    for injection in [
        json!({ "kind": "html", "status": 203 }),
        json!({ "kind": "html", "status": 200 }),
        json!({ "kind": "redirect", "status": 302 }),
    ] {
        let (code, said, asked) = job(injection.clone());
        assert_eq!((code, asked), (3, 1), "{injection}: {said}");
        assert!(said.contains("SYSTEM_ACCESSTOKEN"), "{injection}: {said}");
    }
}

#[test]
fn a_service_that_expects_another_method_is_reported() {
    let refused = json!({
        "kind": "answer", "status": 405, "content_type": "application/json",
        "body": "{\"message\":\"The requested resource does not support http method 'POST'.\"}",
    });
    let (code, said, asked) = job(refused);
    assert_eq!((code, asked), (3, 1), "{said}");
    assert!(said.contains("405") && said.contains("hint: "), "{said}");
}
