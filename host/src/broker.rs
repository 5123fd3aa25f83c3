//! The commands `exec` and `broker`: credentials that stay fresh for as long as a command or a job
//! runs.
//!
//! The component decides what to answer, ask and renew. This program listens ([`listen`]), passes
//! requests and results on ([`session`]), carries out tasks ([`work`]), and ends with what it
//! serves ([`watch`]).

use std::io;
use std::sync::Arc;

use azure_oidc_cli::{Cli, Command, failure};
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};
use tokio::sync::oneshot;

mod command;
#[cfg(unix)]
mod guard;
mod listen;
mod notes;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod ready;
mod session;
mod token_file;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
mod watch;
#[cfg(windows)]
mod windows;
mod work;

use crate::exhausted::Resource;
use crate::inputs::ProcessEnv;
use crate::reason;
use crate::sandbox::broker::Listening;
use session::{Conductor, Ended, Ready};
use token_file::TokenFile;
use work::Tasks;

#[cfg(unix)]
pub(crate) use unix::{broker, exec, role};
#[cfg(windows)]
pub(crate) use windows::{broker, exec, role};

/// How serving came to its end.
enum Outcome<E> {
    /// What it was for has ended.
    Over(E),
    /// Nothing can be offered any more: the text to print, and the exit code.
    Failed(String, u8),
}

/// Serves until `serving` returns, which gets what becomes ready.
fn serve<E, S: Future<Output = E>>(
    cli: &Cli,
    arguments: &[String],
    token_file: Option<TokenFile>,
    serving: impl FnOnce(oneshot::Receiver<Ready>) -> S,
) -> Outcome<E> {
    let prepare = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| not_started(&error))?;
        Ok((runtime, work::thread()?, session::secrets().map_err(|error| not_started(&error))?))
    };
    let (runtime, thread, secrets) = match prepare() {
        Ok(prepared) => prepared,
        Err(fault) => return failed(&fault),
    };
    let outcome = runtime.block_on(async {
        let tasks = match Tasks::new(cli, arguments) {
            Ok(tasks) => Arc::new(tasks),
            Err(fault) => return failed(&fault),
        };
        let running = Arc::clone(&tasks);
        let bound = async {
            let listener = listen::bind().await?;
            Ok((listener.local_addr()?.port(), listener))
        };
        let (port, listener) = match bound.await {
            Ok(bound) => bound,
            Err(error) => return failed(&not_started(&error)),
        };
        let listening = Listening {
            port,
            secrets,
            token_file: token_file.as_ref().map_or_else(String::new, |file| file.path().display().to_string()),
            variables: names_of_variables(),
            program: command::name(&cli.command),
        };
        let (conductor, callers, ready) = match Conductor::open(tasks, thread, arguments, listening, token_file).await {
            Ok(opened) => opened,
            Err(ended) => return ended.into(),
        };
        let outcome = tokio::select! {
            biased;
            over = serving(ready) => Outcome::Over(over),
            ended = conductor.run() => ended.into(),
            () = listen::serve(listener, Arc::new(callers)) => {
                failed(&not_started(&io::Error::other("it does not listen any more")))
            }
        };
        running.end_program();
        outcome
    });
    // Threads that wait for a name or a file are not waited for.
    runtime.shutdown_background();
    outcome
}

impl<E> From<Ended> for Outcome<E> {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Refused(text, code) => Self::Failed(text, code),
            Ended::Failed(fault) => failed(&fault),
        }
    }
}

fn failed<E>(fault: &Fault) -> Outcome<E> {
    Outcome::Failed(failure::text(fault), fault.category.exit_code())
}

/// The fault of a broker that the system does not let start.
fn not_started(error: &io::Error) -> Fault {
    const WHAT: &str = "The broker cannot be started";
    let resource = match error.kind() {
        // What the system says when it starts no process.
        io::ErrorKind::WouldBlock => Some(Resource::Threads),
        _ => Resource::of(error),
    };
    match resource {
        Some(resource) => resource.fault(WHAT, reason::of(error)),
        None => Fault::new(Category::Usage, "broker-not-started", format!("{WHAT}: {}", reason::of(error))),
    }
}

/// Makes the folder for the file of `--federated-token-file`, if it is asked for.
fn token_file(cli: &Cli) -> Result<Option<TokenFile>, Fault> {
    let is_wanted = cli.command.broker_options().is_some_and(|options| options.federated_token_file);
    is_wanted.then(TokenFile::new).transpose().map_err(|error| {
        let message = format!("A folder for `--federated-token-file` cannot be made: {}", reason::of_writing(&error));
        Fault::new(Category::Usage, "token-file-not-writable", message)
            .hint("name a folder that you may write to in TMPDIR")
    })
}

/// The variables that are set and not empty.
fn names_of_variables() -> Vec<String> {
    ProcessEnv.all().into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name).collect()
}

/// The command line as the component reads it. What follows `--` is the command's own.
fn own_arguments(arguments: &[String], command: &Command) -> Vec<String> {
    let own = arguments.iter().take_while(|argument| *argument != "--").cloned();
    match command::name(command) {
        // A command is required.
        Some(name) => own.chain(["--".to_owned(), name]).collect(),
        None => own.collect(),
    }
}
