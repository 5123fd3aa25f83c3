//! Tests which addresses are registries, and the meaning of their answers.

use std::cell::{Cell, RefCell};

use super::*;
use crate::ports::fixed::Offline;
use crate::ports::{Clock, Http, TlsFailure};
use crate::secret::KnownSecrets;

#[test]
fn a_registry_is_known_by_its_whole_name() {
    for (address, host, cloud) in [
        ("contoso.azurecr.io", "contoso.azurecr.io", "public"),
        ("https://contoso.azurecr.io", "contoso.azurecr.io", "public"),
        ("https://contoso.azurecr.io/v2/", "contoso.azurecr.io", "public"),
        ("contoso.azurecr.io/", "contoso.azurecr.io", "public"),
        ("Contoso.AzureCR.io", "contoso.azurecr.io", "public"),
        ("contoso.azurecr.io:443", "contoso.azurecr.io", "public"),
        ("contoso-a1b2c3.azurecr.us", "contoso-a1b2c3.azurecr.us", "usgov"),
        ("contoso.azurecr.cn/v1/", "contoso.azurecr.cn", "china"),
    ] {
        let registry = Registry::at(address, None).unwrap_or_else(|| panic!("{address}"));
        assert_eq!((registry.host.as_str(), registry.cloud.map(|cloud| cloud.name)), (host, Some(cloud)), "{address}");
    }
    for address in [
        "",
        "https://",
        "azurecr.io",
        ".azurecr.io",
        "contoso.azurecr.io.evil.example",
        "https://contoso.azurecr.io.evil.example/v2/",
        "evil.example/contoso.azurecr.io",
        "https://evil.example/https://contoso.azurecr.io",
        "contoso.azurecr.io@evil.example",
        "evil.example?contoso.azurecr.io",
        "evil.example#.azurecr.io",
        "evil.example\\.azurecr.io",
        "user@contoso.azurecr.io",
        "a.b.azurecr.io",
        "contosoazurecr.io",
        "contoso.azurecr.io.",
        "contoso.azurecr.io:8443",
        "contoso.azurecr.io:443:443",
        "http://contoso.azurecr.io",
        "contoso.azurecr.de",
        "contoso.azurecr.io\n",
        " contoso.azurecr.io",
        "contosø.azurecr.io",
        "https://index.docker.io/v1/",
        "mcr.microsoft.com",
    ] {
        assert_eq!(Registry::at(address, None), None, "{address:?}");
    }
}

#[test]
fn other_registries_are_named_by_the_user() {
    let others = Some("localhost:5000, registry.sovereign.example");
    for (address, host) in
        [("localhost:5000", "localhost:5000"), ("https://Registry.sovereign.example/v2/", "registry.sovereign.example")]
    {
        let registry = Registry::at(address, others).unwrap();
        assert_eq!((registry.host.as_str(), registry.cloud), (host, None));
        assert_eq!(registry.url(), format!("https://{host}/oauth2/exchange"));
    }
    for entry in ["x.example:99999", "x.example:0", "x_.example:", "a b"] {
        let fault = Registry::at(entry, Some(entry)).unwrap().address().unwrap_err();
        assert_eq!(fault.category, Category::Usage);
        assert!(fault.message.contains(REGISTRIES) && fault.message.contains(entry), "{}", fault.message);
    }
    for address in ["localhost", "localhost:5001", "x.registry.sovereign.example", "registry.sovereign.example:1"] {
        assert_eq!(Registry::at(address, others), None, "{address}");
    }
}

/// A registry with these answers; the last one is that of all later requests.
struct Remote {
    answers: Vec<Result<Response, TransportKind>>,
    asked: RefCell<Vec<String>>,
    time: Cell<Duration>,
}

impl Http for Remote {
    fn send(&self, requests: &[Request], _: Duration) -> Vec<Result<Response, TransportError>> {
        let answer = &self.answers[self.asked.borrow().len().min(self.answers.len() - 1)];
        let body = String::from_utf8(requests[0].body.clone()).unwrap();
        self.asked.borrow_mut().push(format!("{} {body}", requests[0].url));
        vec![answer.clone().map_err(|kind| TransportError { kind, detail: String::new() })]
    }
}

impl Clock for Remote {
    fn now(&self) -> i64 {
        1_787_306_400
    }

    fn monotonic(&self) -> Duration {
        self.time.get()
    }

    fn sleep(&self, time: Duration) {
        self.time.set(self.time.get() + time);
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Response, TransportKind> {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(Response { status, headers, body: body.as_bytes().to_vec() })
}

fn exchange(answers: Vec<Result<Response, TransportKind>>) -> (Result<Secret, Fault>, Vec<String>, Duration) {
    let remote = Remote { answers, asked: RefCell::default(), time: Cell::default() };
    let secrets = KnownSecrets::default();
    let ports = Ports { http: &remote, clock: &remote, secrets: &secrets, ..Offline { now: 0 }.ports() };
    let registry = Registry::at("contoso.azurecr.io", None).unwrap();
    let tenant = Tenant::parse("contoso.onmicrosoft.com", "a test").unwrap();
    let result = registry.exchange(&tenant, &Secret::new("a.b+c"), Duration::from_secs(30), 3, ports);
    (result, remote.asked.take(), remote.time.get())
}

const GRANTED: &str = r#"{"refresh_token":"r.e.f"}"#;

#[test]
fn the_request_has_the_documented_form_and_the_answer_is_the_refresh_token() {
    let (result, asked, _) = exchange(vec![answer(200, &[], GRANTED)]);
    assert_eq!(result.unwrap().reveal(), "r.e.f");
    assert_eq!(
        asked,
        ["https://contoso.azurecr.io/oauth2/exchange grant_type=access_token&service=contoso.azurecr.io&\
          tenant=contoso.onmicrosoft.com&access_token=a.b%2Bc"]
    );
}

#[test]
fn what_may_pass_is_asked_again_when_the_registry_says() {
    let busy = |status| answer(status, &[("retry-after", "7")], "");
    for first in [busy(429), busy(503), Err(TransportKind::Cut), Err(TransportKind::Timeout)] {
        let told = first.is_ok();
        let (result, asked, waited) = exchange(vec![first, answer(200, &[], GRANTED)]);
        assert!(result.is_ok());
        assert_eq!(asked.len(), 2);
        assert_eq!(waited == Duration::from_secs(7), told, "{waited:?}");
    }
    let (result, asked, _) = exchange(vec![answer(429, &[("retry-after", "31")], "")]);
    let fault = result.unwrap_err();
    assert_eq!((fault.code, fault.category, asked.len()), ("registry-throttles", Category::Network, 1));
    assert_eq!(exchange(vec![busy(500)]).1.len(), 4);
}

#[test]
fn a_failure_names_the_registry_and_is_asked_once() {
    let unauthorised = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}"#;
    let page = [("content-type", "text/html")];
    let elsewhere = [("location", "https://evil.example/?access_token=a.b+c")];
    for (wrong, code, category, part) in [
        (
            answer(401, &[], unauthorised),
            "registry-refused",
            Category::Refused,
            "401: UNAUTHORIZED authentication required",
        ),
        (answer(403, &[], ""), "registry-refused", Category::Refused, "answered 403"),
        (answer(404, &page, "<html>"), "registry-refused", Category::Refused, "answered 404"),
        (answer(200, &page, "<html>"), "registry-answer-unusable", Category::Network, "text/html"),
        (answer(200, &[], "{}"), "registry-answer-unusable", Category::Network, "without a usable"),
        (answer(200, &[], r#"{"refresh_token":"a\nb"}"#), "registry-answer-unusable", Category::Network, "usable"),
        (
            answer(307, &elsewhere, ""),
            "registry-redirects",
            Category::Network,
            "https://evil.example/; the token was not",
        ),
        (Err(TransportKind::Denied), "registry-unreachable", Category::Network, "not allow"),
        (Err(TransportKind::Tls(TlsFailure::Expired)), "registry-unreachable", Category::Network, "expired"),
    ] {
        let (result, asked, _) = exchange(vec![wrong]);
        let fault = result.unwrap_err();
        assert_eq!((fault.code, fault.category, asked.len()), (code, category, 1), "{fault}");
        assert!(
            fault.message.starts_with("The registry contoso.azurecr.io ") && fault.message.contains(part),
            "{fault}"
        );
        assert!(!format!("{fault:?}").contains("a.b"), "{fault:?}");
    }
}
