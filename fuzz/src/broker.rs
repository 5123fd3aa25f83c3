//! Any sequence of requests to the endpoints of `exec` and `broker`, of results and of pauses.
//!
//! The input is events with an empty line between them. An event is a request (`METHOD TARGET` and
//! lines `name: value`), `wait N` milliseconds, `grant N` seconds, `mint N` seconds, `refuse` or
//! `fail N` seconds for the oldest task.

use std::collections::BTreeSet;
use std::time::Duration;

use azure_oidc_core::Secret;
use azure_oidc_core::plan::{HostKind, Inputs, Limits, OutputInputs, Publish, TokenInputs, TokenSource};
use azure_oidc_core::ports::Ports;
use azure_oidc_core::ports::fixed::{Offline, Variables};
use azure_oidc_core::shell::Shell;
use azure_oidc_jobs::broker::{Action, Exchanged, Failure, Listening, Offer, Outcome, Reply, Request, Session, Task};
use azure_oidc_jobs::exchange::{Request as Options, SignIn};
use azure_oidc_jobs::{Context, Files};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const START: u64 = 1_787_306_400_000;
static OFFLINE: Offline = Offline { now: 1_787_306_400 };
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
/// The secrets of the three endpoints, which the corpus has.
const HEADER: &str = "header-secret-0123456789";
const BEARER: &str = "bearer-secret-0123456789";
const PATH: &str = "path-secret-0123456789";
const ACCESS: &str = "access-token-0123456789";

/// Each request has one answer, in JSON. A token is only for those with the secret of their endpoint
/// who name this machine and no other identity, and no access token has ended.
pub(crate) fn session(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut play = Play::open();
    play.end(|_, now| Outcome::Minted(id_token(now, 600)));
    for event in text.split("\n\n") {
        play.event(event);
    }
    while !play.tasks.is_empty() {
        play.end(|_, _| failed(false, None));
    }
    // Longer than any caller waits.
    play.pass(30_000);
    assert!(play.waiting.is_empty(), "nobody waits for ever: {:?}", play.waiting);
}

struct Play {
    session: Session,
    now: u64,
    tasks: Vec<(u64, Task)>,
    /// Requests without an answer.
    waiting: BTreeSet<u64>,
    /// Requests that may get an access token, and those that may get an ID token.
    for_access: BTreeSet<u64>,
    for_id_token: BTreeSet<u64>,
    last: u64,
}

impl Play {
    fn open() -> Self {
        let variables = [
            ("AZURE_TENANT_ID", "contoso.onmicrosoft.com"),
            ("AZURE_CLIENT_ID", CLIENT),
            ("ARM_OIDC_REQUEST_URL", "https://ci.example/token"),
            ("ARM_OIDC_REQUEST_TOKEN", "bearer"),
        ];
        let env = Variables::from(variables);
        let names = ["A".to_owned()];
        let options = Options {
            sign_in: SignIn::default(),
            scopes: &[],
            output_names: &names,
            credential: None,
            plan: Inputs {
                token: TokenInputs { source: TokenSource::Platform, platform: None, audience: None, is_lasting: true },
                output: OutputInputs {
                    form: "json",
                    publish: Publish::Token,
                    id_token_file: None,
                    host: HostKind::Native,
                },
            },
            limits: Limits { timeout: Duration::from_secs(30), ..Limits::DEFAULT },
            preflight: true,
            log_level: None,
            shell: Shell::Bash,
        };
        let listening = Listening {
            port: 4000,
            identity_header: Secret::new(HEADER),
            request_token: Secret::new(BEARER),
            path: Secret::new(PATH),
            token_file: String::new(),
            variables: Vec::new(),
            program: None,
        };
        let offer = Offer { imds: true, ..Offer::default() };
        let context =
            Context { ports: Ports { env: &env, ..OFFLINE.ports() }, files: &NoFiles, host: HostKind::Native };
        let (session, actions) = Session::open(&options, offer, listening, context, START, &mut Vec::new())
            .unwrap_or_else(|fault| panic!("{fault}"));
        let mut play = Self {
            session,
            now: START,
            tasks: Vec::new(),
            waiting: BTreeSet::new(),
            for_access: BTreeSet::new(),
            for_id_token: BTreeSet::new(),
            last: 0,
        };
        play.take(actions);
        play
    }

    fn event(&mut self, event: &str) {
        let (word, rest) = event.split_once(' ').unwrap_or((event, ""));
        let number = || rest.trim().parse::<u32>().unwrap_or(1);
        match word {
            "wait" => self.pass(u64::from(number())),
            "grant" => self.end(|task, now| match task {
                Task::Exchange { .. } => access(now, number()),
                Task::Mint(_) => Outcome::Minted(id_token(now, number())),
            }),
            "mint" => self.end(|_, now| Outcome::Minted(id_token(now, number()))),
            "refuse" => self.end(|_, _| failed(false, None)),
            "fail" => self.end(|_, _| failed(true, Some(number()))),
            _ => self.request(event),
        }
    }

    fn request(&mut self, text: &str) {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let (method, target) = first.split_once(' ').unwrap_or((first, ""));
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: lines.filter_map(header).collect(),
        };
        self.last += 1;
        self.waiting.insert(self.last);
        let has = |name: &str, value: &str| {
            request.headers.iter().any(|(own, text)| own == name && text.to_ascii_lowercase().contains(value))
        };
        let is_here = has("host", "127.0.0.1:4000") || has("host", "localhost:4000");
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let names_another =
            query.split('&').any(|pair| ["object_id=", "mi_res_id="].iter().any(|name| pair.starts_with(name)));
        let is_of_ours = !names_another && !has("origin", "");
        if is_here && is_of_ours && (has("x-identity-header", HEADER) || target.contains(PATH)) {
            self.for_access.insert(self.last);
        }
        if is_here && !has("origin", "") && has("authorization", BEARER) {
            self.for_id_token.insert(self.last);
        }
        let actions = self.session.request(self.last, &request, self.now);
        self.take(actions);
    }

    /// Ends the oldest task.
    fn end(&mut self, outcome: impl Fn(&Task, u64) -> Outcome) {
        if self.tasks.is_empty() {
            return;
        }
        let (id, task) = self.tasks.remove(0);
        let actions = self.session.done(id, outcome(&task, self.now), "", self.now);
        self.take(actions);
    }

    fn pass(&mut self, time: u64) {
        self.now += time;
        let actions = self.session.tick(self.now);
        self.take(actions);
    }

    fn take(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Reply(reply) => self.check(&reply),
                Action::Start(id, task) => self.tasks.push((id, task)),
                Action::Say(text) => assert_is_clean(&text),
                Action::WakeAt(_) | Action::Ready(_) | Action::Refuse(_) | Action::WriteTokenFile(_) => {}
            }
        }
        assert!(self.tasks.len() <= 9, "{} tasks at once", self.tasks.len());
    }

    fn check(&mut self, reply: &Reply) {
        assert!(self.waiting.remove(&reply.id), "an answer that nobody waits for");
        let body: Value = serde_json::from_str(reply.body.reveal()).expect("each answer is JSON");
        if reply.status != 200 {
            assert!(matches!(reply.status, 400 | 401 | 403 | 405 | 429 | 503), "{}", reply.status);
            assert_eq!(body["statusCode"], reply.status);
            return assert_is_clean(reply.body.reveal());
        }
        assert_eq!(reply.retry_after, None);
        match body["expires_on"].as_str() {
            Some(end) => {
                assert!(self.for_access.contains(&reply.id), "an access token for somebody else");
                assert!(end.parse::<u64>().is_ok_and(|end| end * 1000 > self.now), "{end} is not after {}", self.now);
            }
            None => assert!(self.for_id_token.contains(&reply.id), "an ID token for somebody else"),
        }
    }
}

/// No secret is in what somebody without one can see.
fn assert_is_clean(text: &str) {
    for secret in [HEADER, BEARER, PATH, ACCESS] {
        assert!(!text.contains(secret), "{text}");
    }
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("is not there".to_owned())
    }
}

fn id_token(now: u64, life: u32) -> Secret {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": "https://gitlab.com",
        "sub": "a",
        "aud": "api://AzureADTokenExchange",
        "iat": now / 1000,
        "exp": now / 1000 + u64::from(life),
    });
    Secret::new(format!("{}.{}.c2ln", part(json!({ "alg": "RS256", "kid": "k", "typ": "JWT" })), part(claims)))
}

fn access(now: u64, life: u32) -> Outcome {
    Outcome::Exchanged(Exchanged {
        access_token: Secret::new(ACCESS),
        token_type: "Bearer".to_owned(),
        expires_on: i64::try_from(now / 1000).unwrap_or_default() + i64::from(life),
        id_token: None,
    })
}

fn failed(is_passing: bool, retry_after: Option<u32>) -> Outcome {
    Outcome::Failed(Failure {
        code: "x".to_owned(),
        exit_code: 4,
        error: None,
        message: "AADSTS700213: no".to_owned(),
        is_passing,
        retry_after,
        text: "error: no\n".to_owned(),
    })
}
