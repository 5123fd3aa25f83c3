//! Tests that each host of the service gives the same answers and keeps nothing between requests.

use azure_oidc_tests::http::{Message, post};
use azure_oidc_tests::relay::Relay;
use azure_oidc_tests::serve::Serve;
use azure_oidc_tests::service_cases::Suite;
use azure_oidc_tests::stock::Service;
use azure_oidc_tests::{Stage, secrets};
use serde_json::json;

#[test]
fn the_native_service_answers_every_case() {
    let (suite, stage) = (Suite::read(), Stage::new());
    assert!(suite.cases.len() > 50);
    for kind in suite.services.keys() {
        let mut variables = suite.variables(kind, stage.emulator.url());
        variables.push(("SSL_CERT_FILE", stage.emulator.ca_file().to_str().unwrap()));
        let service = Serve::start(&variables, &[]);
        for case in suite.of(kind) {
            suite.prove(case, service.address(), &stage);
        }
        let ended = service.terminate();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        // Standard error has the line about listening and nothing about requests.
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}

/// wasmtime trusts only built-in certificates, so it reaches the emulator through plain HTTP on
/// loopback.
#[test]
fn the_stock_host_gives_the_same_answer_in_each_case() {
    let (suite, stage) = (Suite::read(), Stage::new());
    let relay = Relay::before(&stage.emulator);
    for kind in suite.services.keys() {
        let variables = suite.variables(kind, relay.url());
        let (native, stock) = (Serve::start(&variables, &[]), Service::start(&variables));
        for case in suite.of(kind) {
            let (native, stock) =
                (suite.prove(case, native.address(), &stage), suite.prove(case, stock.address(), &stage));
            assert_eq!(headers(&native), headers(&stock), "{}", case.name);
            // Entra's answers contain new ids and times.
            if case.expect.token_requests.unwrap_or_default() == 0 {
                assert_eq!(native.body, stock.body, "{}", case.name);
            }
        }
    }
}

#[test]
fn a_reused_instance_answers_as_a_fresh_one_does() {
    let (suite, stage) = (Suite::read(), Stage::new());
    let fresh = Serve::start(&[], &["--isolate"]);
    let (native, reused) = (Serve::start(&[], &[]), Service::reusing(&[]));
    for case in suite.of("plain").chain(suite.of("plain")) {
        let answer = suite.prove(case, fresh.address(), &stage).body;
        for again in [native.address(), reused.address()] {
            assert_eq!(suite.prove(case, again, &stage).body, answer, "{}", case.name);
        }
    }
    let count = suite.of("plain").count() * 2;
    let instances = reused.instances();
    assert!(instances.len() < count / 2, "{count} requests had {} instances", instances.len());
}

#[test]
fn an_instance_keeps_nothing_between_requests() {
    const ROUNDS: usize = 20;
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    let suite = Suite::read();
    let variables = suite.variables("exchange", relay.url());
    let (native, stock) = (Serve::start(&variables, &[]), Service::reusing(&variables));
    let token = stage.id_token();
    let credentials = json!([{
        "name": "of-one", "issuer": "https://one.example", "subject": "subject-of-one", "audiences": ["api://AzureADTokenExchange"],
    }]);
    let question = json!({ "token": token, "credentials": credentials });
    for service in [native.address(), stock.address()].repeat(ROUNDS) {
        let answer = post(service, "/v1/check", &question);
        assert!(String::from_utf8_lossy(&answer.body).contains("subject-of-one"));
        // This request has no token and must not use the previous request's.
        let answer = post(service, "/v1/exchange", &json!({}));
        assert_eq!((answer.status(), &answer.json()["code"]), (401, &json!("id-token-missing")));
        let answer = post(service, "/v1/check", &json!({ "token": "a.b", "credentials": [] }));
        let text = String::from_utf8_lossy(&answer.body);
        assert!(!text.contains("one"), "{text}");
        secrets::assert_none(&text, &token);
    }
    // wasmtime makes a second instance if the first has not finished.
    assert!(stock.instances().len() < ROUNDS, "the requests were to share instances: {:?}", stock.instances());
}

/// The headers that the component sets. The others belong to the connection.
fn headers(message: &Message) -> Vec<(&str, &str)> {
    let ours = |name: &str| !["date", "connection", "transfer-encoding"].contains(&name);
    let mut headers: Vec<_> = message
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| ours(name))
        .collect();
    headers.sort_unstable();
    headers
}
