//! Injections, each as a client sees it.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use azure_oidc_emulator::injections::Kind;
use azure_oidc_emulator::{Config, Emulator, Injection, client::Client};
use serde_json::{Value, json};

use super::support::*;

fn with_injection(injection: Value) -> (Fixture, std::io::Result<Answer>) {
    let fixture = start();
    fixture.emulator.inject(serde_json::from_value(injection).unwrap()).unwrap();
    let answer = fixture.try_post(&fixture.github());
    (fixture, answer)
}

fn answered(injection: Value) -> (Fixture, Answer) {
    let (fixture, answer) = with_injection(injection);
    (fixture, answer.unwrap())
}

#[test]
fn a_throttled_request_gets_retry_after_and_then_succeeds() {
    let (fixture, answer) = answered(json!({ "kind": "throttle", "retry_after": "7" }));
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    assert_eq!(answer.aadsts(), 90055);
    assert_eq!(fixture.post(&fixture.github()).status, 200);
    assert_eq!(answered(json!({ "kind": "throttle" })).1.header("retry-after"), Some("1"));
    let date = "Wed, 21 Oct 2026 07:28:00 GMT";
    assert_eq!(answered(json!({ "kind": "throttle", "retry_after": date })).1.header("retry-after"), Some(date));
}

#[test]
fn a_server_error_has_the_status_that_was_asked_for() {
    let (_, answer) = answered(json!({ "kind": "server-error" }));
    assert_eq!((answer.status, answer.header("retry-after"), answer.aadsts()), (503, None, 90033));
    assert_eq!(answered(json!({ "kind": "server-error", "status": 500 })).1.status, 500);
}

#[test]
fn a_request_that_hangs_gets_no_answer_while_the_emulator_lives() {
    let (sender, entries) = mpsc::channel();
    let emulator = Emulator::new(Config::sample().unwrap())
        .observer(move |entry| sender.send(entry.clone()).unwrap())
        .run()
        .unwrap();
    let client = Client::trusting(emulator.ca_file()).unwrap();
    emulator.inject(Injection::new(Kind::Hang)).unwrap();
    let request =
        http::Request::post(format!("{}/{TENANT}/oauth2/v2.0/token", emulator.url())).body(String::new()).unwrap();
    let waiting = std::thread::spawn(move || client.send(request));
    let entry = entries.recv().unwrap();
    assert_eq!((entry.status, entry.injection), (None, Some(Kind::Hang)));
    assert!(!waiting.is_finished());
    drop(emulator);
    assert!(waiting.join().unwrap().is_err());
}

#[test]
fn a_delayed_answer_is_the_true_one() {
    let start = Instant::now();
    let (_, answer) = answered(json!({ "kind": "delay", "milliseconds": 50 }));
    assert_eq!(answer.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[test]
fn a_connection_can_be_cut_before_an_answer_or_inside_it() {
    let (fixture, cut) = with_injection(json!({ "kind": "cut" }));
    let error = cut.err().unwrap().to_string();
    assert!(!error.contains("body"), "no header came: {error}");
    assert_eq!(fixture.last_request().status, None);
    let (fixture, cut) = with_injection(json!({ "kind": "cut-body" }));
    let error = cut.err().unwrap().to_string();
    assert!(error.contains("body"), "the header had come: {error}");
    assert_eq!(fixture.last_request().status, Some(200));
    assert_eq!(fixture.post(&fixture.github()).status, 200, "the next connection is whole");
}

#[test]
fn a_proxys_page_replaces_the_json() {
    let (_, answer) = answered(json!({ "kind": "html" }));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(answer.response.body().starts_with(b"<!DOCTYPE html>"));
    let (_, answer) = answered(json!({ "kind": "html", "status": 203, "body": "<p>" }));
    assert_eq!((answer.status, &answer.response.body()[..]), (203, &b"<p>"[..]));
}

#[test]
fn an_oversized_body_is_64_mib_of_valid_json() {
    let (_, answer) = answered(json!({ "kind": "oversized" }));
    assert_eq!(answer.response.body().len(), 64 * 1024 * 1024);
    assert!(answer.text("access_token").len() > 60_000_000);
    assert_eq!(answered(json!({ "kind": "oversized", "bytes": 100_000 })).1.response.body().len(), 100_000);
}

#[test]
fn a_redirect_leads_to_a_path_that_logs_the_request() {
    let (fixture, answer) = answered(json!({ "kind": "redirect" }));
    assert_eq!(answer.status, 307);
    let elsewhere = answer.header("location").unwrap().to_owned();
    assert!(elsewhere.starts_with(&format!("{}/elsewhere/", fixture.emulator.url())));
    assert_eq!(fixture.emulator.requests().len(), 1, "our client does not follow");
    let form = http::Request::post(elsewhere).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(fixture.send(form.body(fixture.github().body()).unwrap()).unwrap().status, 404);
    assert!(fixture.last_request().assertion.is_some());
    let (_, answer) = answered(json!({ "kind": "redirect", "status": 302, "location": "https://evil.example/" }));
    assert_eq!((answer.status, answer.header("location")), (302, Some("https://evil.example/")));
}

#[test]
fn a_success_can_come_without_a_token() {
    let (_, answer) = answered(json!({ "kind": "no-token" }));
    assert_eq!((answer.status, answer.json.get("access_token")), (200, None));
    let (_, answer) = answered(json!({ "kind": "empty-token" }));
    assert_eq!((answer.status, &answer.json["access_token"]), (200, &json!("")));
}

#[test]
fn replication_delay_hides_the_credentials_that_were_set_last() {
    let (fixture, answer) = answered(json!({ "kind": "replication-delay", "times": 1 }));
    assert_eq!((answer.status, answer.aadsts()), (401, 70025));
    assert_eq!(fixture.post(&fixture.github()).status, 200);
}

#[test]
fn any_error_of_the_catalogue_can_be_asked_for() {
    for (code, status) in [(700213, 401), (90002, 400), (90033, 503)] {
        let (_, answer) = answered(json!({ "kind": "entra-error", "code": code }));
        assert_eq!((answer.aadsts(), answer.status), (code, status));
    }
}

#[test]
fn any_answer_can_be_given() {
    let injection =
        json!({ "kind": "answer", "status": 418, "body": "{\"a\":", "content_type": "text/plain", "retry_after": "3" });
    let (_, answer) = answered(injection);
    assert_eq!((answer.status, &answer.response.body()[..]), (418, &b"{\"a\":"[..]));
    assert_eq!((answer.header("content-type"), answer.header("retry-after")), (Some("text/plain"), Some("3")));
}

#[test]
fn an_injection_applies_to_the_requests_that_it_names_and_as_often_as_it_says() {
    let fixture = start();
    let injection = json!({ "kind": "throttle", "client_id": DEPLOYER, "scope": ARM, "nth": 2, "times": 2 });
    fixture.emulator.inject(serde_json::from_value(injection).unwrap()).unwrap();
    let graph = fixture.github().with("scope", "https://graph.microsoft.com/.default");
    assert_eq!(fixture.post(&graph).status, 200);
    let statuses: Vec<_> = (0..4).map(|_| fixture.post(&fixture.github()).status).collect();
    assert_eq!(statuses, [200, 429, 429, 200]);
    assert_eq!(fixture.post(&graph).status, 200);
}

#[test]
fn documents_can_fail_too() {
    let fixture = start();
    let injection = json!({ "kind": "server-error", "path": "*/.well-known/openid-configuration", "times": 0 });
    fixture.emulator.inject(serde_json::from_value(injection).unwrap()).unwrap();
    assert_eq!(fixture.get(&format!("/{TENANT}/v2.0/.well-known/openid-configuration")).status, 503);
    assert_eq!(fixture.get("/issuers/github/.well-known/openid-configuration").status, 503);
    fixture.emulator.clear_injections();
    assert_eq!(fixture.get("/issuers/github/.well-known/openid-configuration").status, 200);
}
