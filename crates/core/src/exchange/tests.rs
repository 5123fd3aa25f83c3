//! Tests an exchange: its requests, retries, refusals and failures of the network.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use super::*;
use crate::cloud;
use crate::ports::fixed::Variables;
use crate::ports::{Clock, Http, TlsFailure, TransportKind};
use crate::secret::KnownSecrets;

const NOW: i64 = 1_790_000_000;

/// Ports with which time passes only while someone sleeps, and answers come from a script.
struct Script {
    answers: RefCell<VecDeque<Result<Response, TransportError>>>,
    sent: RefCell<Vec<Request>>,
    time: Cell<Duration>,
    slept: RefCell<Vec<Duration>>,
    numbers: Cell<u64>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Result<Response, TransportError>>) -> Self {
        Self {
            answers: RefCell::new(answers.into_iter().collect()),
            sent: RefCell::default(),
            time: Cell::default(),
            slept: RefCell::default(),
            numbers: Cell::new(0),
        }
    }

    fn run(&self, terms: Terms) -> Result<Vec<AccessToken>, Fault> {
        self.run_with(terms, &mut || None)
    }

    fn run_with(&self, terms: Terms, renew: &mut dyn FnMut() -> Option<Secret>) -> Result<Vec<AccessToken>, Fault> {
        self.grant(terms, renew).map(|granted| granted.tokens)
    }

    fn grant(&self, terms: Terms, renew: &mut dyn FnMut() -> Option<Secret>) -> Result<Granted, Fault> {
        run(
            terms,
            Ports {
                env: &Variables::default(),
                clock: self,
                random: self,
                http: self,
                secrets: &KnownSecrets::default(),
            },
            renew,
        )
    }

    fn bodies(&self) -> Vec<String> {
        self.sent.borrow().iter().map(|request| String::from_utf8(request.body.clone()).unwrap()).collect()
    }
}

impl Clock for Script {
    fn now(&self) -> i64 {
        NOW
    }
    fn monotonic(&self) -> Duration {
        self.time.get()
    }
    fn sleep(&self, time: Duration) {
        self.slept.borrow_mut().push(time);
        self.time.set(self.time.get() + time);
    }
}

impl Random for Script {
    fn number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }
}

impl Http for Script {
    fn send(&self, requests: &[Request], timeout: Duration) -> Vec<Result<Response, TransportError>> {
        assert!(!timeout.is_zero(), "an attempt without time");
        self.sent.borrow_mut().extend_from_slice(requests);
        requests.iter().map(|_| self.answers.borrow_mut().pop_front().expect("a scripted answer")).collect()
    }
}

fn terms() -> Terms {
    Terms {
        authority: Authority::of(cloud::PUBLIC),
        tenant: Tenant::parse("contoso.onmicrosoft.com", "--tenant-id").unwrap(),
        client_id: ClientId::parse("11111111-2222-3333-4444-555555555555", "--client-id").unwrap(),
        scopes: vec![Scope::parse("arm", Some(cloud::PUBLIC), "--scope").unwrap()],
        assertion: Secret::new("the.id.token"),
        timeout: Duration::from_secs(30),
        retries: 3,
        replication_wait: Duration::ZERO,
        alternative: None,
    }
}

fn two_scopes() -> Terms {
    let scope = |text| Scope::parse(text, Some(cloud::PUBLIC), "--scope").unwrap();
    Terms { scopes: vec![scope("arm"), scope("graph")], ..terms() }
}

fn answer(status: u16, body: &str) -> Result<Response, TransportError> {
    Ok(Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
}

fn with_header(status: u16, name: &str, value: &str) -> Result<Response, TransportError> {
    Ok(Response { status, headers: vec![(name.to_owned(), value.to_owned())], body: Vec::new() })
}

fn failed(kind: TransportKind) -> Result<Response, TransportError> {
    Err(TransportError { kind, detail: String::new() })
}

fn token(text: &str) -> Result<Response, TransportError> {
    answer(200, &format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{text}"}}"#))
}

fn refusal(code: u32) -> Result<Response, TransportError> {
    answer(
        401,
        &format!(
            r#"{{"error":"invalid_client","error_description":"AADSTS{code}: no. Trace ID: t","error_codes":[{code}],"trace_id":"t"}}"#
        ),
    )
}

#[test]
fn one_scope_is_one_post_with_the_five_fields_of_the_protocol() {
    let script = Script::new([token("eyJ.a")]);
    let tokens = script.run(terms()).unwrap();
    assert_eq!((tokens[0].token.reveal(), tokens[0].expires_on), ("eyJ.a", NOW + 3599));
    let sent = script.sent.borrow();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].url, "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token");
    assert_eq!(
        script.bodies()[0],
        "client_id=11111111-2222-3333-4444-555555555555&grant_type=client_credentials\
         &scope=https%3A%2F%2Fmanagement.azure.com%2F.default\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=the.id.token"
    );
    let request_id = &sent[0].headers.iter().find(|(name, _)| *name == "client-request-id").unwrap().1;
    assert_eq!((request_id.len(), &request_id[14..15]), (36, "4"));
}

#[test]
fn several_scopes_are_requested_at_once_and_answered_in_order() {
    let script = Script::new([token("first"), token("second")]);
    let tokens = script.run(two_scopes()).unwrap();
    let got: Vec<_> = tokens.iter().map(|token| (token.scope.short.unwrap(), token.token.reveal())).collect();
    assert_eq!(got, [("arm", "first"), ("graph", "second")]);
}

#[test]
fn only_scopes_without_a_token_are_retried() {
    let script = Script::new([token("first"), answer(503, ""), token("second")]);
    assert_eq!(script.run(two_scopes()).unwrap().len(), 2);
    assert_eq!(script.bodies().iter().filter(|body| body.contains("graph")).count(), 2);
    assert_eq!(script.sent.borrow().len(), 3);
}

#[test]
fn one_refused_scope_fails_the_whole_exchange_and_names_it() {
    let fault = Script::new([token("first"), refusal(70011)]).run(two_scopes()).unwrap_err();
    assert_eq!(fault.category, Category::Refused);
    assert!(fault.facts.contains(&("scope", "https://graph.microsoft.com/.default".into())), "{fault:?}");
}

#[test]
fn a_refusal_is_shown_before_a_failed_connection_beside_it() {
    let fault =
        Script::new([failed(TransportKind::Tls(TlsFailure::Name)), refusal(700213)]).run(two_scopes()).unwrap_err();
    assert_eq!(fault.entra.clone().unwrap().aadsts(), Some(700213));
}

#[test]
fn each_failure_of_tls_has_a_code_a_sentence_and_a_remedy_of_its_own() {
    let mut seen = Vec::new();
    for failure in TlsFailure::ALL {
        let fault = Script::new([failed(TransportKind::Tls(failure))]).run(terms()).unwrap_err();
        assert_eq!((fault.code, fault.category), (failure.code(), Category::Network));
        for text in [fault.code.to_owned(), fault.message.clone(), fault.hints[0].clone(), failure.words().to_owned()] {
            assert!(!seen.contains(&text), "{text}");
            seen.push(text);
        }
    }
}

#[test]
fn a_host_that_has_run_out_of_connections_may_succeed_later() {
    let terms = Terms { retries: 0, ..terms() };
    let fault = Script::new([failed(TransportKind::Exhausted)]).run(terms).unwrap_err();
    assert_eq!((fault.code, fault.is_transient), ("connections-exhausted", true));
}

#[test]
fn temporary_failures_are_retried() {
    for passing in [
        answer(429, ""),
        answer(500, ""),
        answer(503, "{}"),
        answer(408, ""),
        failed(TransportKind::Timeout),
        failed(TransportKind::Cut),
        failed(TransportKind::Connect),
        failed(TransportKind::Dns),
        failed(TransportKind::Exhausted),
    ] {
        let script = Script::new([passing, token("t")]);
        assert!(script.run(terms()).is_ok());
        assert_eq!(script.slept.borrow().len(), 1);
    }
}

#[test]
fn permanent_failures_are_not_retried() {
    for (last, code, category) in [
        (refusal(700016), "entra-refused", Category::Refused),
        (refusal(700213), "entra-refused", Category::Refused),
        (answer(400, "<html>"), "answer-not-json", Category::Network),
        (answer(200, "<html>"), "answer-not-json", Category::Network),
        (answer(200, "{}"), "answer-unusable", Category::Network),
        (
            answer(200, r#"{"access_token":"","token_type":"Bearer","expires_in":1}"#),
            "answer-unusable",
            Category::Network,
        ),
        (
            answer(200, r#"{"access_token":"a b","token_type":"Bearer","expires_in":1}"#),
            "answer-unusable",
            Category::Network,
        ),
        (answer(200, r#"{"access_token":"a","token_type":"Bearer"}"#), "answer-unusable", Category::Network),
        (
            answer(200, r#"{"access_token":"a","token_type":"pop","expires_in":1}"#),
            "answer-unusable",
            Category::Network,
        ),
        (with_header(307, "location", "https://elsewhere/?secret"), "redirect-refused", Category::Network),
        (failed(TransportKind::Denied), "destination-denied", Category::Network),
        (failed(TransportKind::TooLarge), "answer-too-large", Category::Network),
    ] {
        let script = Script::new([last]);
        let fault = script.run(terms()).unwrap_err();
        assert_eq!((fault.code, fault.category), (code, category));
        assert!(!fault.hints.is_empty(), "{code} has no hint");
        assert!(fault.facts.iter().any(|(name, _)| *name == "correlation id"), "{code} shows no request id");
    }
}

#[test]
fn a_redirect_target_is_shown_without_its_query() {
    let fault = Script::new([with_header(302, "location", "https://elsewhere/x?code=1")]).run(terms()).unwrap_err();
    assert!(fault.message.contains("https://elsewhere/x;") && !fault.message.contains("code=1"), "{}", fault.message);
}

#[test]
fn retry_after_can_be_seconds_or_a_date() {
    let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(NOW as u64 + 7));
    for (header, seconds) in [("3", 3), (date.as_str(), 7)] {
        let script = Script::new([with_header(429, "retry-after", header), token("t")]);
        assert!(script.run(terms()).is_ok());
        assert_eq!(*script.slept.borrow(), [Duration::from_secs(seconds)], "{header}");
    }
}

#[test]
fn a_retry_after_beyond_the_timeout_ends_the_exchange_at_once_and_says_so() {
    let script = Script::new([with_header(429, "retry-after", "3600")]);
    let fault = script.run(terms()).unwrap_err();
    assert!(fault.message.contains("3600s"), "{}", fault.message);
    assert!(script.slept.borrow().is_empty());
}

#[test]
fn retries_end_with_the_count_or_the_deadline() {
    let script = Script::new((0..4).map(|_| answer(503, "")));
    let fault = script.run(terms()).unwrap_err();
    assert!(fault.facts.contains(&("attempts", "4".into())), "{fault:?}");

    let script = Script::new((0..100).map(|_| answer(503, "")));
    let fault = script.run(Terms { retries: 1000, ..terms() }).unwrap_err();
    assert_eq!(fault.code, "authority-unavailable");
    assert!(script.time.get() <= Duration::from_secs(30));
}

#[test]
fn an_expired_assertion_is_renewed_once() {
    let script = Script::new([refusal(700024), token("t")]);
    assert!(script.run_with(terms(), &mut || Some(Secret::new("a.new.one"))).is_ok());
    assert!(script.bodies()[1].ends_with("client_assertion=a.new.one"));

    let script = Script::new([refusal(700024), refusal(700024)]);
    let mut renewals = 0;
    let fault = script.run_with(terms(), &mut || {
        renewals += 1;
        Some(Secret::new("a.new.one"))
    });
    assert_eq!(fault.unwrap_err().entra.clone().unwrap().aadsts(), Some(700024));
    assert_eq!(renewals, 1);
}

#[test]
fn a_short_time_is_not_divided_between_attempts() {
    let seconds = Duration::from_secs;
    for (whole, remaining, attempts, limit) in
        [(30, 30, 2, 15), (30, 30, 3, 10), (30, 5, 2, 5), (30, 30, 0, 30), (3, 3, 3, 3), (1, 1, 2, 1)]
    {
        assert_eq!(
            share(seconds(whole), seconds(remaining), attempts),
            seconds(limit),
            "{whole} {remaining} {attempts}"
        );
    }
}

#[test]
fn the_same_expired_assertion_is_not_sent_twice() {
    let script = Script::new([refusal(700024)]);
    let fault = script.run_with(terms(), &mut || Some(Secret::new("the.id.token"))).unwrap_err();
    assert_eq!(fault.entra.clone().unwrap().aadsts(), Some(700024));
    assert_eq!(script.sent.borrow().len(), 1);
}

#[test]
fn replication_of_a_new_credential_is_awaited_as_long_as_it_was_asked() {
    let script = Script::new([refusal(700213), refusal(70025), token("t")]);
    assert!(script.run(Terms { replication_wait: Duration::from_secs(20), ..terms() }).is_ok());
    assert_eq!(script.slept.borrow().len(), 2);

    let script = Script::new((0..10).map(|_| refusal(700213)));
    let fault = script.run(Terms { replication_wait: Duration::from_secs(12), ..terms() }).unwrap_err();
    assert_eq!(fault.category, Category::Refused);
    assert!(script.time.get() <= Duration::from_secs(13));
}

#[test]
fn every_refusal_that_can_pass_is_asked_again_and_others_are_not() {
    const WAIT: Duration = Duration::from_secs(4);
    let seconds = |numbers: &[u64]| numbers.iter().copied().map(Duration::from_secs).collect::<Vec<_>>();
    for code in [70_021, 700_211, 700_212, 700_213, 501_661, 50_166, 90_061] {
        let script = Script::new([refusal(code), token("t")]);
        assert!(script.run(Terms { replication_wait: WAIT, ..terms() }).is_ok(), "{code}");
        assert_eq!(*script.slept.borrow(), seconds(&[1]), "{code}");

        let script = Script::new((0..4).map(|_| refusal(code)));
        let fault = script.run(Terms { replication_wait: WAIT, ..terms() }).unwrap_err();
        assert_eq!(*script.slept.borrow(), seconds(&[1, 2, 1]), "{code}");
        assert!(fault.facts.contains(&("attempts", "4".into())), "{fault:?}");
        assert!(fault.hints.iter().any(|hint| hint.contains("`--replication-wait 2m --timeout 3m`")), "{fault:?}");
    }
    for code in [700_016, 90_002, 70_023, 700_024, 5_002_723] {
        let script = Script::new([refusal(code)]);
        let fault = script.run(Terms { replication_wait: WAIT, ..terms() }).unwrap_err();
        assert!(!fault.hints.iter().any(|hint| hint.contains("--replication-wait")), "{fault:?}");
        assert!(script.slept.borrow().is_empty(), "{code}");
    }
}

#[test]
fn the_wait_for_replication_ends_with_the_deadline() {
    let script = Script::new((0..3).map(|_| refusal(700213)));
    let limits = Terms { replication_wait: Duration::from_secs(60), timeout: Duration::from_secs(5), ..terms() };
    assert!(script.run(limits).is_err());
    assert!(script.time.get() < Duration::from_secs(5));
}

#[test]
fn another_token_of_the_job_is_sent_at_once_when_the_first_is_refused_for_its_subject() {
    let both = || Terms { alternative: Some(Secret::new("the.other.token")), ..terms() };
    let assertions = |script: &Script| -> Vec<String> {
        script.bodies().iter().map(|body| body.rsplit('=').next().unwrap().to_owned()).collect()
    };
    for code in [70_021, 700_213, 7_002_138] {
        let script = Script::new([refusal(code), token("t")]);
        let granted = script.grant(both(), &mut || None).unwrap();
        assert_eq!(granted.assertion.reveal(), "the.other.token", "{code}");
        assert_eq!(assertions(&script), ["the.id.token", "the.other.token"], "{code}");
        assert!(script.slept.borrow().is_empty());
    }
    // Both have the same issuer and audience.
    for code in [700_211, 700_212, 700_016] {
        let script = Script::new([refusal(code)]);
        assert!(script.grant(both(), &mut || None).is_err(), "{code}");
        assert_eq!(assertions(&script), ["the.id.token"], "{code}");
    }
    // The refusal of the first is told, and a wait is for both.
    let script = Script::new([refusal(700213), refusal(70021), refusal(700213), refusal(70021)]);
    let waiting = Terms { replication_wait: Duration::from_secs(1), ..both() };
    let fault = script.grant(waiting, &mut || None).unwrap_err();
    assert_eq!(fault.aadsts(), Some(700_213));
    let expected = ["the.id.token", "the.other.token", "the.id.token", "the.other.token"];
    assert_eq!(assertions(&script), expected);
    assert_eq!(*script.slept.borrow(), [Duration::from_secs(1)]);
}

#[test]
fn entras_message_is_complete_and_has_the_trace_id() {
    let long = "x".repeat(1500);
    let body = serde_json::json!({"error": "invalid_client", "error_description": format!("AADSTS1: {long} end"),
        "error_codes": [1], "trace_id": "the-trace", "correlation_id": "the-correlation"});
    let fault = Script::new([answer(401, &body.to_string())]).run(terms()).unwrap_err();
    assert!(fault.message.ends_with(&format!("{long} end")));
    let entra = fault.entra.clone().unwrap();
    assert_eq!(
        (entra.trace_id.as_deref(), entra.correlation_id.as_deref()),
        (Some("the-trace"), Some("the-correlation"))
    );
}

#[test]
fn debug_output_and_faults_do_not_contain_the_assertion() {
    let shown = format!("{:?}", terms());
    assert!(!shown.contains("the.id.token"), "{shown}");
    let fault = Script::new([answer(400, "no")]).run(terms()).unwrap_err();
    assert!(!format!("{fault:?}").contains("the.id.token"));
}
