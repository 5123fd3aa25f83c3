//! Tests which ID tokens the service trades: those of listed issuers, with a good signature.

use azure_oidc_emulator::Order;
use azure_oidc_tests::http::Message;
use azure_oidc_tests::serve::Serve;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT};
use serde_json::json;

use crate::limits::exchange;

/// A service that trades at the emulator, with these variables too.
fn trading(stage: &Stage, variables: &[(&str, &str)], arguments: &[&str]) -> Serve {
    let ca_file = stage.emulator.ca_file().to_str().expect("a path of ours is text");
    let own = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_AUTHORITY_HOST", stage.emulator.url()),
        ("SSL_CERT_FILE", ca_file),
    ];
    Serve::start(&[&own, variables].concat(), arguments)
}

/// The paths that the emulator was asked for since the last call.
fn asked(stage: &Stage) -> Vec<String> {
    let paths = stage.requests().into_iter().map(|entry| entry.path).collect();
    stage.emulator.clear_requests();
    paths
}

/// The issuer whose documents the emulator serves under the issuer's own URL.
const ISSUER: &str = "local";

fn good(stage: &Stage) -> String {
    stage.mint(&Order::of(ISSUER))
}

/// A token that is signed with another key.
fn forged(stage: &Stage) -> String {
    stage.mint(&Order { sign_with: Some("stray".to_owned()), ..Order::of(ISSUER) })
}

fn outcome(answer: &Message) -> (u16, String) {
    (answer.status(), answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_token_of_another_issuer_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    let service = trading(&stage, &[("AZURE_OIDC_ALLOWED_ISSUERS", stage.issuer("harness"))], &[]);
    let foreign = exchange(service.address(), &stage.mint(&Order::of("gitlab")));
    assert_eq!(outcome(&foreign), (403, "issuer-not-allowed".to_owned()));
    assert_eq!(asked(&stage), [""; 0]);
    assert_eq!(exchange(service.address(), &stage.id_token()).status(), 200);
}

#[test]
fn a_signature_is_verified_with_the_keys_of_the_issuer_before_the_authority_is_asked() {
    let stage = Stage::new();
    let variables = [("AZURE_OIDC_ALLOWED_ISSUERS", stage.issuer(ISSUER)), ("AZURE_OIDC_VERIFY", "discover")];
    let service = trading(&stage, &variables, &["--allow-host", "127.0.0.1", "--allow-host", "localhost"]);
    assert_eq!(outcome(&exchange(service.address(), &forged(&stage))), (401, "signature-invalid".to_owned()));
    let first = asked(&stage);
    assert!(first.len() == 2 && first.iter().all(|path| !path.contains("/oauth2/")), "{first:?}");
    // The issuer's documents are kept for a while.
    assert_eq!(exchange(service.address(), &good(&stage)).status(), 200);
    let second = asked(&stage);
    assert!(second.len() == 1 && second[0].contains("/oauth2/"), "{second:?}");
}

#[test]
fn a_signature_is_verified_with_the_keys_of_a_file() {
    let stage = Stage::new();
    let document = stage.get(&format!("{}/.well-known/openid-configuration", stage.issuer(ISSUER)));
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let keys = stage.write("keys.json", &stage.get(document["jwks_uri"].as_str().unwrap()));
    stage.emulator.clear_requests();
    let service = trading(&stage, &[("AZURE_OIDC_VERIFY", &keys)], &[]);
    assert_eq!(outcome(&exchange(service.address(), &forged(&stage))), (401, "signature-invalid".to_owned()));
    assert_eq!(asked(&stage), [""; 0]);
    assert_eq!(exchange(service.address(), &good(&stage)).status(), 200);
}

#[test]
fn a_wrong_setting_is_reported_at_the_start() {
    for (issuers, verify, code) in [
        ("https://gitlab.com,https://127.0.0.1:8443", "discover", "issuer-not-public"),
        ("https://gitlab.com", "/nonexistent/keys.json", "key-file-unusable"),
    ] {
        let ran = Job::host(&["serve", "--listen", "127.0.0.1:0", "--output", "json"])
            .env("AZURE_OIDC_ALLOWED_ISSUERS", issuers)
            .env("AZURE_OIDC_VERIFY", verify)
            .run()
            .expect(2);
        assert_eq!(ran.error()["code"], json!(code), "{}", ran.printed());
    }
}
