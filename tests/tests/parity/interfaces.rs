//! The interfaces: the native host, the stock wasmtime command, an engine that calls the typed
//! functions, and the HTTP service.

use azure_oidc_tests::conformance::TypedHost;
use azure_oidc_tests::relay::Relay;
use azure_oidc_tests::serve::Serve;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, http, stock};

use crate::case::Asked;
use crate::summary::{Interface, Summary};

/// All of them, open.
pub(crate) struct Interfaces {
    /// Plain HTTP in front of the emulator: the stock hosts cannot trust its certificate.
    relay: Relay,
    typed: TypedHost,
    service: Serve,
}

impl Interfaces {
    /// Starts what answers more than once.
    pub(crate) fn open(stage: &Stage) -> Self {
        let relay = Relay::before(&stage.emulator);
        let typed = TypedHost::rust(&azure_oidc_tests::programs::embed());
        let variables =
            [("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", APPLICATION), ("AZURE_AUTHORITY_HOST", relay.url())];
        let service = Serve::start(&variables, &[]);
        Self { relay, typed, service }
    }

    /// The sign-in service that every interface uses.
    pub(crate) fn authority(&self) -> &str {
        self.relay.url()
    }

    /// Asks at every interface that has this job.
    pub(crate) fn ask(&mut self, asked: &Asked) -> Vec<(Interface, Summary)> {
        let mut answers = Vec::new();
        if !asked.command.is_empty() {
            let words: Vec<_> = asked.command.iter().map(String::as_str).collect();
            let token = asked.token.as_deref();
            let job = token.into_iter().fold(Job::host(&words), |job, token| job.env("T", token));
            let native = job.input(asked.stdin.clone()).run();
            answers.push((Interface::Native, Summary::of_command(words[0], &native)));
            let variables: Vec<_> = token.map(|token| ("T", token)).into_iter().collect();
            let stock = stock::run(&variables, &words).input(asked.stdin.clone()).run();
            answers.push((Interface::Stock, Summary::of_command(words[0], &stock)));
        }
        if let Some(call) = &asked.typed {
            let host = self.relay.url().trim_start_matches("http://").to_owned();
            answers.push((Interface::Typed, Summary::of_typed(&call.function, &self.typed.ask(call, &[&host]))));
        }
        if let Some(post) = &asked.http {
            let bearer = post.bearer.as_ref().map(|token| format!("Bearer {token}"));
            let mut headers = vec![("content-type", "application/json")];
            headers.extend(bearer.as_deref().map(|value| ("authorization", value)));
            let answer = http::send(self.service.address(), "POST", &post.path, &headers, &post.body.to_string());
            answers.push((Interface::Http, Summary::of_http(answer.status(), &answer.json())));
        }
        answers
    }
}
