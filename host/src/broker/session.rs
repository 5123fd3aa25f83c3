//! Passes requests, results and the time to the component's session, one after the other, and does
//! what it asks for.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azure_oidc_cli::failure;
use azure_oidc_core::Fault;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use zeroize::{Zeroize, Zeroizing};

use super::listen::{self, Answers};
use super::notes::Notes;
use super::token_file::TokenFile;
use super::work::{Tasks, forget};
use crate::inputs::ProcessEnv;
use crate::reason;
use crate::sandbox::broker::{self, Action, Environment, Listening, Refusal, Reply, Session, TaskResult};

/// How many events may wait for the session. There are never more requests than connections.
const QUEUE: usize = 64;
/// The longest sleep. The clock of a sleep stands still while the machine is suspended, and nobody
/// tells when another clock is set.
const MAX_SLEEP: Duration = Duration::from_secs(10);

/// What the session is told.
enum Event {
    Request(broker::Request, oneshot::Sender<Response<Bytes>>),
    /// With the number of the instance that asked for the task.
    Done(u32, u64, TaskResult),
    Tick,
}

/// What the command gets.
#[derive(Debug)]
pub(super) struct Ready {
    /// Variables to set.
    pub(super) set: Vec<(String, String)>,
    /// Variables to remove, if they are there.
    pub(super) unset: Vec<String>,
    /// The contents of the ready file.
    #[cfg_attr(windows, expect(dead_code, reason = "there is no `broker` on Windows"))]
    pub(super) file: String,
}

/// Why a session ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Nothing can be offered: the text to print, and the exit code.
    Refused(String, u8),
    /// The component failed.
    Failed(Fault),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<Refusal> for Ended {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.text, refusal.exit_code)
    }
}

/// Passes requests to the session. A request whose caller gives up is answered all the same.
pub(super) struct Callers(mpsc::Sender<Event>);

impl Answers for Callers {
    async fn answer(self: Arc<Self>, request: Request<Bytes>) -> Response<Bytes> {
        let (answer, answered) = oneshot::channel();
        let asked = self.0.send(Event::Request(plain(&request), answer)).await.is_ok();
        match if asked { answered.await.ok() } else { None } {
            Some(response) => response,
            None => listen::failure(StatusCode::INTERNAL_SERVER_ERROR, "azure-oidc has no answer"),
        }
    }
}

/// A request as the component reads it.
fn plain(request: &Request<Bytes>) -> broker::Request {
    let headers = request.headers().iter();
    broker::Request {
        method: request.method().as_str().to_owned(),
        target: request.uri().to_string(),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
    }
}

/// The session, and what it has asked for.
pub(super) struct Conductor {
    session: Session,
    /// How many instances there were before this one.
    instance: u32,
    /// What is to be done next.
    actions: Vec<Action>,
    arguments: Vec<String>,
    listening: Listening,
    events: mpsc::Receiver<Event>,
    sender: mpsc::WeakSender<Event>,
    next: AtomicU64,
    callers: HashMap<u64, oneshot::Sender<Response<Bytes>>>,
    wake_at: Option<u64>,
    ready: Option<oneshot::Sender<Ready>>,
    tasks: Arc<Tasks>,
    thread: Handle,
    token_file: Option<TokenFile>,
    notes: Notes,
}

impl Drop for Conductor {
    fn drop(&mut self) {
        let broker::Secrets { identity_header, request_token, path } = &mut self.listening.secrets;
        [identity_header, request_token, path].into_iter().for_each(Zeroize::zeroize);
    }
}

impl Conductor {
    /// Opens the session. Returns what its callers need, and what becomes ready.
    pub(super) async fn open(
        tasks: Arc<Tasks>,
        thread: Handle,
        arguments: &[String],
        listening: Listening,
        token_file: Option<TokenFile>,
    ) -> Result<(Self, Callers, oneshot::Receiver<Ready>), Ended> {
        let (session, actions) = tasks.instance.open(arguments, &listening, now()).await??;
        let (sender, events) = mpsc::channel(QUEUE);
        let (ready, is_ready) = oneshot::channel();
        let conductor = Self {
            session,
            instance: 0,
            actions,
            arguments: arguments.to_vec(),
            listening,
            events,
            sender: sender.downgrade(),
            next: AtomicU64::new(0),
            callers: HashMap::new(),
            wake_at: None,
            ready: Some(ready),
            tasks,
            thread,
            token_file,
            notes: Notes::default(),
        };
        Ok((conductor, Callers(sender), is_ready))
    }

    /// Serves until the session ends itself.
    pub(super) async fn run(mut self) -> Ended {
        loop {
            if let Err(ended) = self.carry_out().await {
                return ended;
            }
            let event = tokio::select! {
                event = self.events.recv() => event,
                () = until(self.wake_at) => Some(Event::Tick),
            };
            // Without callers there is nothing to do any more.
            let Some(event) = event else { return std::future::pending().await };
            let told = match self.tell(event).await {
                Ok(actions) => Ok(actions),
                Err(fault) => self.begin_anew(&fault).await,
            };
            match told {
                Ok(actions) => self.actions = actions,
                Err(ended) => return ended,
            }
        }
    }

    /// Replaces an instance that failed, because the command still needs its credentials. Whoever
    /// waited gets an error.
    async fn begin_anew(&mut self, fault: &Fault) -> Result<Vec<Action>, Ended> {
        self.notes.say(&failure::text(fault));
        self.callers.clear();
        (self.instance, self.wake_at) = (self.instance + 1, None);
        let (session, actions) = self.tasks.instance.open(&self.arguments, &self.listening, now()).await??;
        self.session = session;
        Ok(actions)
    }

    async fn tell(&mut self, event: Event) -> Result<Vec<Action>, Fault> {
        match event {
            Event::Request(request, answer) => {
                let id = self.next.fetch_add(1, Relaxed);
                self.callers.insert(id, answer);
                self.session.request(id, &request, now()).await
            }
            Event::Done(instance, id, mut result) => {
                let is_awaited = instance == self.instance;
                let actions = if is_awaited { self.session.done(id, &result, now()).await } else { Ok(Vec::new()) };
                forget(&mut result);
                actions
            }
            Event::Tick => {
                self.wake_at = None;
                self.session.tick(now()).await
            }
        }
    }

    async fn carry_out(&mut self) -> Result<(), Ended> {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Reply(reply) => {
                    if let Some(caller) = self.callers.remove(&reply.id) {
                        // A caller that has gone needs no answer.
                        caller.send(response(reply)).ok();
                    }
                }
                Action::Start(broker::StartedTask { id, task }) => {
                    let (tasks, sender, instance) = (Arc::clone(&self.tasks), self.sender.clone(), self.instance);
                    self.thread.spawn(async move {
                        let result = tasks.perform(task).await;
                        if let Some(sender) = sender.upgrade() {
                            sender.send(Event::Done(instance, id, result)).await.ok();
                        }
                    });
                }
                Action::WakeAt(time) => self.wake_at = Some(time),
                Action::Say(text) => self.notes.say(&text),
                Action::Ready(environment) => self.make_ready(environment).await?,
                Action::Refuse(refusal) => {
                    // Another process prints it.
                    self.notes.wait();
                    return Err(refusal.into());
                }
                Action::WriteTokenFile(token) => {
                    let token = Zeroizing::new(token);
                    if let Some(file) = &self.token_file
                        && let Err(error) = file.replace(&token)
                    {
                        let why = reason::of_writing(&error);
                        let warning = "warning: the file of `--federated-token-file` is not renewed";
                        self.notes.say(&format!("{warning}: {why}\n"));
                    }
                }
            }
        }
        Ok(())
    }

    async fn make_ready(&mut self, environment: Environment) -> Result<(), Ended> {
        let Some(ready) = self.ready.take() else { return Ok(()) };
        let Environment { set, mut unset, mut unset_values } = environment;
        let removed = names_of(&unset_values, &set);
        unset_values.zeroize();
        // The component knows the other names, and has printed them.
        if self.listening.program.is_some() && !removed.is_empty() {
            let names = failure::harmless(&removed.join(", "));
            let line = format!("azure-oidc: removed from the environment, because of the ID token in it: {names}\n");
            self.notes.say(&line);
        }
        let file = self.session.ready(std::process::id(), &removed).await?;
        unset.extend(removed);
        if let Some(timings) = self.tasks.wanted_timings() {
            timings.phase_done("exchange");
            self.notes.say(&timings.line());
        }
        // What is said at the start comes before all that the command prints.
        self.notes.wait();
        ready.send(Ready { set, unset, file }).ok();
        Ok(())
    }
}

/// The variables with one of these values, except those that are set anew.
fn names_of(values: &[String], set: &[(String, String)]) -> Vec<String> {
    use azure_oidc_core::ports::Env;

    let is_meant = |(name, value): &(String, String)| {
        !value.is_empty() && values.contains(value) && !set.iter().any(|(new, _)| new == name)
    };
    ProcessEnv.all().into_iter().filter(is_meant).map(|(name, _)| name).collect()
}

fn response(reply: Reply) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_owner(Zeroizing::new(reply.body.into_bytes())));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = reply.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// Returns at a time of the wall clock, or never.
async fn until(time: Option<u64>) {
    let Some(time) = time else { return std::future::pending().await };
    loop {
        let left = Duration::from_millis(time.saturating_sub(now()));
        if left.is_zero() {
            return;
        }
        sleep(left.min(MAX_SLEEP)).await;
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Three secrets from the system's random numbers.
pub(super) fn secrets() -> io::Result<broker::Secrets> {
    let random = ring::rand::SystemRandom::new();
    let secret = || {
        let bytes = ring::rand::generate::<[u8; 32]>(&random).map_err(|_| io::Error::other("no random numbers"))?;
        Ok::<_, io::Error>(bytes.expose().iter().map(|byte| format!("{byte:02x}")).collect())
    };
    Ok(broker::Secrets { identity_header: secret()?, request_token: secret()?, path: secret()? })
}
