//! Carries out the session's tasks, on a thread of its own, so that no answer waits for the
//! network.

use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_oidc_cli::grants::{self, Grants as Needed};
use azure_oidc_cli::{Cli, failure};
use azure_oidc_core::{Category, Fault};
use tokio::runtime::{Builder, Handle};
use zeroize::Zeroize;

use crate::deadline::Deadline;
use crate::egress::Policy;
use crate::inputs::{self, Files, ProcessEnv};
use crate::program::{self, Group};
use crate::sandbox::Grants;
use crate::sandbox::keep::{Failure, Kept, Order, Task, TaskOutcome, TaskResult};
use crate::timings::Timings;
use crate::transport::Transport;
use crate::trust::Trust;
use crate::unfinished::Unfinished;
use crate::warnings::Warnings;

/// Time that a task has beyond its own limit, which the component keeps itself.
const GRACE: Duration = Duration::from_millis(250);

/// What every task needs.
pub(super) struct Tasks {
    pub(super) kept: Kept,
    arguments: Vec<String>,
    /// The files that are read for each task.
    files: Vec<String>,
    /// The CI system's program, if it may run.
    program: Option<(String, Vec<String>)>,
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
        let grants = Grants {
            variables: inputs::granted_variables(&variables, &ProcessEnv),
            transport: Transport::new(policy, trust, warnings, timings),
        };
        let program = program.filter(|_| cli.host.allow_program);
        Ok(Self {
            kept: Kept::load(grants)?,
            arguments: arguments.to_vec(),
            files,
            program,
            running: Unfinished::default(),
        })
    }

    /// Carries out one task. A failure of the host is a failed task.
    pub(super) async fn perform(self: Arc<Self>, mut task: Task) -> TaskResult {
        let (Task::Mint(limit) | Task::Exchange(Order { timeout: limit, .. })) = &task;
        let limit = Duration::from_millis(u64::from(*limit)).saturating_add(GRACE);
        let files = {
            let (tasks, is_mint) = (Arc::clone(&self), matches!(task, Task::Mint(_)));
            // Reading can block, and the program takes its time.
            let read = tokio::task::spawn_blocking(move || tasks.read(is_mint, limit));
            match tokio::time::timeout(limit, read).await {
                Ok(Ok(files)) => files,
                _ => return failed(&not_read()),
            }
        };
        let performed = self.kept.perform(&self.arguments, files, &task, limit).await;
        if let Task::Exchange(order) = &mut task {
            order.id_token.zeroize();
        }
        performed.unwrap_or_else(|fault| failed(&fault))
    }

    /// Ends the program of the CI system, if it runs.
    pub(super) fn end_program(&self) {
        self.running.program().take().iter().for_each(Group::kill);
    }

    fn read(&self, is_mint: bool, limit: Duration) -> Files {
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
        is_passing: fault.category == Category::Network,
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
pub(super) fn thread() -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
    let handle = runtime.handle().clone();
    let forever = move || runtime.block_on(std::future::pending::<()>());
    std::thread::Builder::new().name("tasks".to_owned()).spawn(forever)?;
    Ok(handle)
}
