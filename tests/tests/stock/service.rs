//! Tests the HTTP service under `wasmtime serve`.

use azure_oidc_emulator::Order;
use azure_oidc_jobs::Interface;
use azure_oidc_tests::http::{Message, post, send};
use azure_oidc_tests::relay::Relay;
use azure_oidc_tests::stock::Service;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, schema, secrets, tokens, words};
use serde_json::{Value, json};

#[test]
fn it_answers_as_the_command_line_does() {
    let (stage, service) = (Stage::new(), Service::start(&[]));
    let id_token = stage.mint(&Order::of("gitlab"));
    let credentials = json!([{
        "name": "main",
        "issuer": "https://gitlab.com",
        "subject": "project_path:my-group/my-project:ref_type:branch:ref:Main",
        "audiences": ["api://AzureADTokenExchange"],
    }]);
    let file = stage.write("fics.json", &credentials.to_string());
    let output = |arguments: &[&str]| {
        let printed = Job::host(arguments).args(&["--output", "json"]).env("ARM_OIDC_TOKEN", &id_token).run();
        words::of_interface(printed.json(), Interface::Http)
    };
    let now = tokens::claims(&id_token)["iat"].clone();

    let health = send(service.address(), "GET", "/healthz", &[], "");
    assert_eq!((health.status(), &health.json()["status"]), (200, &json!("ok")));

    let inspected = ok(post(service.address(), "/v1/inspect", &json!({ "token": id_token })));
    assert_eq!(inspected, output(&["inspect"]));
    schema::assert_valid("inspect", &inspected);

    let question = json!({ "token": id_token, "credentials": credentials, "now": now });
    let checked = ok(post(service.address(), "/v1/check", &question));
    let printed = output(&["check", "--credential", &file, "--now", &now.to_string()]);
    assert_eq!(checked, printed);
    assert_eq!(checked["verdict"], "no-match");
    schema::assert_valid("check", &checked);

    let explained = ok(post(service.address(), "/v1/explain", &json!({ "text": "AADSTS700213" })));
    assert_eq!(explained, output(&["explain", "AADSTS700213"]));
    schema::assert_valid("explain", &explained);
}

#[test]
fn it_trades_the_callers_token_for_the_configured_client() {
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    let service = Service::start(&[
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_AUTHORITY_HOST", relay.url()),
        ("AZURE_OIDC_SERVICE_SCOPES", "https://management.azure.com/.default"),
    ]);
    let id_token = stage.id_token();
    let traded = ok(exchange(&service, &id_token, &json!({})));
    let access = tokens::claims(traded["tokens"][0]["access_token"].as_str().unwrap());
    assert_eq!(access["aud"], "https://management.azure.com");

    stage.emulator.clear_requests();
    let another = json!({ "scopes": ["https://graph.microsoft.com/.default"] });
    refused(exchange(&service, &id_token, &another), 403, "scope-not-allowed");
    refused(
        exchange(&service, &id_token, &json!({ "client_id": "99999999-9999-4999-8999-999999999999" })),
        403,
        "client-not-allowed",
    );
    refused(exchange(&service, &id_token, &json!({ "tenant_id": TENANT })), 400, "member-unknown");
    refused(exchange(&service, "x", &json!({})), 401, "token-opaque");
    assert_eq!(stage.requests().len(), 0);

    let id_token = stage.mint(&Order::of("harness").claim("sub", "another"));
    let answer = exchange(&service, &id_token, &json!({}));
    secrets::assert_none(&String::from_utf8_lossy(&answer.body), &id_token);
    refused(answer, 403, "entra-refused");
}

#[test]
fn it_trades_nothing_without_configuration() {
    let (stage, service) = (Stage::new(), Service::start(&[]));
    refused(exchange(&service, &stage.id_token(), &json!({})), 403, "exchange-not-configured");
    refused(post(service.address(), "/v1/exchange", &json!({})), 401, "id-token-missing");
}

#[test]
fn invalid_requests_are_refused_with_problem_details() {
    let service = Service::start(&[]);
    let address = service.address();
    let json = [("content-type", "application/json")];
    refused(send(address, "GET", "/", &[], ""), 404, "not-found");
    refused(send(address, "GET", "/v1/check", &[], ""), 405, "method-not-allowed");
    refused(send(address, "POST", "/healthz", &json, "{}"), 405, "method-not-allowed");
    refused(send(address, "POST", "/v1/inspect", &[("content-type", "text/plain")], "{}"), 415, "content-type");
    refused(send(address, "POST", "/v1/inspect", &json, "{"), 400, "body-not-json");
    refused(send(address, "POST", "/v1/inspect", &json, "{}"), 400, "member-missing");
    refused(send(address, "POST", "/v1/inspect", &json, "{\"token\":1}"), 400, "member-type");
    refused(post(address, "/v1/explain", &json!({ "text": "x".repeat(300 * 1024) })), 413, "body-too-large");
}

fn exchange(service: &Service, id_token: &str, body: &Value) -> Message {
    let headers = [("content-type", "application/json"), ("authorization", &*format!("Bearer {id_token}"))];
    send(service.address(), "POST", "/v1/exchange", &headers, &body.to_string())
}

#[track_caller]
fn ok(answer: Message) -> Value {
    assert_eq!(answer.status(), 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

/// Problem details (RFC 9457).
#[track_caller]
fn refused(answer: Message, status: u16, code: &str) {
    let body = answer.json();
    assert_eq!((answer.status(), &body["code"]), (status, &json!(code)), "{body}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(body["status"], status);
}
