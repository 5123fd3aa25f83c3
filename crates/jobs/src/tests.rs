//! Tests the decisions of the jobs: defaults, notes, and what follows if the issuer's keys cannot
//! be fetched.

use std::cell::Cell;
use std::time::Duration;

use azure_oidc_core::ports::fixed::Offline;
use azure_oidc_core::ports::{Http, Ports, Request, Response, TransportError, TransportKind};
use azure_oidc_core::{Fault, Secret};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Document, check, credential, explain, inspect, verify};

const NOW: i64 = 1_787_306_400;
const ISSUER: &str = "https://gitlab.com";
const SUBJECT: &str = "project_path:g/p:ref_type:branch:ref:main";

fn token(claims: &Value) -> Secret {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": "RS256", "kid": "k1"});
    Secret::new(format!("{}.{}.{}", part(&header), part(claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256])))
}

fn claims(expires: i64) -> Value {
    json!({"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "iat": expires - 300, "exp": expires})
}

fn list(audience: &str) -> Document {
    Document::Json(json!([{"name": "main", "issuer": ISSUER, "subject": SUBJECT, "audiences": [audience]}]))
}

fn ask(expires: i64) -> check::Request {
    let credentials = list("api://AzureADTokenExchange");
    check::Request { token: Some(token(&claims(expires)).into()), credentials, ..check::Request::default() }
}

fn checked(request: check::Request) -> check::Answer {
    check::run(request, Offline { now: NOW }.ports()).unwrap()
}

/// A network on which every request fails in the same way.
struct Broken {
    kind: TransportKind,
    sent: Cell<usize>,
}

impl Http for Broken {
    fn send(&self, requests: &[Request], _: Duration) -> Vec<Result<Response, TransportError>> {
        self.sent.set(self.sent.get() + requests.len());
        requests.iter().map(|_| Err(TransportError { kind: self.kind, detail: String::new() })).collect()
    }
}

fn discovered(kind: TransportKind) -> (Result<check::Answer, Fault>, usize) {
    let (broken, offline) = (Broken { kind, sent: Cell::new(0) }, Offline { now: NOW });
    let ports = Ports { http: &broken, ..offline.ports() };
    (check::run(check::Request { discover: true, ..ask(NOW + 60) }, ports), broken.sent.get())
}

#[test]
fn clocks_may_differ_by_five_minutes_unless_the_request_says_otherwise() {
    for (expired, skew, verdict) in [
        (299, None, check::Verdict::Match),
        (301, None, check::Verdict::NoMatch),
        (301, Some(600), check::Verdict::Match),
        (1, Some(0), check::Verdict::NoMatch),
    ] {
        let answer = checked(check::Request { skew, ..ask(NOW - expired) });
        assert_eq!(answer.verdict, verdict, "{expired} {skew:?}");
    }
}

#[test]
fn the_time_of_the_request_comes_before_that_of_the_clock() {
    let answer = checked(check::Request { now: Some(NOW + 9000), ..ask(NOW + 60) });
    assert_eq!(answer.predicted_error.map(|code| code.0), Some(700_024));
}

#[test]
fn one_more_credential_has_the_audience_of_the_cloud() {
    for (cloud, audience) in [(None, "api://AzureADTokenExchange"), (Some("usgov"), "api://AzureADTokenExchangeUSGov")]
    {
        let credential =
            check::OneCredential { issuer: ISSUER.to_owned(), subject: SUBJECT.to_owned(), audience: None };
        let answer = checked(check::Request {
            issuer: Some(ISSUER.to_owned()),
            subject: Some(SUBJECT.to_owned()),
            credential: Some(credential),
            cloud: cloud.map(str::to_owned),
            ..check::Request::default()
        });
        assert_eq!(answer.verdict, check::Verdict::Match);
        assert_eq!(answer.credentials[0].audience.as_deref(), Some(audience));
    }
}

#[test]
fn keys_that_are_of_no_use_to_entra_either_are_an_answer() {
    let (answer, sent) = discovered(TransportKind::TooLarge);
    let answer = answer.unwrap();
    assert_eq!((answer.predicted_error.map(|code| code.0), sent), (Some(501_661), 1));
    assert!(answer.findings[0].message.starts_with("the issuer's keys could not be fetched: https://gitlab.com/"));
}

#[test]
fn a_machine_that_cannot_reach_the_issuer_says_nothing_about_it() {
    for (kind, code) in [
        (TransportKind::Denied, "discovery-denied"),
        (TransportKind::Dns, "discovery-failed"),
        (TransportKind::Timeout, "discovery-failed"),
    ] {
        let fault = discovered(kind).0.unwrap_err();
        assert_eq!((fault.code, fault.category, fault.predicted), (code, azure_oidc_core::Category::Network, None));
        assert!(fault.hints.iter().any(|hint| hint.contains("--jwks FILE")), "{:?}", fault.hints);
    }
}

#[test]
fn keys_of_the_request_come_before_those_of_the_issuer() {
    let keys = Document::Json(json!({"keys": [{"kty": "RSA", "kid": "other", "n": "AQ", "e": "AQAB"}]}));
    let request = check::Request { discover: true, jwks: Some(keys), ..ask(NOW + 60) };
    assert_eq!(checked(request).predicted_error.map(|code| code.0), Some(7_000_272));
}

#[test]
fn the_claims_of_what_is_no_token_are_empty() {
    let request = check::Request { token: Some(Secret::new("a.b").into()), ..ask(NOW) };
    let answer = serde_json::to_value(checked(request)).unwrap();
    assert_eq!((&answer["token"], &answer["predicted_error"]), (&json!({}), &json!("AADSTS50027")));
}

#[test]
fn what_is_no_token_is_refused_with_the_error_that_entra_would_give() {
    let faults = [
        inspect::run(&inspect::Request { token: Secret::new("a.b").into() }).err().unwrap(),
        explain::run(&explain::Request { token: Some(Secret::new("a.b").into()), ..explain::Request::default() }, None)
            .err()
            .unwrap(),
        credential::run(&credential::Request {
            token: Some(Secret::new("a.b").into()),
            ..credential::Request::default()
        })
        .err()
        .unwrap(),
        verify::with_issuer_keys(&Secret::new("a.b"), &[], Offline { now: 0 }.ports()).err().unwrap(),
    ];
    for fault in faults {
        assert_eq!((fault.code, fault.aadsts(), fault.hints.len()), ("token-not-three-segments", Some(50_027), 1));
    }
}

#[test]
fn advice_is_about_the_tokens_lifetime_only_when_the_time_is_known() {
    let request = |now| explain::Request {
        text: "AADSTS700024".to_owned(),
        token: Some(token(&claims(NOW - 9000)).into()),
        now,
        ..explain::Request::default()
    };
    let advice = |request: &explain::Request, clock| {
        explain::run(request, clock).unwrap().explanations.remove(0).advice.join("\n")
    };
    assert!(!advice(&request(None), None).contains("expired"));
    assert!(advice(&request(None), Some(NOW)).contains("the token expired"));
    assert!(!advice(&request(Some(NOW - 9100)), Some(NOW)).contains("the token expired"));
}

#[test]
fn a_text_without_a_code_is_a_fault_for_who_wants_an_answer() {
    let answer =
        explain::run(&explain::Request { text: "all is well".to_owned(), ..Default::default() }, None).unwrap();
    assert_eq!(answer.explanations, Vec::new());
    let fault = answer.found_in("`text`").unwrap_err();
    assert_eq!((fault.code, fault.message.as_str()), ("no-aadsts-code", "There is no AADSTS code in `text`"));
    let long = explain::Request { text: "AADSTS123456789".to_owned(), ..Default::default() };
    let fault = explain::run(&long, None).unwrap().found_in("`text`").unwrap_err();
    assert!(fault.hints[0].contains("four to eight digits"), "{:?}", fault.hints);
}

#[test]
fn credentials_are_written_for_graph_in_the_public_cloud_unless_the_request_says_otherwise() {
    let request = credential::Request {
        issuer: Some(ISSUER.to_owned()),
        subject: Some(SUBJECT.to_owned()),
        ..credential::Request::default()
    };
    let answer = credential::run(&request).unwrap();
    assert_eq!(answer.format, "graph");
    assert!(answer.text.contains("\"api://AzureADTokenExchange\""), "{}", answer.text);
}

#[test]
fn notes_say_what_to_know_about_the_credentials() {
    let page = json!({"value": [], "@odata.nextLink": "https://graph.microsoft.com/next"});
    let answer = checked(check::Request { credentials: Document::Text(page.to_string()), ..ask(NOW + 60) });
    assert!(answer.notes[0].starts_with("warning: the document is one page of a longer list"), "{:?}", answer.notes);
}

#[test]
fn a_platform_without_parts_says_how_to_give_them() {
    let request = credential::Request { platform: Some("github".to_owned()), ..credential::Request::default() };
    let fault = credential::run(&request).unwrap_err();
    assert_eq!(fault.code, "subject-part-missing");
    assert!(fault.hints.iter().any(|hint| hint.starts_with("give each part by its name")), "{:?}", fault.hints);
}
