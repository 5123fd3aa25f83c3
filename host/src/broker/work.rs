//! Carries out the session's tasks, on a thread of its own, so that no answer waits for the
//! network.

use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_oidc_cli::grants::{self, Grants as Needed};
use azure_oidc_cli::{Cli, failure};
use azure_oidc_core::{Category, Fault};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use zeroize::Zeroize;

use crate::deadline::Deadline;
use crate::egress::Policy;
use crate::exhausted;
use crate::inputs::{self, Files, ProcessEnv};
use crate::program::{self, Group};
use crate::sandbox::Grants;
use crate::sandbox::broker::{BrokerSession, Failure, Order, Task, TaskOutcome, TaskResult};
use crate::sandbox::is_exhaustion;
use crate::timings::Timings;
use crate::transport::Transport;
use crate::trust::Trust;
use crate::unfinished::Unfinished;
use crate::warnings::Warnings;

/// Time that a task has beyond its own limit, which the component keeps itself.
const GRACE: Duration = Duration::from_millis(250);

/// What every task needs.
pub(super) struct Tasks {
    pub(super) instance: BrokerSession,
    arguments: Vec<String>,
    /// The files that are read for each task.
    files: Vec<String>,
    /// The CI system's program, if it may run.
    program: Option<(String, Vec<String>)>,
    timings: Arc<Timings>,
    is_timed: bool,
    /// The program while it runs.
    running: Unfinished,
}

impl Tasks {
    /// Grants what an exchange of this command needs, and loads the component.
    pub(super) fn new(cli: &Cli, arguments: &[String]) -> Result<Self, Fault> {
        let Needed { variables, files, destinations, sockets, program, .. } = grants::needed(cli, &ProcessEnv);
        let policy = Policy::new(destinations, &cli.host.allow_host)?.with_sockets(sockets);
        if !policy.is_empty() {
            azure_oidc_cli::check_proxies(&|name| std::env::var_os(name))?;
        }
        let trust = Trust::new(cli.host.ca_file.as_deref(), |_| ())?;
        let (warnings, timings) = (Arc::new(Warnings::default()), Arc::new(Timings::start()));
        timings.phase_done("arguments");
        let grants = Grants {
            variables: inputs::granted_variables(&variables, &ProcessEnv),
            transport: Transport::new(policy, trust, warnings, Arc::clone(&timings)),
        };
        let program = program.filter(|_| cli.host.allow_program);
        let instance = BrokerSession::load(grants)?;
        timings.phase_done("component");
        Ok(Self {
            instance,
            arguments: arguments.to_vec(),
            files,
            program,
            timings,
            is_timed: cli.host.timings,
            running: Unfinished::default(),
        })
    }

    /// The measurements, if `--timings` asks for them.
    pub(super) fn wanted_timings(&self) -> Option<&Timings> {
        self.is_timed.then_some(&self.timings)
    }

    /// Carries out one task. A failure of the host is a failed task.
    pub(super) async fn perform(self: Arc<Self>, mut task: Task) -> TaskResult {
        let (Task::Mint(limit) | Task::Exchange(Order { timeout: limit, .. })) = &task;
        let limit = Duration::from_millis(u64::from(*limit)).saturating_add(GRACE);
        let files = match Arc::clone(&self).read(matches!(task, Task::Mint(_)), limit).await {
            Ok(files) => files,
            Err(fault) => return failed(&fault),
        };
        let performed = self.instance.perform(&self.arguments, files, &task, limit).await;
        if let Task::Exchange(order) = &mut task {
            order.id_token.zeroize();
        }
        performed.unwrap_or_else(|fault| failed(&fault))
    }

    /// Ends the program of the CI system, if it runs.
    pub(super) fn end_program(&self) {
        self.running.program().take().iter().for_each(Group::kill);
    }

    /// Reads the files of a task on a thread of its own: that can block, and the program takes its
    /// time. tokio's threads would end the process when the system starts none.
    async fn read(self: Arc<Self>, is_mint: bool, limit: Duration) -> Result<Files, Fault> {
        let (done, read) = oneshot::channel();
        if self.files.is_empty() && !(is_mint && self.program.is_some()) {
            return Ok(Files::read(&[], |_| ()));
        }
        let read_all = move || drop(done.send(self.read_now(is_mint, limit)));
        std::thread::Builder::new()
            .name("files".to_owned())
            .spawn(read_all)
            .map_err(|error| exhausted::no_thread(&error))?;
        match tokio::time::timeout(limit, read).await {
            Ok(Ok(files)) => Ok(files),
            _ => Err(not_read()),
        }
    }

    fn read_now(&self, is_mint: bool, limit: Duration) -> Files {
        let mut files = Files::read(&self.files, |_| ());
        if let Some((name, words)) = self.program.as_ref().filter(|_| is_mint) {
            files.add(name.clone(), program::output(words, Deadline::after(Instant::now(), limit), &self.running));
        }
        files
    }
}

fn not_read() -> Fault {
    let message = "The ID token's file was not read to its end in time";
    Fault::new(Category::IdToken, "id-token-late", message)
        .hint("name a regular file, or make sure that a program writes to the pipe and closes it")
}

fn failed(fault: &Fault) -> TaskResult {
    let failure = Failure {
        code: fault.code.to_owned(),
        exit_code: fault.category.exit_code(),
        error: None,
        message: fault.message.clone(),
        is_passing: fault.category == Category::Network || is_exhaustion(fault),
        retry_after: None,
        text: failure::text(fault),
    };
    TaskResult { outcome: TaskOutcome::Failed(failure), notices: String::new() }
}

/// Overwrites the secrets of a result.
pub(super) fn forget(result: &mut TaskResult) {
    match &mut result.outcome {
        TaskOutcome::Minted(token) => token.zeroize(),
        TaskOutcome::Exchanged(exchanged) => {
            exchanged.access_token.zeroize();
            exchanged.id_token.zeroize();
        }
        TaskOutcome::Failed(_) => {}
    }
}

/// Starts the thread for tasks, which ends with the process.
pub(super) fn thread() -> Result<Handle, Fault> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|error| super::not_started(&error))?;
    let handle = runtime.handle().clone();
    let forever = move || runtime.block_on(std::future::pending::<()>());
    let started = std::thread::Builder::new().name("tasks".to_owned()).spawn(forever);
    started.map_err(|error| exhausted::no_thread(&error))?;
    Ok(handle)
}
