//! Runs a command of the component with scripted ports, and checks what is true of every run.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use azure_oidc_component::commands::{self, Context, Files, HostKind, Outcome};
use azure_oidc_core::ports::fixed::Variables;
use azure_oidc_core::ports::{Clock, Http, Ports, Random, Request, Response, TransportError, TransportKind};
use azure_oidc_core::secret::KnownSecrets;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// 2026-08-21T10:00:00Z.
pub(crate) const NOW: i64 = 1_787_306_400;
pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SUBJECT: &str = "repo:octo-org/octo-repo:environment:prod";
const AUDIENCE: &str = "api://AzureADTokenExchange";
/// The exit codes of the documentation.
const EXIT_CODES: std::ops::RangeInclusive<u8> = 0..=6;
/// More requests than any run needs: three scopes, with retries for the whole timeout.
const MAX_REQUESTS: usize = 300;

/// A job with variables and files, whose requests get scripted answers.
pub(crate) struct Job<'a> {
    variables: Variables,
    files: &'a [(&'a str, &'a [u8])],
    answer: &'a dyn Fn(usize, &Request) -> Result<Response, TransportKind>,
    sent: Cell<usize>,
    now: Cell<Duration>,
    urls: RefCell<Vec<String>>,
    known: KnownSecrets,
}

impl<'a> Job<'a> {
    /// A job. `answer` gets the number of the request, from 0, and the request.
    pub(crate) fn new(
        variables: &[(&str, &str)],
        files: &'a [(&'a str, &'a [u8])],
        answer: &'a dyn Fn(usize, &Request) -> Result<Response, TransportKind>,
    ) -> Self {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (sent, now) = (Cell::new(0), Cell::new(Duration::ZERO));
        Self {
            variables: Variables(variables),
            files,
            answer,
            sent,
            now,
            urls: RefCell::default(),
            known: KnownSecrets::default(),
        }
    }

    pub(crate) fn ports(&self) -> Ports<'_> {
        Ports { env: &self.variables, clock: self, random: self, http: self, secrets: &self.known }
    }

    /// Runs a command line, and checks that its exit code is a documented one and that it prints
    /// none of the secrets on standard error.
    pub(crate) fn run(&self, arguments: &[String], secrets: &[&str]) -> Outcome {
        let outcome = commands::run(arguments, Context { ports: self.ports(), files: self, host: HostKind::Native });
        assert!(EXIT_CODES.contains(&outcome.exit_code), "exit code {}", outcome.exit_code);
        for secret in secrets {
            assert!(!outcome.stderr.contains(secret), "standard error has a secret: {}", outcome.stderr);
        }
        if outcome.exit_code != 0 {
            assert!(outcome.publish.is_empty(), "a failed command publishes something");
        }
        outcome
    }

    /// The URLs of the requests that were sent.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.urls.borrow().clone()
    }
}

impl Files for Job<'_> {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let found = self.files.iter().find(|(known, _)| *known == name);
        found.map(|(_, contents)| contents.to_vec()).ok_or_else(|| "was not passed by the host".to_owned())
    }
}

impl Http for Job<'_> {
    fn send(&self, requests: &[Request], _: Duration) -> Vec<Result<Response, TransportError>> {
        let one = |request: &Request| {
            let number = self.sent.replace(self.sent.get() + 1);
            assert!(number < MAX_REQUESTS, "the job does not stop sending requests");
            self.urls.borrow_mut().push(request.url.clone());
            (self.answer)(number, request).map_err(|kind| TransportError { kind, detail: String::new() })
        };
        requests.iter().map(one).collect()
    }
}

impl Clock for Job<'_> {
    fn now(&self) -> i64 {
        NOW + i64::try_from(self.now.get().as_secs()).unwrap_or_default()
    }

    fn monotonic(&self) -> Duration {
        // Time passes with every look, so that a loop that waits for it ends.
        self.now.set(self.now.get() + Duration::from_millis(1));
        self.now.get()
    }

    fn sleep(&self, time: Duration) {
        self.now.set(self.now.get() + time);
    }
}

impl Random for Job<'_> {
    fn number(&self) -> u64 {
        0x5eed
    }
}

/// The words of a command line.
pub(crate) fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// An ID token of the job that is valid for five minutes. Its signature is not valid.
pub(crate) fn id_token() -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "k1"});
    let claims = json!({"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "iat": NOW - 10, "exp": NOW + 290});
    format!("{}.{}.{}", part(&header), part(&claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]))
}

/// Entra's answer with an access token.
pub(crate) fn granted() -> Response {
    let body = json!({"access_token": "access-token-of-the-job", "token_type": "Bearer", "expires_in": 3600});
    Response { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() }
}

/// Any command line, one word a line, in a job whose requests all get an access token. The last
/// paragraph is standard input.
pub(crate) fn command(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (line, stdin) = text.split_once("\n\n").unwrap_or((&text, ""));
    let arguments: Vec<String> = line.lines().map(str::to_owned).collect();
    let token = id_token();
    let variables = [("T", token.as_str()), ("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", CLIENT)];
    let files = [("-", stdin.as_bytes()), ("f", stdin.as_bytes())];
    let job = Job::new(&variables, &files, &|_, _| Ok(granted()));
    let outcome = job.run(&arguments, &[&token, "access-token-of-the-job"]);
    let is_silent = outcome.stdout.is_empty() && outcome.stderr.is_empty();
    assert!(outcome.exit_code == 0 || !is_silent, "a failure without a message");
}
