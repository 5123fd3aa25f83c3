//! Tests a session with a clock that the test sets.

use std::collections::BTreeMap;

use azure_oidc_core::Secret;
use azure_oidc_core::plan::{HostKind, Inputs, Limits, OutputInputs, Publish, TokenInputs, TokenSource};
use azure_oidc_core::ports::Ports;
use azure_oidc_core::ports::fixed::{Offline, Variables};
use azure_oidc_core::shell::Shell;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::exchange::{Request as Options, SignIn};
use crate::{Context, Files};

mod any_order;
mod callers;
mod endings;
mod program;
mod protocols;
mod renewals;

/// 2026-08-21T10:00:00Z.
const START: u64 = 1_787_306_400_000;
const MINUTE: u64 = 60_000;
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
const ARM: &str = "https://management.azure.com";
static OFFLINE: Offline = Offline { now: 1_787_306_400 };

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("is not there".to_owned())
    }
}

/// An ID token that ends after so many milliseconds.
fn id_token(from: u64, life: u64) -> Secret {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "RS256", "kid": "k", "typ": "JWT"}));
    let claims = part(json!({
        "iss": "https://gitlab.com",
        "sub": "project_path:g/p:ref_type:branch:ref:main",
        "aud": "api://AzureADTokenExchange",
        "iat": from / 1000,
        "exp": (from + life) / 1000,
    }));
    Secret::new(format!("{header}.{claims}.c2ln"))
}

/// What the tests vary.
struct Setting {
    /// Whether the platform issues a token for each request.
    is_endless: bool,
    scopes: &'static [&'static str],
    offer: Offer,
    variables: &'static [&'static str],
    program: Option<&'static str>,
    no_proxy: &'static str,
    timeout: u64,
}

const ENDLESS: Setting = Setting {
    is_endless: true,
    scopes: &[],
    offer: Offer { token_file: false, imds: false, keep_id_token: false },
    variables: &[],
    program: None,
    no_proxy: "",
    timeout: 30_000,
};
const ONCE: Setting = Setting { is_endless: false, ..ENDLESS };

/// A session and all that it said.
struct Play {
    session: Session,
    now: u64,
    wake: Option<u64>,
    tasks: Vec<(u64, Task)>,
    replies: BTreeMap<u64, Reply>,
    said: String,
    environment: Option<Environment>,
    refusal: Option<Refusal>,
    files: Vec<Secret>,
    /// How many exchanges and ID tokens were asked for.
    exchanges: usize,
    mints: usize,
    last: u64,
}

impl Play {
    fn open(setting: &Setting) -> Self {
        let mut variables = vec![
            ("AZURE_TENANT_ID", "contoso.onmicrosoft.com"),
            ("AZURE_CLIENT_ID", CLIENT),
            ("NO_PROXY", setting.no_proxy),
        ];
        match setting.is_endless {
            true => variables
                .extend([("ARM_OIDC_REQUEST_URL", "https://ci.example/token"), ("ARM_OIDC_REQUEST_TOKEN", "bearer")]),
            false => variables.push(("ARM_OIDC_TOKEN", "here")),
        }
        let owned = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let env = Variables(owned.collect());
        let (scopes, names) = (setting.scopes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["A".to_owned()]);
        let options = Options {
            sign_in: SignIn::default(),
            scopes: &scopes,
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
            limits: Limits { timeout: std::time::Duration::from_millis(setting.timeout), ..Limits::DEFAULT },
            preflight: true,
            log_level: None,
            shell: Shell::Bash,
        };
        let listening = Listening {
            port: 4000,
            identity_header: Secret::new("header-secret"),
            request_token: Secret::new("request-secret"),
            path: Secret::new("path-secret"),
            token_file: "/private/token".to_owned(),
            variables: setting.variables.iter().map(ToString::to_string).collect(),
            program: setting.program.map(str::to_owned),
        };
        let ports = Ports { env: &env, ..OFFLINE.ports() };
        let context = Context { ports, files: &NoFiles, host: HostKind::Native };
        let opened = Session::open(&options, setting.offer, listening, context, START, &mut Vec::new());
        let (session, actions) = opened.unwrap();
        let mut play = Self {
            session,
            now: START,
            wake: None,
            tasks: Vec::new(),
            replies: BTreeMap::new(),
            said: String::new(),
            environment: None,
            refusal: None,
            files: Vec::new(),
            exchanges: 0,
            mints: 0,
            last: 0,
        };
        play.take(actions);
        play
    }

    /// A program that runs, with an ID token and access tokens of these lives.
    fn running(setting: &Setting, id_life: u64, life: u64) -> Self {
        let mut play = Self::open(setting);
        play.succeed(id_life, life);
        assert!(play.environment.is_some(), "{}", play.said);
        play
    }

    fn take(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Reply(reply) => assert_eq!(self.replies.insert(reply.id, reply), None, "answered twice"),
                Action::Start(id, task) => {
                    match task {
                        Task::Mint(_) => self.mints += 1,
                        Task::Exchange { .. } => self.exchanges += 1,
                    }
                    self.tasks.push((id, task));
                }
                Action::WakeAt(at) => self.wake = Some(at),
                Action::Say(text) => self.said += &text,
                Action::Ready(environment) => assert_eq!(self.environment.replace(environment), None),
                Action::Refuse(refusal) => assert_eq!(self.refusal.replace(refusal), None),
                Action::WriteTokenFile(token) => self.files.push(token),
            }
        }
    }

    fn send(&mut self, request: &Request) -> u64 {
        self.last += 1;
        let actions = self.session.request(self.last, request, self.now);
        self.take(actions);
        self.last
    }

    /// Asks for an access token.
    fn get(&mut self, resource: &str) -> u64 {
        self.send(&managed_identity(resource))
    }

    fn get_id_token(&mut self) -> u64 {
        self.send(&id_token_request("GET", ""))
    }

    fn status(&self, id: u64) -> Option<u16> {
        self.replies.get(&id).map(|reply| reply.status)
    }

    fn body(&self, id: u64) -> Value {
        serde_json::from_str(self.replies[&id].body.reveal()).unwrap()
    }

    fn message(&self, id: u64) -> String {
        self.body(id)["message"].as_str().unwrap().to_owned()
    }

    /// Ends the first task.
    fn end(&mut self, outcome: Outcome) {
        let (id, _) = self.tasks.remove(0);
        let actions = self.session.done(id, outcome, "", self.now);
        self.take(actions);
    }

    /// Ends all tasks, and those that follow, with tokens of these lives.
    fn succeed(&mut self, id_life: u64, life: u64) {
        while let Some((_, task)) = self.tasks.first() {
            let outcome = match task {
                Task::Mint(_) => Outcome::Minted(id_token(self.now, id_life)),
                Task::Exchange { .. } => self.access(life),
            };
            self.end(outcome);
        }
    }

    fn access(&self, life: u64) -> Outcome {
        Outcome::Exchanged(Exchanged {
            access_token: Secret::new(format!("access-{}", self.exchanges)),
            token_type: "Bearer".to_owned(),
            expires_on: i64::try_from((self.now + life) / 1000).unwrap(),
            id_token: None,
        })
    }

    /// Lets time go by, as a host does: it wakes the session when that asked for it.
    fn wait(&mut self, time: u64, mut end: impl FnMut(&mut Self)) {
        let until = self.now + time;
        while let Some(at) = self.wake.filter(|at| *at <= until) {
            self.wake = None;
            self.now = self.now.max(at);
            let actions = self.session.tick(self.now);
            self.take(actions);
            end(self);
        }
        self.now = until;
    }
}

fn managed_identity(resource: &str) -> Request {
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("resource", resource).finish();
    request("GET", &format!("/msi/token?api-version=2019-08-01&{query}"), &[("x-identity-header", "header-secret")])
}

fn id_token_request(method: &str, query: &str) -> Request {
    request(method, &format!("/oidc/token{query}"), &[("authorization", "Bearer request-secret")])
}

fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request {
    let headers = [("host", "127.0.0.1:4000")].iter().chain(headers);
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

fn refused() -> Outcome {
    Outcome::Failed(Failure {
        code: "entra-refused".to_owned(),
        exit_code: 4,
        error: Some("invalid_client".to_owned()),
        message: "AADSTS700213: No matching federated identity record found\nazure-oidc: create it".to_owned(),
        is_passing: false,
        retry_after: None,
        text: "error: Entra refused\n".to_owned(),
    })
}

fn unavailable(retry_after: Option<u32>) -> Outcome {
    Outcome::Failed(Failure {
        code: "authority-unavailable".to_owned(),
        exit_code: 5,
        error: None,
        message: "The authority answered 503".to_owned(),
        is_passing: true,
        retry_after,
        text: "error: The authority answered 503\n".to_owned(),
    })
}
