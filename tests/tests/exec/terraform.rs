//! Terraform's providers within `exec`, as the source of `hashicorp/go-azure-sdk` and of azapi says:
//! which variables they read, what they send, when they ask again and what they repeat.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_emulator::client::Client;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_emulator::{Config, Injection, config};
use azure_oidc_tests::http::{self, Message};
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT};
use serde_json::Value;

use crate::platforms::variables;
use crate::{ARM_SCOPE, PATH, UNTIL_STOP, environment};

/// The audience that the providers add when the URL has none.
const AUDIENCE: &str = "api://AzureADTokenExchange";
/// How often a provider repeats a request, and how often one for a managed identity.
const REPEATS: (u32, u32) = (8, 5);

/// How a provider asks for an ID token.
#[derive(Debug, Clone, Copy)]
enum Style {
    /// `GET`, as at GitHub.
    Actions,
    /// `POST` without a body, with the id of a service connection.
    Pipelines,
}

/// A provider, with its own access token.
struct Provider<'a> {
    environment: &'a BTreeMap<String, String>,
    stage: &'a Stage,
    client: Client,
    style: Style,
    token: Option<(String, Instant, Duration)>,
}

impl<'a> Provider<'a> {
    fn new(stage: &'a Stage, environment: &'a BTreeMap<String, String>, style: Style) -> Self {
        assert_eq!(environment["ARM_USE_OIDC"], "true");
        // What would come first.
        for name in ["ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH", "ARM_CLIENT_SECRET", "ARM_USE_MSI"] {
            assert!(!environment.contains_key(name), "{name} is set");
        }
        let client = Client::trusting(stage.emulator.ca_file()).expect("it is a certificate");
        Self { environment, stage, client, style, token: None }
    }

    /// Works with the API: asks for a new access token when less than half of the life is left (20
    /// minutes where the life is long).
    fn work(&mut self) -> String {
        if self.token.as_ref().is_none_or(|(_, since, life)| since.elapsed() * 2 > *life) {
            self.token = Some(self.sign_in());
        }
        self.token.as_ref().expect("it signed in").0.clone()
    }

    /// Trades a new ID token for an access token.
    fn sign_in(&self) -> (String, Instant, Duration) {
        let fields = [
            ("client_id", &*self.environment["ARM_CLIENT_ID"]),
            ("grant_type", "client_credentials"),
            ("scope", ARM_SCOPE),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &self.id_token()),
        ];
        let body: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let url = format!("{}/{}/oauth2/v2.0/token", self.stage.emulator.url(), self.environment["ARM_TENANT_ID"]);
        let request = ::http::Request::post(url).header("content-type", "application/x-www-form-urlencoded");
        let answer = self.client.send(request.body(body.join("&")).expect("it is a request")).expect("it answers");
        let answer: Value = serde_json::from_slice(answer.body()).expect("it is JSON");
        let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("refused: {answer}"));
        let life = answer["expires_in"].as_u64().expect("it is a number");
        (token.to_owned(), Instant::now(), Duration::from_secs(life))
    }

    /// Asks for an ID token, and reads the member that its style has.
    fn id_token(&self) -> String {
        let (method, query, member) = match self.style {
            Style::Actions => ("GET", &[("audience", AUDIENCE)][..], "value"),
            Style::Pipelines => (
                "POST",
                &[("api-version", "7.1"), ("serviceConnectionId", "a-connection"), ("audience", AUDIENCE)][..],
                "oidcToken",
            ),
        };
        let (address, mut target) = split(&self.environment["ARM_OIDC_REQUEST_URL"]);
        for (name, value) in query {
            if !target.contains(&format!("{name}=")) {
                let separator = if target.contains('?') { '&' } else { '?' };
                target.push_str(&format!("{separator}{name}={}", encoded(value)));
            }
        }
        let bearer = format!("Bearer {}", self.environment["ARM_OIDC_REQUEST_TOKEN"]);
        let headers = [
            ("accept", "application/json"),
            ("accept-encoding", "gzip"),
            ("authorization", &*bearer),
            ("content-type", "application/x-www-form-urlencoded"),
            ("user-agent", "Go-http-client/1.1"),
        ];
        let answer = repeated(REPEATS.0, || http::send(&address, method, &target, &headers, ""));
        assert!((200..300).contains(&answer.status()), "{answer:?}");
        answer.json()[member].as_str().expect("it is text").to_owned()
    }
}

/// Percent encoding.
fn encoded(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    value.chars().map(|c| if is_plain(c) { c.to_string() } else { format!("%{:02X}", u32::from(c)) }).collect()
}

fn split(url: &str) -> (String, String) {
    let url = url.strip_prefix("http://").expect("it is plain HTTP");
    let (address, path) = url.split_once('/').expect("it has a path");
    (address.to_owned(), format!("/{path}"))
}

/// Repeats a request as `go-azure-sdk` does: after 429 and 5xx, by `Retry-After` or from a second on.
fn repeated(most: u32, send: impl Fn() -> Message) -> Message {
    let mut pause = Duration::from_secs(1);
    for _ in 0..most {
        let answer = send();
        if answer.status() != 429 && answer.status() < 500 {
            return answer;
        }
        let asked = answer.header("retry-after").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        thread::sleep(asked.unwrap_or(pause));
        pause = (pause * 2).min(Duration::from_secs(30));
    }
    send()
}

/// A job of GitHub, whose tokens live for so many seconds.
fn stage(id_token: i64, access_token: i64) -> Stage {
    let mut lives = Config::parse(config::DEFAULT, "".as_ref()).expect("it is good");
    lives.set_lives(Some(id_token), Some(access_token));
    Stage::of(lives)
}

fn exec(stage: &Stage, options: &[&str]) -> Job {
    let job = Job::host(&["exec", "--authority-host", stage.emulator.url(), "--ca-file"])
        .args(&[stage.emulator.ca_file()])
        .args(&["--tenant-id", TENANT, "--client-id", APPLICATION])
        .args(options)
        .args(&["--", "/bin/sh", "-c", UNTIL_STOP])
        .env("PATH", PATH)
        .within(stage.folder());
    variables(stage, "github").iter().fold(job, |job, (name, value)| job.env(name, value))
}

fn id_tokens_of_the_platform(stage: &Stage) -> usize {
    stage.requests().iter().filter(|request| request.path.ends_with("/idtoken")).count()
}

#[test]
fn providers_of_both_styles_work_for_longer_than_any_token_lives() {
    let stage = stage(4, 3);
    let running = exec(&stage, &[]).start();
    let environment = environment(&stage);
    let since = Instant::now();
    let mut providers = [Style::Actions, Style::Pipelines].map(|style| Provider::new(&stage, &environment, style));
    let mut seen = std::collections::BTreeSet::new();
    while since.elapsed() < Duration::from_secs(10) {
        for provider in &mut providers {
            seen.insert(provider.work());
        }
        thread::sleep(Duration::from_millis(100));
    }
    // Ten seconds are more than six renewals, by two providers.
    assert!(seen.len() >= 8, "{} access tokens", seen.len());
    stage.write("stop", "");
    running.finish().expect(0);
}

#[test]
fn fifty_providers_at_once_are_one_id_token() {
    let stage = stage(600, 3600);
    let running = exec(&stage, &[]).start();
    let environment = environment(&stage);
    let before = id_tokens_of_the_platform(&stage);
    thread::scope(|scope| {
        for at in 0..50 {
            let style = if at % 2 == 0 { Style::Actions } else { Style::Pipelines };
            let (stage, environment) = (&stage, &environment);
            scope.spawn(move || Provider::new(stage, environment, style).work());
        }
    });
    assert_eq!((before, id_tokens_of_the_platform(&stage)), (1, 1), "the one of the start is kept");
    stage.write("stop", "");
    running.finish().expect(0);
}

#[test]
fn a_provider_notices_no_passing_fault_of_the_platform() {
    let stage = stage(2, 3600);
    let running = exec(&stage, &[]).start();
    let environment = environment(&stage);
    // The kept token has ended, and the platform fails at first.
    thread::sleep(Duration::from_secs(3));
    let path = Some("/platforms/*".to_owned());
    stage.inject(Injection { path, times: Some(2), ..Injection::new(Kind::ServerError) });
    let provider = Provider::new(&stage, &environment, Style::Actions);
    let (address, target) = split(&environment["ARM_OIDC_REQUEST_URL"]);
    let bearer = format!("Bearer {}", environment["ARM_OIDC_REQUEST_TOKEN"]);
    let answer = http::send(&address, "GET", &target, &[("authorization", &bearer)], "");
    assert_eq!(answer.status(), 200, "the first request already: {answer:?}");
    provider.sign_in();
    assert!(stage.requests().iter().any(|request| request.injection.is_some()), "the platform did not fail");
    stage.write("stop", "");
    running.finish().expect(0);
}

#[test]
fn a_provider_with_a_managed_identity_reads_how_long_its_token_lives() {
    let stage = stage(600, 4);
    let running = exec(&stage, &["--imds"]).start();
    let environment = environment(&stage);
    assert!(!environment.contains_key("ARM_USE_MSI"), "the provider block or the job sets it");
    let (address, path) = split(&environment["ARM_MSI_ENDPOINT"]);
    let target =
        format!("{path}?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com&client_id={APPLICATION}");
    let since = Instant::now();
    let mut tokens = std::collections::BTreeSet::new();
    while since.elapsed() < Duration::from_secs(9) {
        let answer = repeated(REPEATS.1, || http::send(&address, "GET", &target, &[("metadata", "true")], ""));
        let answer = answer.json();
        let left: u64 = answer["expires_in"].as_str().and_then(|text| text.parse().ok()).expect("missing means never");
        assert!((1..=4).contains(&left), "{left}");
        tokens.insert(answer["access_token"].as_str().expect("it is text").to_owned());
        thread::sleep(Duration::from_millis(300));
    }
    assert!((3..=8).contains(&tokens.len()), "{} tokens", tokens.len());
    stage.write("stop", "");
    running.finish().expect(0);
}
