//! The control API over TLS, as tests in any language use it.

use azure_oidc_core::token::Token;
use azure_oidc_emulator::Order;
use azure_oidc_emulator::log::Fingerprint;
use http::Method;
use serde_json::{Value, json};

use super::support::*;

fn command(fixture: &Fixture, method: Method, name: &str, body: Value) -> Answer {
    fixture.call(method, &format!("/_emulator/{name}"), &body.to_string())
}

#[test]
fn the_log_shows_what_arrived_without_the_secrets() {
    let fixture = start();
    let id_token = fixture.mint(&Order::of("github"));
    let ask = fixture.github().with("client_assertion", id_token.as_str());
    let access_token = fixture.post(&ask).text("access_token").to_owned();
    let answer = command(&fixture, Method::GET, "requests", Value::Null);
    let text = String::from_utf8_lossy(answer.response.body()).into_owned();
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    assert!(!text.contains(&signature(&id_token)) && !text.contains(&signature(&access_token)));

    let entry = &answer.json["requests"][0];
    assert_eq!(entry["method"], "POST");
    assert_eq!(entry["path"], format!("/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(entry["form"]["client_id"], DEPLOYER);
    let fingerprint = Fingerprint::of(&id_token);
    assert_eq!(entry["assertion"], json!({ "bytes": id_token.len(), "sha256": fingerprint.sha256 }));
    assert_eq!(
        (&entry["status"], &entry["credential"], &entry["aadsts"]),
        (&json!(200), &json!("github-main"), &Value::Null)
    );

    command(&fixture, Method::DELETE, "requests", Value::Null);
    assert_eq!(
        command(&fixture, Method::GET, "requests", Value::Null).json["requests"],
        json!([]),
        "the control API is not in it"
    );
}

#[test]
fn injections_are_added_listed_and_removed() {
    let fixture = start();
    let added = command(&fixture, Method::POST, "injections", json!({ "kind": "throttle", "times": 0 }));
    assert_eq!(
        added.json,
        json!({ "injections": [{ "injection": { "kind": "throttle", "times": 0 }, "matched": 0 }] })
    );
    assert_eq!(fixture.post(&fixture.github()).status, 429);
    assert_eq!(command(&fixture, Method::GET, "injections", Value::Null).json["injections"][0]["matched"], 1);
    command(&fixture, Method::DELETE, "injections", Value::Null);
    assert_eq!(fixture.post(&fixture.github()).status, 200);
}

#[test]
fn the_older_name_of_the_injections_still_works() {
    let fixture = start();
    command(&fixture, Method::POST, "faults", json!({ "kind": "throttle", "times": 0 }));
    let listed = command(&fixture, Method::GET, "injections", Value::Null).json["injections"].clone();
    assert_eq!(listed, json!([{ "injection": { "kind": "throttle", "times": 0 }, "matched": 0 }]));
    command(&fixture, Method::DELETE, "faults", Value::Null);
    assert_eq!(command(&fixture, Method::GET, "faults", Value::Null).json, json!({ "injections": [] }));
}

#[test]
fn tokens_are_minted_with_the_requested_claims() {
    let fixture = start();
    let minted =
        command(&fixture, Method::POST, "mint", json!({ "issuer": "github", "claims": { "sub": "x", "nbf": null } }));
    let token = Token::parse(minted.text("token")).unwrap();
    assert_eq!((token.claims().sub.as_deref(), token.claims().nbf), (Some("x"), None));
}

#[test]
fn credentials_are_replaced_in_the_form_that_azures_tools_print() {
    let fixture = start();
    let list = json!({ "@odata.context": "x", "value": [{
        "id": "0e1d2c3b-4a59-4687-8796-a5b4c3d2e1f0", "name": "other", "issuer": "${issuer.github}",
        "subject": "repo:octo-org/octo-repo:pull_request", "description": null, "audiences": ["api://AzureADTokenExchange"],
    }]});
    let change = json!({ "tenant": "contoso.example", "client_id": DEPLOYER, "credentials": list });
    assert_eq!(command(&fixture, Method::POST, "credentials", change).status, 200);
    assert_eq!(fixture.post(&fixture.github()).aadsts(), 700213);
    let fits = Order::of("github").claim("sub", "repo:octo-org/octo-repo:pull_request");
    assert_eq!(fixture.post(&fixture.ask(&fits)).status, 200);
}

#[test]
fn a_command_that_fails_says_why() {
    let fixture = start();
    for (name, body, expected) in [
        ("mint", json!({ "issuer": "gitea" }), "there is no issuer `gitea`"),
        ("mint", json!({ "issuer": "github", "clams": {} }), "unknown field `clams`"),
        (
            "injections",
            json!({ "kind": "throttle", "status": 500 }),
            "an injection of kind `throttle` has no setting `status`",
        ),
        ("injections", json!({ "kind": "explode" }), "unknown variant `explode`"),
        (
            "credentials",
            json!({ "client_id": "x", "credentials": [] }),
            "there is no application with the client id `x`",
        ),
    ] {
        let answer = command(&fixture, Method::POST, name, body);
        let message = answer.json["error"]["message"].as_str().unwrap();
        assert_eq!(answer.status, 400);
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(command(&fixture, Method::GET, "mint", Value::Null).status, 405);
    assert_eq!(command(&fixture, Method::GET, "nothing", Value::Null).status, 404);
    assert_eq!(command(&fixture, Method::GET, "health", Value::Null).json["status"], "ready");
}
