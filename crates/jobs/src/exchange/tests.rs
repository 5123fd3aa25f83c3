//! Makes one exchange through the command line ([`run`]), the typed interface ([`trade()`]) and the
//! HTTP service ([`serve`]).

use std::cell::{Cell, RefCell};
use std::time::Duration;

use azure_oidc_core::Secret;
use azure_oidc_core::plan::{HostKind, Inputs, OutputInputs, Publish, TokenInputs, TokenSource};
use azure_oidc_core::ports::fixed::{Offline, Variables};
use azure_oidc_core::ports::{Http, Ports, Request as Sent, Response, TransportError};
use azure_oidc_core::shell::Shell;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::Files;
use crate::id_token::Obtained;

mod publication;
mod refusals;
mod variables;

/// 2026-08-21T10:00:00Z.
const NOW: i64 = 1_787_306_400;
static OFFLINE: Offline = Offline { now: NOW };
const TENANT: &str = "contoso.onmicrosoft.com";
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
const CREDENTIALS: &str =
    r#"[{"name": "main", "issuer": "https://gitlab.com", "subject": "other", "audiences": ["a"]}]"#;

/// A job with its variables, and what Entra answers.
struct Job {
    variables: Variables,
    /// The status and body of each answer; the last one is that of all later answers.
    answers: Vec<(u16, Value)>,
    sent: Cell<usize>,
    assertions: RefCell<Vec<String>>,
    files: Vec<(&'static str, String)>,
}

impl Job {
    fn new(token: &str, status: u16, answer: Value) -> Self {
        let variables =
            Variables::from([("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", CLIENT), ("ARM_OIDC_TOKEN", token)]);
        Self {
            variables,
            answers: vec![(status, answer)],
            sent: Cell::new(0),
            assertions: RefCell::default(),
            files: vec![("fic.json", CREDENTIALS.to_owned())],
        }
    }

    fn ports(&self) -> Ports<'_> {
        Ports { env: &self.variables, http: self, ..OFFLINE.ports() }
    }

    fn run(&self, change: impl FnOnce(&mut Request<'_>)) -> (Result<Vec<Publication>, Fault>, Vec<Notice>) {
        let names = ["AZURE_ACCESS_TOKEN".to_owned()];
        let mut request = Request {
            sign_in: SignIn::default(),
            scopes: &[],
            output_names: &names,
            credential: None,
            plan: Inputs {
                token: TokenInputs::default(),
                output: OutputInputs {
                    form: "json",
                    publish: Publish::Token,
                    id_token_file: None,
                    host: HostKind::Native,
                },
            },
            limits: Limits::DEFAULT,
            preflight: true,
            log_level: None,
            shell: Shell::Bash,
        };
        change(&mut request);
        let mut notices = Vec::new();
        let context = Context { ports: self.ports(), files: self, host: HostKind::Native };
        (run(&request, context, &mut notices), notices)
    }

    /// The fault for each interface, and where it was told that the token came from.
    fn faults(&self) -> [(Fault, &'static str); 3] {
        let token = Secret::new(self.variables.0[2].1.as_str());
        let by_command = self.run(|_| {}).0.unwrap_err();
        let settings = Settings::of_fields(TENANT, CLIENT, &[], None, None).unwrap();
        let id_token = Obtained { token: token.clone(), place: "`id-token`".to_owned() };
        let typed = trade(&settings, &id_token, Limits::DEFAULT, Shell::Bash, self.ports()).unwrap_err();
        let Err(Refusal::Fault(served)) = serve(&Body::default(), Some(&token), self.ports()) else { panic!() };
        [(by_command, "`ARM_OIDC_TOKEN`"), (typed, "`id-token`"), (served, "the `Authorization` header")]
    }
}

impl Files for Job {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        let file = self.files.iter().find(|(one, _)| *one == name);
        file.map(|(_, contents)| contents.clone().into()).ok_or_else(|| "is not there".to_owned())
    }
}

impl Http for Job {
    fn send(&self, requests: &[Sent], _: Duration) -> Vec<Result<Response, TransportError>> {
        let (status, answer) = &self.answers[self.sent.get().min(self.answers.len() - 1)];
        self.sent.set(self.sent.get() + requests.len());
        self.assertions.borrow_mut().extend(requests.iter().map(|request| {
            let body = String::from_utf8_lossy(&request.body);
            body.rsplit('=').next().unwrap_or_default().to_owned()
        }));
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let answer = || Response { status: *status, headers: headers.clone(), body: answer.to_string().into() };
        requests.iter().map(|_| Ok(answer())).collect()
    }
}

fn token(exp: i64) -> String {
    signed(exp, "https://gitlab.com", "project_path:g/p:ref_type:branch:ref:main")
}

fn signed(exp: i64, issuer: &str, subject: &str) -> String {
    signed_for("api://AzureADTokenExchange", exp, issuer, subject)
}

fn signed_for(audience: &str, exp: i64, issuer: &str, subject: &str) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "k1"});
    let claims = json!({
        "iss": issuer, "sub": subject, "aud": audience, "iat": exp - 300, "exp": exp,
    });
    format!("{}.{}.{}", part(&header), part(&claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]))
}

fn granted() -> Value {
    json!({ "access_token": "at", "token_type": "Bearer", "expires_in": 3600 })
}

/// All faults must say the same, but for the place of the token.
fn assert_same(faults: [(Fault, &'static str); 3]) -> Fault {
    let [first, ..] = &faults;
    for (fault, place) in &faults {
        assert_eq!((fault.code, fault.category, fault.aadsts()), (first.0.code, first.0.category, first.0.aadsts()));
        assert_eq!(fault.message.replace(place, "…"), first.0.message.replace(first.1, "…"));
        assert_eq!(fault.hints, first.0.hints, "{place}");
    }
    let [(fault, _), ..] = faults;
    fault
}

const NOTHING_SENT: &str = "nothing was sent; `--no-preflight` sends the token all the same";

#[test]
fn a_refusal_before_the_exchange_says_the_same_behind_each_door() {
    let job = Job::new(&token(NOW - 3600), 200, granted());
    let mut faults = job.faults();
    // Only the command line has the flag.
    assert_eq!(faults[0].0.hints.pop().as_deref(), Some(NOTHING_SENT));
    let fault = assert_same(faults);
    assert_eq!((fault.code, fault.aadsts()), ("token-expired", Some(700_024)));
    assert!(!fault.hints.is_empty());
    assert_eq!(job.sent.get(), 0);
}

#[test]
fn what_is_no_token_is_refused_the_same_behind_each_door() {
    let job = Job::new("no token", 200, granted());
    let fault = assert_same(job.faults());
    assert!(fault.message.contains("is not an ID token"), "{fault}");
    assert!(fault.aadsts().is_some());
    assert_eq!(job.sent.get(), 0);
}

#[test]
fn a_refusal_of_entra_has_the_same_advice_behind_each_door() {
    let description = "AADSTS700213: No matching federated identity record found for presented assertion subject";
    let answer = json!({ "error": "invalid_client", "error_description": description, "error_codes": [700_213] });
    let fault = assert_same(Job::new(&token(NOW + 300), 401, answer).faults());
    assert_eq!((fault.code, fault.aadsts()), ("entra-refused", Some(700_213)));
    assert!(
        fault.hints.iter().any(|hint| hint.contains("project_path:g/p:ref_type:branch:ref:main")),
        "{:?}",
        fault.hints
    );
}

#[test]
fn a_subject_of_one_run_is_not_asked_about_again() {
    let step = "{5a1c9e52-3b64-4d8f-9a01-7e6f5d4c3b2a}:{1c7a9e52-3b64-4d8f-9a01-7e6f5d4c3b2a}";
    let issuer = "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc";
    let description = "AADSTS700211: No matching federated identity record found for presented assertion issuer";
    let answer = json!({ "error": "invalid_client", "error_description": description, "error_codes": [700_211] });
    let job = Job::new(&signed(NOW + 300, issuer, step), 401, answer);
    let (result, notices) = job.run(|_| {});
    let fault = result.unwrap_err();
    assert_eq!((job.sent.get(), notices.len()), (1, 1));
    assert!(!fault.hints.iter().any(|hint| hint.contains("--replication-wait")), "{:?}", fault.hints);
}

#[test]
fn the_answer_is_the_same_behind_each_door() {
    let job = Job::new(&token(NOW + 300), 200, granted());
    let served = serve(&Body::default(), Some(&Secret::new(token(NOW + 300))), job.ports()).unwrap();
    let source = TokenSource::Variable("ARM_OIDC_TOKEN");
    let (published, notices) = job.run(|request| {
        request.plan.token = TokenInputs { source, platform: Some("gitlab"), audience: None, is_lasting: false };
    });
    let [Publication::Print(line)] = &published.unwrap()[..] else { panic!() };
    assert_eq!(line.reveal(), crate::json::line(&served));
    assert_eq!(notices, []);
}

#[test]
fn credentials_are_checked_before_anything_is_sent() {
    let job = Job::new(&token(NOW + 300), 200, granted());
    let fault = job.run(|request| request.credential = Some("fic.json")).0.unwrap_err();
    assert_eq!(fault.hints.last().map(String::as_str), Some(NOTHING_SENT));
    assert_eq!(job.sent.get(), 0);
    let unread = job.run(|request| request.credential = Some("-")).0.unwrap_err();
    assert_eq!(unread.message, "Standard input, named by `--credential`, is not there");
    assert!(unread.hints[0].contains("federated-credential list"), "{:?}", unread.hints);
    let sent = job.run(|request| {
        request.credential = Some("fic.json");
        request.preflight = false;
    });
    assert!(sent.0.is_ok());
    assert_eq!(job.sent.get(), 1);
}

#[test]
fn outside_any_ci_job_one_sentence_says_so() {
    let message = |variables: Variables| {
        let job = Job { variables, ..Job::new("", 200, granted()) };
        let fault = job.run(|_| {}).0.unwrap_err();
        assert_eq!(fault.code, "tenant-id-missing");
        fault.message.clone()
    };
    let nowhere = "No CI platform was recognised and nothing is configured; `azure-oidc doctor` shows what is missing";
    assert_eq!(message(Variables::default()), nowhere);
    assert_eq!(message(Variables::from([("AZURE_CLIENT_ID", CLIENT)])), "No tenant id was given");
    assert_eq!(message(Variables::from([("BITBUCKET_BUILD_NUMBER", "1")])), "No tenant id was given");
}

#[test]
fn debug_names_every_decision_and_no_token() {
    let job = Job::new(&token(NOW + 300), 200, granted());
    let (_, notices) = job.run(|request| request.log_level = Some("DEBUG"));
    let names: Vec<_> =
        notices.iter().map(|notice| if let Notice::Debug(name, _) = notice { *name } else { "" }).collect();
    assert_eq!(names, ["platform", "ID token from", "token endpoint", "client id", "scopes"]);
    assert!(!format!("{notices:?}").contains("eyJ"), "{notices:?}");
}

#[test]
fn an_unusual_audience_is_a_warning_only_where_entra_refuses() {
    let pulumi = (
        "contoso",
        "https://api.pulumi.com/oidc",
        "pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write",
    );
    for (audience, issuer, subject) in [pulumi, ("https://ci.example", "https://ci.example", "job")] {
        let token = signed_for(audience, NOW + 300, issuer, subject);
        let warnings = |job: Job| {
            let (ended, notices) = job.run(|_| {});
            let is_about_audience =
                |notice: &&Notice| matches!(notice, Notice::Warning(finding) if finding.claim == Some("aud"));
            (ended.is_ok(), notices.iter().filter(is_about_audience).count())
        };
        assert_eq!(warnings(Job::new(&token, 200, granted())), (true, 0), "{audience}");
        let refusal =
            json!({ "error": "invalid_request", "error_codes": [700_213], "error_description": "AADSTS700213: No." });
        assert_eq!(warnings(Job::new(&token, 401, refusal)), (false, 1), "{audience}");
    }
}
