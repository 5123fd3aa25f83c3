//! Exports `azure-oidc:federation/broker`: sessions and tasks of `exec` and `broker`.

use std::cell::RefCell;

use azure_oidc_core::Secret;
use azure_oidc_jobs::broker as jobs;

use super::command::HandedOver;
use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::broker::{
    Action, Environment, Exchanged, Failure, Guest, GuestSession, Listening, Opened, Order, Refusal, Reply, Request,
    Session as Handle, StartedTask, Task, TaskOutcome, TaskResult,
};
use crate::bindings::exports::azure_oidc::federation::command::File;
use crate::commands::{Context, HostKind, broker};
use crate::wasi::Wasi;

/// The session behind a handle.
pub struct Session(RefCell<jobs::Session>);

impl Guest for Component {
    type Session = Session;

    fn perform(arguments: Vec<String>, files: Vec<File>, task: Task) -> TaskResult {
        let wasi = Wasi::new();
        let context = Context { ports: wasi.ports(), files: &HandedOver(files), host: HostKind::Native };
        let (outcome, notices) = broker::perform(&arguments, task.into(), context);
        TaskResult { outcome: outcome.into(), notices }
    }
}

impl GuestSession for Session {
    fn open(arguments: Vec<String>, listening: Listening, now: u64) -> Result<Opened, Refusal> {
        let wasi = Wasi::new();
        let context = Context { ports: wasi.ports(), files: &HandedOver(Vec::new()), host: HostKind::Native };
        let opened = broker::open(&arguments, listening.into(), context, now);
        let (session, actions) = opened.map_err(Refusal::from)?;
        Ok(Opened { session: Handle::new(Self(RefCell::new(session))), actions: all(actions) })
    }

    fn request(&self, id: u64, request: Request, now: u64) -> Vec<Action> {
        let request = jobs::Request { method: request.method, target: request.target, headers: request.headers };
        all(self.0.borrow_mut().request(id, &request, now))
    }

    fn done(&self, id: u64, reported: TaskResult, now: u64) -> Vec<Action> {
        all(self.0.borrow_mut().done(id, reported.outcome.into(), &reported.notices, now))
    }

    fn tick(&self, now: u64) -> Vec<Action> {
        all(self.0.borrow_mut().tick(now))
    }

    fn ready(&self, pid: u32, removed: Vec<String>) -> String {
        self.0.borrow().ready_file(pid, &removed)
    }
}

fn all(actions: Vec<jobs::Action>) -> Vec<Action> {
    actions.into_iter().map(Action::from).collect()
}

impl From<Listening> for jobs::Listening {
    fn from(listening: Listening) -> Self {
        Self {
            port: listening.port,
            identity_header: Secret::new(listening.secrets.identity_header),
            request_token: Secret::new(listening.secrets.request_token),
            path: Secret::new(listening.secrets.path),
            token_file: listening.token_file,
            variables: listening.variables,
            program: listening.program,
        }
    }
}

impl From<jobs::Action> for Action {
    fn from(action: jobs::Action) -> Self {
        match action {
            jobs::Action::Reply(reply) => Self::Reply(Reply {
                id: reply.id,
                status: reply.status,
                retry_after: reply.retry_after,
                body: reply.body.reveal().to_owned(),
            }),
            jobs::Action::Start(id, task) => Self::Start(StartedTask { id, task: task.into() }),
            jobs::Action::WakeAt(at) => Self::WakeAt(at),
            jobs::Action::Say(text) => Self::Say(text),
            jobs::Action::Ready(environment) => Self::Ready(environment.into()),
            jobs::Action::Refuse(refusal) => Self::Refuse(refusal.into()),
            jobs::Action::WriteTokenFile(token) => Self::WriteTokenFile(token.reveal().to_owned()),
        }
    }
}

impl From<jobs::Environment> for Environment {
    fn from(environment: jobs::Environment) -> Self {
        Self {
            set: environment.set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            unset: environment.unset.into_iter().map(str::to_owned).collect(),
            unset_values: environment.unset_values.iter().map(|value| value.reveal().to_owned()).collect(),
        }
    }
}

impl From<jobs::Refusal> for Refusal {
    fn from(refusal: jobs::Refusal) -> Self {
        Self { exit_code: refusal.exit_code, text: refusal.text }
    }
}

impl From<jobs::Task> for Task {
    fn from(task: jobs::Task) -> Self {
        match task {
            jobs::Task::Mint(timeout) => Self::Mint(timeout),
            jobs::Task::Exchange { scope, id_token, timeout } => {
                Self::Exchange(Order { scope, id_token: id_token.reveal().to_owned(), timeout })
            }
        }
    }
}

impl From<Task> for jobs::Task {
    fn from(task: Task) -> Self {
        match task {
            Task::Mint(timeout) => Self::Mint(timeout),
            Task::Exchange(Order { scope, id_token, timeout }) => {
                Self::Exchange { scope, id_token: Secret::new(id_token), timeout }
            }
        }
    }
}

impl From<jobs::Outcome> for TaskOutcome {
    fn from(outcome: jobs::Outcome) -> Self {
        match outcome {
            jobs::Outcome::Minted(token) => Self::Minted(token.reveal().to_owned()),
            jobs::Outcome::Exchanged(one) => Self::Exchanged(Exchanged {
                access_token: one.access_token.reveal().to_owned(),
                token_type: one.token_type,
                expires_on: one.expires_on,
                id_token: one.id_token.map(|token| token.reveal().to_owned()),
            }),
            jobs::Outcome::Failed(one) => Self::Failed(Failure {
                code: one.code,
                exit_code: one.exit_code,
                error: one.error,
                message: one.message,
                is_passing: one.is_passing,
                retry_after: one.retry_after,
                text: one.text,
            }),
        }
    }
}

impl From<TaskOutcome> for jobs::Outcome {
    fn from(outcome: TaskOutcome) -> Self {
        match outcome {
            TaskOutcome::Minted(token) => Self::Minted(Secret::new(token)),
            TaskOutcome::Exchanged(one) => Self::Exchanged(jobs::Exchanged {
                access_token: Secret::new(one.access_token),
                token_type: one.token_type,
                expires_on: one.expires_on,
                id_token: one.id_token.map(Secret::new),
            }),
            TaskOutcome::Failed(one) => Self::Failed(jobs::Failure {
                code: one.code,
                exit_code: one.exit_code,
                error: one.error,
                message: one.message,
                is_passing: one.is_passing,
                retry_after: one.retry_after,
                text: one.text,
            }),
        }
    }
}
