//! Tests the decisions that the service makes before it sends anything.
//! `tests/conformance/service.json` has the answers that each host must give.

use std::cell::Cell;
use std::time::Duration;

use azure_oidc_core::ports::fixed::{Offline, Variables};
use azure_oidc_core::ports::{Http, Ports, Request, Response, TransportError, TransportKind};
use azure_oidc_core::secret::KnownSecrets;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_787_306_400;
static OFFLINE: Offline = Offline { now: NOW };
const TENANT: (&str, &str) = ("AZURE_TENANT_ID", "contoso.onmicrosoft.com");
const ONE: &str = "22222222-2222-4222-8222-222222222222";
const OTHER: &str = "33333333-3333-4333-8333-333333333333";
const GRAPH: &str = "https://graph.microsoft.com/.default";

/// A service whose network gives no answer.
struct Service {
    variables: Variables,
    /// The number of requests that were tried.
    sent: Cell<usize>,
    /// Why there is no answer.
    kind: TransportKind,
}

impl Service {
    fn with<const N: usize>(variables: [(&str, &str); N]) -> Self {
        Self { variables: Variables::from(variables), sent: Cell::new(0), kind: TransportKind::Denied }
    }

    fn answer(&self, head: &Head, body: &Value) -> Reply {
        let secrets = KnownSecrets::default();
        let ports = Ports { env: &self.variables, http: self, secrets: &secrets, ..OFFLINE.ports() };
        answer(head, &mut || Ok(body.to_string().into_bytes()), ports)
    }

    /// Status and code of the answer to an exchange, and the number of requests that were tried.
    fn exchange(&self, body: &Value) -> (u16, String, usize) {
        let head = Head { bearer: Some(Secret::new(token())), ..post("/v1/exchange") };
        self.sent.set(0);
        let reply = self.answer(&head, body);
        let problem: Value = serde_json::from_str(&reply.body).unwrap();
        (reply.status, problem["code"].as_str().unwrap().to_owned(), self.sent.get())
    }
}

impl Http for Service {
    fn send(&self, requests: &[Request], _: Duration) -> Vec<Result<Response, TransportError>> {
        self.sent.set(self.sent.get() + requests.len());
        let failed = || TransportError { kind: self.kind, detail: String::new() };
        requests.iter().map(|_| Err(failed())).collect()
    }
}

fn post(path: &str) -> Head {
    let content_type = Some("application/json".to_owned());
    Head { method: "POST".to_owned(), path: path.to_owned(), content_type, ..Head::default() }
}

fn token() -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "k1"});
    let claims = json!({
        "iss": "https://gitlab.com", "sub": "project_path:g/p:ref_type:branch:ref:main", "aud": "api://AzureADTokenExchange",
        "iat": NOW - 10, "exp": NOW + 290,
    });
    format!("{}.{}.{}", part(&header), part(&claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]))
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

#[test]
fn it_trades_only_for_the_configured_clients_and_scopes() {
    let service = Service::with([
        TENANT,
        ("AZURE_CLIENT_ID", "22222222-2222-4222-8222-222222222222, 33333333-3333-4333-8333-333333333333"),
        ("AZURE_OIDC_SERVICE_SCOPES", "arm,graph"),
    ]);
    let nobody = "99999999-9999-4999-8999-999999999999";
    for (body, status, code, sent) in [
        (json!({ "client_id": ONE }), 502, "destination-denied", 1),
        (json!({ "client_id": OTHER, "scopes": ["graph"] }), 502, "destination-denied", 1),
        (json!({ "client_id": OTHER, "scopes": ["arm", GRAPH, "graph"] }), 502, "destination-denied", 2),
        (json!({}), 400, "client-id-missing", 0),
        (json!({ "client_id": nobody }), 403, "client-not-allowed", 0),
        (json!({ "client_id": ONE, "scopes": ["storage"] }), 403, "scope-not-allowed", 0),
        (json!({ "client_id": ONE, "scopes": ["arm", "storage"] }), 403, "scope-not-allowed", 0),
        (json!({ "client_id": ONE, "scopes": "arm" }), 400, "member-type", 0),
        (json!({ "client_id": ONE, "tenant_id": "x" }), 400, "member-unknown", 0),
    ] {
        assert_eq!(service.exchange(&body), (status, code.to_owned(), sent), "{body}");
    }
}

#[test]
fn a_wrong_configuration_is_an_internal_error() {
    for variables in [
        [TENANT, ("AZURE_CLIENT_ID", "not-a-guid"), ("X", "")],
        [("AZURE_TENANT_ID", "a/b"), ("AZURE_CLIENT_ID", ONE), ("X", "")],
        [TENANT, ("AZURE_CLIENT_ID", ONE), ("AZURE_AUTHORITY_HOST", "http://login.example")],
        [TENANT, ("AZURE_CLIENT_ID", ONE), ("AZURE_OIDC_SERVICE_SCOPES", "no such scope")],
    ] {
        let (status, code, sent) = Service::with(variables).exchange(&json!({}));
        assert_eq!((status, sent), (500, 0), "{code}: {variables:?}");
    }
    let (status, code, _) = Service::with([TENANT]).exchange(&json!({}));
    assert_eq!((status, code.as_str()), (403, "exchange-not-configured"));
}

const GITLAB: &str = "https://gitlab.com";

/// A service that trades for these issuers, and verifies ID tokens in this way.
fn trusting(issuers: &str, verify: &str) -> Service {
    let client = ("AZURE_CLIENT_ID", ONE);
    Service::with([TENANT, client, ("AZURE_OIDC_ALLOWED_ISSUERS", issuers), ("AZURE_OIDC_VERIFY", verify)])
}

#[test]
fn a_host_that_has_run_out_of_connections_is_busy_and_no_bad_gateway() {
    let client = ("AZURE_CLIENT_ID", ONE);
    let service = Service { kind: TransportKind::Exhausted, ..Service::with([TENANT, client]) };
    let (status, code, sent) = service.exchange(&json!({}));
    assert_eq!((status, code.as_str(), sent), (503, "connections-exhausted", 3));
    let head = Head { bearer: Some(Secret::new(token())), ..post("/v1/exchange") };
    assert_eq!(header(&service.answer(&head, &json!({})), "retry-after"), Some("1"));
}

#[test]
fn keys_are_not_fetched_from_issuers_in_private_networks_unless_their_host_is_allowed() {
    for (issuers, allowed, status, code, sent) in [
        ("https://gitlab.com, https://10.0.0.7", "", 500, "issuer-not-public", 0),
        ("https://gitlab.com, https://gitlab.corp.internal", "", 500, "issuer-not-public", 0),
        ("https://gitlab.com, http://gitlab.com", "gitlab.com", 500, "issuer-not-https", 0),
        ("https://gitlab.com, https://10.0.0.7", "x, 10.0.0.7", 502, "discovery-denied", 1),
    ] {
        let client = ("AZURE_CLIENT_ID", ONE);
        let issuers = ("AZURE_OIDC_ALLOWED_ISSUERS", issuers);
        let rules = [("AZURE_OIDC_VERIFY", "discover"), ("AZURE_OIDC_ALLOWED_HOSTS", allowed)];
        let service = Service::with([TENANT, client, issuers, rules[0], rules[1]]);
        assert_eq!(service.exchange(&json!({})), (status, code.to_owned(), sent), "{issuers:?}");
    }
}

#[test]
fn a_foreign_token_is_refused_before_anything_is_sent() {
    for (issuers, status, code, sent) in [
        ("https://gitlab.example, https://gitlab.com/", 403, "issuer-not-allowed", 0),
        ("https://GITLAB.com", 403, "issuer-not-allowed", 0),
        (",", 403, "issuer-not-allowed", 0),
        ("https://gitlab.example, https://gitlab.com", 502, "destination-denied", 1),
    ] {
        let service = trusting(issuers, "");
        assert_eq!(service.exchange(&json!({})), (status, code.to_owned(), sent), "{issuers}");
    }
}

#[test]
fn a_token_without_a_good_signature_is_refused_before_the_authority_is_asked() {
    let keys =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k1"}]}"#;
    let service = trusting("", keys);
    assert_eq!(service.exchange(&json!({})), (401, "signature-invalid".to_owned(), 0));
    // The keys of the issuer cannot be fetched here, and nothing else is tried.
    let service = trusting(GITLAB, "discover");
    assert_eq!(service.exchange(&json!({})), (502, "discovery-denied".to_owned(), 1));
}

#[test]
fn keys_are_fetched_from_listed_issuers_only() {
    let service = trusting("", "discover");
    assert_eq!(service.exchange(&json!({})), (500, "issuers-missing".to_owned(), 0));
    let service = trusting("", "keys.json");
    let (status, _, sent) = service.exchange(&json!({}));
    assert_eq!((status, sent), (500, 0), "the component reads no file");
}

#[test]
fn every_route_that_hosts_know_is_answered() {
    let service = Service::with([]);
    for route in azure_oidc_core::settings::SERVICE_ROUTES {
        assert_ne!(service.answer(&post(route), &json!({})).status, 404, "{route}");
    }
}

#[test]
fn an_unnecessary_body_is_not_read() {
    let service = Service::with([]);
    let ports = Ports { env: &service.variables, http: &service, ..OFFLINE.ports() };
    let too_long = Head { content_length: Some(MAX_BODY as u64 + 1), ..post("/v1/check") };
    let no_type = Head { content_type: None, ..post("/v1/check") };
    let get = Head { method: "GET".to_owned(), ..post("/v1/check") };
    for (head, status) in [(too_long, 413), (no_type, 415), (get, 405), (post("/nowhere"), 404)] {
        let reply = answer(&head, &mut || panic!("it is read"), ports);
        assert_eq!(reply.status, status);
    }
    for (unread, status) in [(Unread::TooLong, 413), (Unread::Cut, 400), (Unread::TooSlow, 408)] {
        assert_eq!(answer(&post("/v1/check"), &mut || Err(unread), ports).status, status);
    }
}

#[test]
fn only_a_page_whose_origin_is_listed_may_read_an_answer() {
    let service =
        Service::with([("AZURE_OIDC_SERVICE_CORS_ORIGINS", "*, null, https://app.example ,http://localhost:3000")]);
    let allowed = |origin: &str| {
        let reply = service.answer(&Head { origin: Some(origin.to_owned()), ..post("/v1/inspect") }, &json!({}));
        assert_eq!(header(&reply, "vary"), Some("Origin"));
        assert_eq!(header(&reply, "access-control-allow-credentials"), None);
        header(&reply, "access-control-allow-origin").map(ToOwned::to_owned)
    };
    for origin in ["https://app.example", "http://localhost:3000"] {
        assert_eq!(allowed(origin).as_deref(), Some(origin));
    }
    for origin in ["*", "null", "https://other.example", "https://app.example:8443", "https://APP.example", ""] {
        assert_eq!(allowed(origin), None, "{origin}");
    }
}

#[test]
fn credentials_are_the_same_as_json_and_as_a_string_that_holds_it() {
    let service = Service::with([]);
    let credentials = json!([{
        "name": "main", "issuer": "https://gitlab.com", "subject": "project_path:g/p:ref_type:branch:ref:main",
        "audiences": ["api://AzureADTokenExchange"],
    }]);
    let verdict = |credentials: Value| {
        let reply = service.answer(&post("/v1/check"), &json!({ "token": token(), "credentials": credentials }));
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body
    };
    let answer = verdict(credentials.clone());
    assert!(answer.contains("\"verdict\":\"match\""), "{answer}");
    assert_eq!(verdict(credentials.to_string().into()), answer);
    assert_eq!(verdict(json!({ "value": credentials })), answer);
}

#[test]
fn answers_name_members_of_the_body_and_no_options() {
    let service = Service::with([]);
    let list = json!([{"name": "main", "issuer": "https://a.example", "subject": "s", "audiences": ["a"]}]);
    let token = token();
    for (path, body, words) in [
        ("/v1/check", json!({"token": token, "credentials": list, "cloud": "moon"}), "use one of public"),
        ("/v1/check", json!({"token": token, "credentials": list}), "the issuer's keys, with `jwks`"),
        ("/v1/check", json!({"token": "./token.jwt", "credentials": list}), "pass the content of the file"),
        ("/v1/inspect", json!({"token": "/run/token.jwt"}), "pass the content of the file"),
        (
            "/v1/credential",
            json!({"cloud": "moon", "issuer": "https://a.example", "subject": "s"}),
            "use one of public",
        ),
        ("/v1/credential", json!({"platform": "github"}), "a member of `parts`"),
        ("/v1/credential", json!({"issuer": "https://a.example"}), "or use a token with `token`"),
        ("/v1/credential", json!({"parts": {"repo": "o/r"}}), "`platform`"),
        ("/v1/audit", json!({"documents": [1]}), "it must be a list of objects with `credentials`"),
        ("/v1/audit", json!({"documents": [["a"]]}), "it must be a list of objects with `credentials`"),
        (
            "/v1/audit",
            json!({"documents": [{"credentials": [{"name": "main", "issuer": "https://token.actions.githubusercontent.com",
                "subject": "repo:o/r:ref:refs/heads/main", "audiences": ["api://AzureADTokenExchange"]}]}]}),
            r#"as `replace` `{\"OLD\": \"NEW\"}`: `gh api"#,
        ),
    ] {
        let reply = service.answer(&post(path), &body);
        assert!(reply.body.contains(words), "{path} {body}\n{}", reply.body);
        let options: Vec<_> = reply.body.split('`').filter(|part| part.starts_with("--")).collect();
        assert!(options.is_empty(), "{path} {body}\n{options:?}");
    }
}
