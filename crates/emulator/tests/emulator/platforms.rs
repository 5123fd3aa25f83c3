//! The endpoints of the platforms, their refusals, and the product's own clients.

use std::io::{Read, Write};
use std::net::TcpStream;

use azure_oidc_core::platform::{self, Source};
use azure_oidc_core::ports::fixed::Variables;
use azure_oidc_core::ports::{self, Env};
use azure_oidc_core::token::Token;
use http::Request;
use serde_json::{Value, json};

use super::support::*;

const PLATFORMS: [&str; 4] = ["github", "azure-pipelines", "buildkite", "harness"];

fn platforms() -> Fixture {
    let issuers = PLATFORMS
        .iter()
        .chain(&["google-cloud"])
        .map(|name| format!("[[issuer]]\nname = \"my-{name}\"\nplatform = \"{name}\"\n"));
    start_with(&issuers.collect::<String>())
}

/// The variables of a job in the line that `serve` prints.
struct Job(Variables);

impl Job {
    fn of(fixture: &Fixture, platform: &str) -> Self {
        let ready = fixture.emulator.ready();
        let variables = ready["jobs"][format!("my-{platform}")].as_object().unwrap();
        Self(Variables(
            variables.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        ))
    }

    fn var(&self, name: &str) -> String {
        self.0.var(name).unwrap_or_else(|| panic!("{name} is not set"))
    }
}

fn token(text: &str) -> Token {
    Token::parse(text).unwrap_or_else(|_| panic!("{text}"))
}

fn ask(fixture: &Fixture, method: &str, url: &str, headers: &[(&str, &str)], body: Value) -> Answer {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    fixture.send(request.body(body).unwrap()).unwrap()
}

/// One request over a connection without TLS: status and body.
fn plain(mut stream: impl Read + Write, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

/// Sends what the product sends for this job.
#[cfg(unix)]
fn as_the_product_does(fixture: &Fixture, platform: &str, audience: &str) -> Token {
    let job = Job::of(fixture, platform);
    let mut variables = job.0.clone();
    variables.0.push(("AZURE_OIDC_HARNESS_IDENTITY".to_owned(), format!("my-{platform}")));
    let platform = platform::by_name(platform).unwrap();
    let Ok(Source::Request { request, socket, read, .. }) = platform.id_token(&variables, audience) else {
        panic!("{} asks nobody", platform.name())
    };
    let body = String::from_utf8(request.body.clone()).unwrap();
    let response = match socket {
        Some(path) => {
            let at = request.url.find("//").unwrap() + 2;
            let route = &request.url[at + request.url[at..].find('/').unwrap()..];
            let (status, body) =
                plain(std::os::unix::net::UnixStream::connect(path).unwrap(), "POST", route, "", &body);
            ports::Response { status, headers: Vec::new(), body: body.into_bytes() }
        }
        None => {
            let method = if request.method == ports::Method::Post { "POST" } else { "GET" };
            let mut sent = Request::builder().method(method).uri(&request.url);
            for (name, value) in &request.headers {
                sent = sent.header(*name, value);
            }
            let answer = fixture.send(sent.body(body).unwrap()).unwrap();
            ports::Response { status: answer.status, headers: Vec::new(), body: answer.response.into_body().to_vec() }
        }
    };
    token(read(&response).unwrap().reveal())
}

#[cfg(unix)]
#[test]
fn the_product_gets_a_token_from_every_platform_with_an_endpoint() {
    let fixture = platforms();
    for platform in PLATFORMS {
        let token = as_the_product_does(&fixture, platform, "api://AzureADTokenExchange");
        assert_eq!(token.claims().aud, ["api://AzureADTokenExchange"], "{platform}");
        assert_eq!(token.claims().iss.as_deref(), fixture.emulator.issuer(&format!("my-{platform}")), "{platform}");
    }
    assert_eq!(as_the_product_does(&fixture, "github", "mine").claims().aud, ["mine"]);
}

#[test]
fn github_wants_a_bearer_token_and_fills_in_the_owner_as_audience() {
    let fixture = platforms();
    let job = Job::of(&fixture, "github");
    let (url, secret) = (job.var("ACTIONS_ID_TOKEN_REQUEST_URL"), job.var("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
    assert!(url.contains('?'), "clients add `&audience=`: {url}");
    let bearer = format!("Bearer {secret}");
    let answer = ask(&fixture, "GET", &url, &[("authorization", &bearer)], Value::Null);
    assert_eq!(token(answer.text("value")).claims().aud, ["https://github.com/octo-org"]);
    assert!(answer.json["count"].is_number());
    assert_eq!(ask(&fixture, "GET", &url, &[], Value::Null).status, 401);
    assert_eq!(ask(&fixture, "GET", &url, &[("authorization", "Bearer x")], Value::Null).status, 401);
    let entry = fixture.last_request();
    assert!(entry.headers["authorization"].starts_with("(8 bytes, sha256 "), "{entry:?}");
}

#[test]
fn azure_pipelines_treats_a_job_without_a_valid_token_as_a_browser() {
    let fixture = platforms();
    let job = Job::of(&fixture, "azure-pipelines");
    let url = format!("{}?api-version=7.1", job.var("SYSTEM_OIDCREQUESTURI"));
    let unmapped = ("authorization", "Bearer $(System.AccessToken)");
    let suppress = ("x-tfs-fedauthredirect", "Suppress");
    for (headers, status) in
        [(vec![], 302), (vec![unmapped], 203), (vec![suppress], 401), (vec![unmapped, suppress], 401)]
    {
        let answer = ask(&fixture, "POST", &url, &headers, Value::Null);
        assert_eq!((answer.status, answer.header("content-type")), (status, Some("text/html; charset=utf-8")));
        assert!(answer.header("x-vss-e2eid").is_some() && answer.header("x-msedge-ref").is_some());
    }
}

#[test]
fn azure_pipelines_makes_tokens_of_a_connection_or_of_the_pipeline() {
    let fixture = platforms();
    let job = Job::of(&fixture, "azure-pipelines");
    let bearer = format!("Bearer {}", job.var("SYSTEM_ACCESSTOKEN"));
    let ask = |method: &str, query: &str| {
        let url = format!("{}?{query}", job.var("SYSTEM_OIDCREQUESTURI"));
        ask(&fixture, method, &url, &[("authorization", &bearer)], Value::Null)
    };
    let subject = |answer: Answer| token(answer.text("oidcToken")).claims().sub.clone().unwrap();
    let connection = job.var("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID");
    assert_eq!(
        subject(ask("POST", &format!("api-version=7.1&serviceConnectionId={connection}"))),
        "sc://contoso/Payments/azure-prod"
    );
    assert_eq!(subject(ask("POST", "api-version=7.1")), "p://contoso/Payments/deploy");
    let unknown = ask("POST", "api-version=7.1&serviceConnectionId=x");
    assert_eq!(unknown.text("message"), "No service connection found with identifier x.");
    let get = ask("GET", "api-version=7.1");
    assert_eq!((get.status, get.text("message")), (405, "The requested resource does not support http method 'GET'."));
    assert_eq!(ask("POST", "").status, 400);
}

#[test]
fn the_request_uri_of_azure_pipelines_can_be_built_from_the_other_variables() {
    let fixture = platforms();
    let job = Job::of(&fixture, "azure-pipelines");
    let built = format!(
        "{}{}/_apis/distributedtask/hubs/{}/plans/{}/jobs/{}/oidctoken",
        job.var("SYSTEM_COLLECTIONURI"),
        job.var("SYSTEM_TEAMPROJECTID"),
        job.var("SYSTEM_HOSTTYPE"),
        job.var("SYSTEM_PLANID"),
        job.var("SYSTEM_JOBID")
    );
    assert_eq!(built, job.var("SYSTEM_OIDCREQUESTURI"));
}

#[test]
fn buildkite_chooses_audience_subject_and_lifetime_by_the_request() {
    let fixture = platforms();
    let job = Job::of(&fixture, "buildkite");
    let url = format!("{}/jobs/{}/oidc/tokens", job.var("BUILDKITE_AGENT_ENDPOINT"), job.var("BUILDKITE_JOB_ID"));
    let secret = format!("Token {}", job.var("BUILDKITE_AGENT_ACCESS_TOKEN"));
    let ask = |body: Value| ask(&fixture, "POST", &url, &[("authorization", &secret)], body);
    let request = json!({ "audience": "mine", "lifetime": 60, "claims": [], "subject_claim": "pipeline_id" });
    let chosen = token(ask(request).text("token"));
    assert_eq!(chosen.claims().aud, ["mine"]);
    assert_eq!(chosen.claims().sub.as_deref(), chosen.claims().text("pipeline_id"));
    assert_eq!(chosen.claims().exp.unwrap() - chosen.claims().iat.unwrap(), 60);
    let default = token(ask(json!({})).text("token"));
    assert_eq!(default.claims().aud, ["https://buildkite.com/acme"]);
    assert!(default.claims().sub.as_deref().unwrap().starts_with("organization:acme:pipeline:web:"));
    assert_eq!(ask(json!({ "subject_claim": "step_key" })).status, 422);
    let bearer = secret.replace("Token", "Bearer");
    let refused = super::platforms::ask(&fixture, "POST", &url, &[("authorization", &bearer)], json!({}));
    assert_eq!(refused.status, 401);
}

#[cfg(unix)]
#[test]
fn the_mint_of_harness_is_a_unix_socket_and_the_handle_is_the_secret() {
    let fixture = platforms();
    let job = Job::of(&fixture, "harness");
    let path = job.var("HARNESS_WI_MINT_URL").strip_prefix("unix://").unwrap().to_owned();
    let connect = || std::os::unix::net::UnixStream::connect(&path).unwrap();
    let mint = |body: Value| plain(connect(), "POST", "/mint_workload_token", "", &body.to_string());
    let handle = job.var("HARNESS_WI_HANDLE");

    let (status, body) = mint(json!({ "handle": handle, "name": "my-harness", "audience_override": "mine" }));
    let answer: Value = serde_json::from_str(&body).unwrap();
    let minted = token(answer["oidc_token"].as_str().unwrap());
    assert_eq!((status, minted.claims().aud.as_slice()), (200, &["mine".to_owned()][..]));
    assert_eq!(answer["expires_at_unix"].as_i64(), minted.claims().exp);

    let unknown = (404, r#"{"error":"unknown workload identity"}"#.to_owned());
    assert_eq!(mint(json!({ "handle": handle, "name": "other" })), unknown);
    assert_eq!(mint(json!({ "handle": "x", "name": "my-harness" })), unknown);
    assert_eq!(plain(connect(), "POST", "/mint_workload_token", "", "{").0, 400);
    assert_eq!(plain(connect(), "GET", "/_emulator/health", "", "").0, 404, "the control API needs TLS");
}

#[test]
fn google_has_a_metadata_server_over_plain_http() {
    let fixture = platforms();
    let host = Job::of(&fixture, "google-cloud").var("GCE_METADATA_HOST");
    let get = |query: &str, headers: &str| {
        let path = format!("/computeMetadata/v1/instance/service-accounts/default/identity?{query}");
        plain(TcpStream::connect(&host).unwrap(), "GET", &path, headers, "")
    };
    const FLAVOR: &str = "metadata-flavor: Google\r\n";
    let (status, body) = get("audience=mine&format=full", FLAVOR);
    assert_eq!((status, token(&body).claims().aud.as_slice()), (200, &["mine".to_owned()][..]));
    assert!(token(&body).claims().text("email").is_some());
    assert!(token(&get("audience=mine", FLAVOR).1).claims().text("email").is_none());
    assert_eq!(get("audience=mine", "").0, 403);
    assert_eq!(get("", FLAVOR).0, 400);
    let entra = plain(TcpStream::connect(&host).unwrap(), "POST", &format!("/{TENANT}/oauth2/v2.0/token"), "", "");
    assert_eq!(entra.0, 404, "Entra needs TLS");
}

#[test]
fn injections_apply_to_these_endpoints_too() {
    let fixture = platforms();
    let job = Job::of(&fixture, "azure-pipelines");
    let null = json!({ "kind": "answer", "path": "/platforms/*/oidctoken", "body": "{\"oidcToken\":null}" });
    fixture.emulator.inject(serde_json::from_value(null).unwrap()).unwrap();
    let url = format!("{}?api-version=7.1", job.var("SYSTEM_OIDCREQUESTURI"));
    let bearer = format!("Bearer {}", job.var("SYSTEM_ACCESSTOKEN"));
    let answers: Vec<_> =
        (0..2).map(|_| ask(&fixture, "POST", &url, &[("authorization", &bearer)], Value::Null)).collect();
    assert!(answers[0].json["oidcToken"].is_null() && answers[1].json["oidcToken"].is_string());
}
