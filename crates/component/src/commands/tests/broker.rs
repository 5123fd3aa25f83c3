//! Tests `exec` and `broker`: the session and its tasks together, from the command line to the
//! answer.

use azure_oidc_core::Secret;
use azure_oidc_jobs::broker::{Action, Environment, Listening, Refusal, Reply, Request as Asked, Session};

use super::*;
use crate::commands::broker;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
const SUBJECT: &str = "repo:octo-org/web:ref:refs/heads/main";
const START: u64 = NOW as u64 * 1000;

/// A long job, whose tasks are carried out as soon as they are asked for.
#[derive(Default)]
struct Long {
    session: Option<Session>,
    environment: Option<Environment>,
    refusal: Option<Refusal>,
    replies: Vec<Reply>,
    said: String,
}

impl Long {
    fn open(job: &Job, line: &str) -> Self {
        let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let listening = Listening {
            port: 4000,
            identity_header: Secret::new("header-secret"),
            request_token: Secret::new("request-secret"),
            path: Secret::new("path-secret"),
            token_file: "/private/token".to_owned(),
            variables: Vec::new(),
            program: None,
        };
        let mut long = Self::default();
        match broker::open(&arguments, listening, job.context(&KnownSecrets::default()), START) {
            Ok((session, actions)) => {
                long.session = Some(session);
                long.carry_out(job, &arguments, actions);
            }
            Err(refusal) => long.refusal = Some(refusal),
        }
        long
    }

    fn carry_out(&mut self, job: &Job, arguments: &[String], actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Start(id, task) => {
                    let (outcome, notices) = broker::perform(arguments, task, job.context(&KnownSecrets::default()));
                    let next = self.session.as_mut().unwrap().done(id, outcome, &notices, START);
                    self.carry_out(job, arguments, next);
                }
                Action::Reply(reply) => self.replies.push(reply),
                Action::Say(text) => self.said += &text,
                Action::Ready(environment) => self.environment = Some(environment),
                Action::Refuse(refusal) => self.refusal = Some(refusal),
                Action::WakeAt(_) | Action::WriteTokenFile(_) => {}
            }
        }
    }

    fn ask(&mut self, job: &Job, line: &str, target: &str, header: (&str, &str)) -> (u16, Value) {
        let headers = [("host", "127.0.0.1:4000"), header].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asked = Asked { method: "GET".to_owned(), target: target.to_owned(), headers: headers.to_vec() };
        let actions = self.session.as_mut().unwrap().request(1, &asked, START);
        let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        self.carry_out(job, &arguments, actions);
        let reply = self.replies.pop().unwrap();
        (reply.status, serde_json::from_str(reply.body.reveal()).unwrap())
    }
}

fn job(more: &[(&str, &str)]) -> Job {
    let all = [("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", CLIENT)];
    let variables = all.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Job { variables: Variables(variables.collect()), ..Job::default() }
}

fn granting(job: Job) -> Job {
    let answer = json!({"access_token": "at", "token_type": "Bearer", "expires_in": 3600});
    job.page(format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"), &answer)
}

const PAIR: [(&str, &str); 2] =
    [("ARM_OIDC_REQUEST_URL", "https://ci.example/t?audience=a"), ("ARM_OIDC_REQUEST_TOKEN", "b")];

#[test]
fn a_job_with_a_token_service_starts_without_an_exchange_and_its_tools_get_their_tokens() {
    let id_token = token(GITHUB, SUBJECT, AUDIENCE);
    let job = granting(job(&PAIR)).page(PAIR[0].1.to_owned(), &json!({"value": id_token}));
    for line in ["exec --", "exec -- terraform apply --output json", "broker --ready-file f"] {
        job.asked.borrow_mut().clear();
        let mut long = Long::open(&job, line);
        assert!(long.environment.is_some() && long.said.is_empty(), "{line}: {:?} {}", long.refusal, long.said);
        assert_eq!(*job.asked.borrow(), [PAIR[0].1], "{line}");
        let (status, body) =
            long.ask(&job, line, "/msi/token?resource=https://vault.azure.net", ("x-identity-header", "header-secret"));
        assert_eq!((status, &body["access_token"]), (200, &json!("at")), "{body}");
        assert_eq!(body["expires_on"], (NOW + 3600).to_string());
        let (_, body) = long.ask(&job, line, "/oidc/token", ("authorization", "Bearer request-secret"));
        assert_eq!(body["value"], id_token);
    }
}

#[test]
fn a_job_with_one_id_token_is_told_its_end() {
    let id_token = token(GITHUB, SUBJECT, AUDIENCE);
    let job = granting(job(&[("T", &id_token)]));
    let long = Long::open(&job, "exec --id-token-env T --");
    assert!(long.said.contains("until 2026-08-21T10:04:50Z"), "{}", long.said);
    assert_eq!(long.environment.unwrap().unset_values, [Secret::new(id_token)]);
    assert_eq!(job.asked.borrow().len(), 1, "the default scope");
}

#[test]
fn a_start_that_fails_says_what_exchange_says() {
    let id_token = token(GITHUB, SUBJECT, AUDIENCE);
    let ended = minted_at(NOW - 9_000, NOW - 8_000);
    for (job, options) in [
        (Job::default(), "--id-token-env T"),
        (job(&[("T", &id_token)]), "--id-token-env T --scope blob"),
        (job(&[("T", &id_token)]), "--id-token-env T --retries 0"),
        (job(&[("T", "garbage")]), "--id-token-env T"),
        (job(&[]), "--id-token-env T"),
        (job(&[("BITBUCKET_BUILD_NUMBER", "1")]), ""),
        (job(&[("T", &ended)]), "--id-token-env T"),
    ] {
        let refusal = Long::open(&job, &format!("exec {options} --")).refusal.expect(options);
        let outcome = job.run(&format!("exchange --output text {options}"));
        assert_eq!(refusal.exit_code, outcome.exit_code, "{options}");
        let first = |text: &str| text.lines().find(|line| line.starts_with("error:")).map(str::to_owned);
        assert_eq!(first(&refusal.text), first(&outcome.stderr), "{options}");
        assert!(!refusal.text.contains("--no-preflight"), "{}", refusal.text);
    }
}

#[test]
fn a_component_alone_says_that_both_need_the_native_program() {
    for line in ["exec -- true", "broker --ready-file f"] {
        let outcome = job(&[]).run(line);
        assert_eq!(outcome.exit_code, 2);
        assert!(outcome.stderr.contains("need the native program"), "{}", outcome.stderr);
    }
}

fn minted_at(iat: i64, exp: i64) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": GITHUB, "sub": SUBJECT, "aud": AUDIENCE, "iat": iat, "exp": exp});
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "k1"});
    format!("{}.{}.{}", part(&header), part(&claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]))
}
