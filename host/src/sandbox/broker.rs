//! Runs the component for a long job: one instance that lives as long as the job and has no
//! network, and a new one for each task.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::{self, Thread};
use std::time::Duration;

use azure_oidc_core::{Category, Fault};
use wasmtime::component::ResourceAny;
use wasmtime::{Engine, Error, InstanceAllocationStrategy, Store};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;

use super::state::{self, Grants, State};
use super::turns::{self, TICK};
use super::{failure, image, linker};
use crate::exhausted;
use crate::inputs::Files;
use bindings::{BrokerHost, BrokerHostPre};

use bindings::exports::azure_oidc::federation::broker::Opened;
pub(crate) use bindings::exports::azure_oidc::federation::broker::{
    Action, Environment, Failure, Listening, Order, Refusal, Reply, Request, Secrets, StartedTask, Task, TaskOutcome,
    TaskResult,
};
use bindings::exports::azure_oidc::federation::command::File;

/// Bindings for the interfaces of long jobs.
mod bindings {
    wasmtime::component::bindgen!({
        inline: "package azure-oidc:broker-host;
            world broker-host {
                export azure-oidc:federation/command@0.1.0;
                export azure-oidc:federation/broker@0.1.0;
            }",
        path: "../wit",
        world: "azure-oidc:broker-host/broker-host",
        exports: { default: async },
    });
}

/// Processor time of one call of the session. It takes microseconds.
const MAX_CALL: Duration = Duration::from_secs(2);
/// Processor time of one task. It waits most of its time.
const MAX_TASK: Duration = Duration::from_secs(5);

/// The component, loaded for a long job.
pub(crate) struct BrokerSession {
    component: BrokerHostPre<State>,
    turns: Arc<Turns>,
    grants: Grants,
}

/// The instance that decides.
pub(crate) struct Session {
    store: Store<State>,
    exports: BrokerHost,
    session: ResourceAny,
    turns: Arc<Turns>,
    log: MemoryOutputPipe,
}

impl BrokerSession {
    /// Loads the component.
    pub(crate) fn load(grants: Grants) -> Result<Self, Fault> {
        let load = || {
            let (engine, component) = image::load(InstanceAllocationStrategy::OnDemand)?;
            Ok((BrokerHostPre::new(linker::new(&engine)?.instantiate_pre(&component)?)?, engine))
        };
        let (component, engine) = load().map_err(|error: Error| failure::fault(&error, &MemoryOutputPipe::new(0)))?;
        let turns = Turns::start(engine).map_err(|error| exhausted::no_thread(&error))?;
        Ok(Self { component, turns, grants })
    }

    /// Begins the session. A refusal is the component's own.
    pub(crate) async fn open(
        &self,
        arguments: &[String],
        listening: &Listening,
        now: u64,
    ) -> Result<Result<(Session, Vec<Action>), Refusal>, Fault> {
        let log = failure::log();
        let no_network = self.grants.transport.refusing_all();
        let engine = self.component.engine();
        let mut store = state::store(engine, &self.grants.variables, no_network, log.clone());
        turns::limit(&mut store, MAX_CALL);
        turns::begin(&mut store);
        let opened = async {
            let _running = self.turns.running();
            let exports = self.component.instantiate_async(&mut store).await?;
            let broker = exports.azure_oidc_federation_broker().session();
            let opened = broker.call_open(&mut store, arguments, listening, now).await?;
            Ok((exports, opened))
        };
        let (exports, opened) = opened.await.map_err(|error: Error| failure::fault(&error, &log))?;
        let turns = Arc::clone(&self.turns);
        Ok(opened.map(|Opened { session, actions }| (Session { store, exports, session, turns, log }, actions)))
    }

    /// Carries out a task in a new instance, within this time.
    ///
    /// # Errors
    ///
    /// When the component could not be started, was stopped, or took too long.
    pub(crate) async fn perform(
        &self,
        arguments: &[String],
        files: Files,
        task: &Task,
        limit: Duration,
    ) -> Result<TaskResult, Fault> {
        let log = failure::log();
        let transport = self.grants.transport.clone();
        let engine = self.component.engine();
        let mut store = state::store(engine, &self.grants.variables, transport, log.clone());
        turns::limit(&mut store, MAX_TASK);
        turns::begin(&mut store);
        let files: Vec<_> = files.into_contents().map(|(name, contents)| File { name, contents }).collect();
        let performed = async {
            let _running = self.turns.running();
            let exports = self.component.instantiate_async(&mut store).await?;
            exports.azure_oidc_federation_broker().call_perform(&mut store, arguments, &files, task).await
        };
        match tokio::time::timeout(limit, performed).await {
            Ok(performed) => performed.map_err(|error| failure::fault(&error, &log)),
            Err(_) => Err(overdue(limit)),
        }
    }
}

fn overdue(limit: Duration) -> Fault {
    let message = format!("The component was stopped: a task did not finish within {} s", limit.as_secs());
    Fault::new(Category::Network, "guest-deadline", message)
}

/// A call of the session: what the host has to do, or why the session cannot be used any more.
macro_rules! call {
    ($self:ident, $call:ident($($argument:expr),*)) => {{
        let Session { store, exports, session, turns, log } = $self;
        let _running = turns.running();
        turns::begin(store);
        let broker = exports.azure_oidc_federation_broker().session();
        broker.$call(store, *session, $($argument),*).await.map_err(|error| failure::fault(&error, log))
    }};
}

impl Session {
    /// A caller's request.
    pub(crate) async fn request(&mut self, id: u64, request: &Request, now: u64) -> Result<Vec<Action>, Fault> {
        call!(self, call_request(id, request, now))
    }

    /// The result of a task.
    pub(crate) async fn done(&mut self, id: u64, result: &TaskResult, now: u64) -> Result<Vec<Action>, Fault> {
        call!(self, call_done(id, result, now))
    }

    /// The time has come that the session asked for.
    pub(crate) async fn tick(&mut self, now: u64) -> Result<Vec<Action>, Fault> {
        call!(self, call_tick(now))
    }

    /// The contents of the ready file.
    pub(crate) async fn ready(&mut self, pid: u32, removed: &[String]) -> Result<String, Fault> {
        call!(self, call_ready(pid, removed))
    }
}

/// Begins a new epoch each [`TICK`] while a call runs, so that one that computes for too long is
/// interrupted.
struct Turns {
    running: AtomicUsize,
    thread: Thread,
}

/// Counts a call among the running ones.
struct Running<'a>(&'a Turns);

impl Turns {
    fn start(engine: Engine) -> std::io::Result<Arc<Self>> {
        let (send, receive) = std::sync::mpsc::channel::<Arc<Self>>();
        let tick = move || {
            let Ok(turns) = receive.recv() else { return };
            loop {
                if turns.running.load(Relaxed) == 0 {
                    thread::park();
                } else {
                    thread::sleep(TICK);
                    engine.increment_epoch();
                }
            }
        };
        let thread = thread::Builder::new().name("turns".to_owned()).spawn(tick)?.thread().clone();
        let turns = Arc::new(Self { running: AtomicUsize::new(0), thread });
        send.send(Arc::clone(&turns)).map_err(|_| std::io::ErrorKind::BrokenPipe)?;
        Ok(turns)
    }

    fn running(&self) -> Running<'_> {
        if self.running.fetch_add(1, Relaxed) == 0 {
            self.thread.unpark();
        }
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
    }
}
