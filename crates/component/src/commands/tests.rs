//! Tests commands with fixed ports: a stopped clock, and lists of variables, files and answers.

use std::cell::RefCell;
use std::time::Duration;

use azure_oidc_core::ports::fixed::{Offline, Variables};
use azure_oidc_core::ports::{Http, Ports, Request, Response, TransportError, TransportKind};
use azure_oidc_core::secret::KnownSecrets;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Context, Files, HostKind, Outcome, run};

mod audit;
mod broker;
mod check;
mod credential;
mod exchange;
mod explain;
mod helpers;
mod log_injection;
mod parity;
mod real_life;
mod setup;
mod verify;

/// 2026-08-21T10:00:00Z.
const NOW: i64 = 1_787_306_400;
static OFFLINE: Offline = Offline { now: NOW };

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// The environment of a job.
#[derive(Default)]
struct Job {
    variables: Variables,
    files: Vec<(&'static str, Vec<u8>)>,
    /// URLs and their answers. Other destinations are unreachable.
    pages: Vec<(String, String)>,
    /// The outcome of requests to other URLs.
    otherwise: Option<TransportKind>,
    asked: RefCell<Vec<String>>,
}

impl Job {
    fn with_token(token: &str) -> Self {
        Self { variables: Variables::from([("T", token)]), ..Self::default() }
    }

    fn file(mut self, name: &'static str, contents: impl Into<Vec<u8>>) -> Self {
        self.files.push((name, contents.into()));
        self
    }

    fn page(mut self, url: String, body: &Value) -> Self {
        self.pages.push((url, body.to_string()));
        self
    }

    /// Runs a command line. Its words are separated by spaces and contain none.
    fn run(&self, line: &str) -> Outcome {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    fn run_words(&self, words: &[&str]) -> Outcome {
        let arguments: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        run(&arguments, self.context(&KnownSecrets::default()))
    }

    fn context<'a>(&'a self, secrets: &'a KnownSecrets) -> Context<'a> {
        let ports = Ports { env: &self.variables, http: self, secrets, ..OFFLINE.ports() };
        Context { ports, files: self, host: HostKind::Native }
    }
}

impl Files for Job {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let found = self.files.iter().find(|(known, _)| *known == name);
        found.map(|(_, contents)| contents.clone()).ok_or_else(|| "was not passed by the host".to_owned())
    }
}

impl Http for Job {
    fn send(&self, requests: &[Request], _: Duration) -> Vec<Result<Response, TransportError>> {
        let answer = |request: &Request| {
            self.asked.borrow_mut().push(request.url.clone());
            match self.pages.iter().find(|(url, _)| *url == request.url) {
                Some((_, body)) => Ok(Response { status: 200, headers: Vec::new(), body: body.clone().into_bytes() }),
                None => {
                    Err(TransportError { kind: self.otherwise.unwrap_or(TransportKind::Dns), detail: String::new() })
                }
            }
        };
        requests.iter().map(answer).collect()
    }
}

/// A token with these claims that is valid for five minutes. Its signature is invalid.
fn token(iss: &str, sub: &str, aud: &str) -> String {
    minted(&json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}), iss, sub, aud)
}

fn minted(header: &Value, iss: &str, sub: &str, aud: &str) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": iss, "sub": sub, "aud": aud, "iat": NOW - 10, "exp": NOW + 290});
    format!("{}.{}.{}", part(header), part(&claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]))
}

/// Credentials in the form that `az ad app federated-credential list` prints.
fn list(credentials: &[(&str, &str, &str)]) -> String {
    let one = |(name, issuer, subject): &(&str, &str, &str)| json!({"id": "1", "name": name, "issuer": issuer, "subject": subject, "description": null, "audiences": [AUDIENCE]});
    credentials.iter().map(one).collect::<Value>().to_string()
}

/// Exit code, standard output and standard error in one text.
fn shown(outcome: &Outcome) -> String {
    format!("exit {}\n{}---\n{}", outcome.exit_code, outcome.stdout, outcome.stderr)
}
