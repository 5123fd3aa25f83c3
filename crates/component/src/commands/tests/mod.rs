//! Commands over fixed ports: a clock that stands still, variables, files and answers from lists.

use std::cell::RefCell;
use std::time::Duration;

use azure_oidc_core::ports::fixed::Variables;
use azure_oidc_core::ports::{Clock, Http, Ports, Random, Request, Response, TransportError, TransportKind};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Context, Files, HostKind, Outcome, run};

mod check;
mod credential;
mod exchange;
mod explain;
mod parity;
mod verify;

/// 2026-08-21T10:00:00Z.
const NOW: i64 = 1_787_306_400;

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// A job's surroundings.
#[derive(Default)]
struct Job {
    variables: Variables,
    files: Vec<(&'static str, Vec<u8>)>,
    /// URLs and what they answer; any other destination is unreachable.
    pages: Vec<(String, String)>,
    /// What happens to requests for no page.
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

    /// Runs a command line, in which a word has no blanks.
    fn run(&self, line: &str) -> Outcome {
        self.run_words(&line.split_whitespace().collect::<Vec<_>>())
    }

    fn run_words(&self, words: &[&str]) -> Outcome {
        let arguments: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let ports = Ports { env: &self.variables, clock: self, random: self, http: self };
        run(&arguments, Context { ports, files: self, host: HostKind::Native })
    }
}

impl Files for Job {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let found = self.files.iter().find(|(known, _)| *known == name);
        found.map(|(_, contents)| contents.clone()).ok_or_else(|| "was not handed over by the host".to_owned())
    }
}

impl Clock for Job {
    fn now(&self) -> i64 {
        NOW
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

impl Random for Job {
    fn number(&self) -> u64 {
        7
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

/// A token with these claims, good for five minutes. Its signature is noise.
fn token(iss: &str, sub: &str, aud: &str) -> String {
    minted(&json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}), iss, sub, aud)
}

fn minted(header: &Value, iss: &str, sub: &str, aud: &str) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": iss, "sub": sub, "aud": aud, "iat": NOW - 10, "exp": NOW + 290});
    format!("{}.{}.{}", part(header), part(&claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]))
}

/// Credentials as `az ad app federated-credential list` prints them.
fn list(credentials: &[(&str, &str, &str)]) -> String {
    let one = |(name, issuer, subject): &(&str, &str, &str)| json!({"id": "1", "name": name, "issuer": issuer, "subject": subject, "description": null, "audiences": [AUDIENCE]});
    credentials.iter().map(one).collect::<Value>().to_string()
}

/// Exit code, standard output and standard error, as a reader sees them.
fn shown(outcome: &Outcome) -> String {
    format!("exit {}\n{}---\n{}", outcome.exit_code, outcome.stdout, outcome.stderr)
}
