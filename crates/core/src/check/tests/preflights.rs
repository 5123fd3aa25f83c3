//! Tests of checks without credentials.

use serde_json::{Value, json};

use super::case::{NOW, token};
use crate::check::{SKEW, Severity, preflight};
use crate::cloud::{Cloud, PUBLIC};
use crate::shell::Shell;

fn findings(cloud: Option<&Cloud>, changes: &Value) -> Vec<String> {
    let mut claims = json!({
        "iss": "https://token.actions.githubusercontent.com", "sub": "repo:acme/web:pull_request",
        "aud": "api://AzureADTokenExchange", "iat": NOW, "exp": NOW + 300,
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let token = token(&json!({"alg": "RS256", "kid": "1"}), &claims);
    let findings = preflight(&token, cloud, NOW, SKEW, Shell::Bash);
    findings.iter().map(|finding| format!("{} {}", finding.severity.name(), finding.code)).collect()
}

#[test]
fn a_valid_token_has_no_findings() {
    assert_eq!(findings(Some(PUBLIC), &json!({})), [""; 0]);
    assert_eq!(findings(None, &json!({"aud": "api://AzureADTokenExchangeChina"})), [""; 0], "any cloud may be meant");
}

#[test]
fn without_credentials_an_audience_is_at_most_a_warning() {
    let of = |aud: &str| findings(Some(PUBLIC), &json!({ "aud": aud }));
    assert_eq!(of("https://github.com/acme"), ["warning audience-platform-default"]);
    assert_eq!(of("https://acme.example"), ["warning audience-unusual"]);
    assert_eq!(of("api://AzureADTokenExchangeUSGov"), ["warning audience-wrong-cloud"]);
    let several = json!({"aud": ["api://AzureADTokenExchange", "other"]});
    assert_eq!(findings(Some(PUBLIC), &several), ["warning audience-several"]);
}

#[test]
fn a_cloud_without_a_known_audience_has_no_unusual_audience() {
    let singapore = Cloud::by_name("singapore");
    assert_eq!(findings(singapore, &json!({"aud": "https://acme.example"})), [""; 0]);
}

#[test]
fn errors_come_first() {
    let claims = json!({"aud": "https://acme.example", "exp": NOW - 1_000});
    assert_eq!(findings(Some(PUBLIC), &claims), ["error token-expired", "warning audience-unusual"]);
    assert!(Severity::Error < Severity::Warning && Severity::Warning < Severity::Info);
}
