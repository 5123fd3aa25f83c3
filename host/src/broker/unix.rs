//! `exec` and `broker` on Unix: `exec` becomes its command, and the broker is another process,
//! which ends with the command.

use std::cell::Cell;
use std::os::unix::process::{CommandExt, parent_id};
use std::time::{Duration, Instant};

use azure_oidc_cli::{self as cli, BrokerArgs, Cli, Command, failure};
use azure_oidc_core::{Category, Fault};
use rustix::process::Pid;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::guard::{self, Guard, Made};
use super::process::{self, Errors, Order, Report, Role, Started, Starter};
use super::ready::ReadyFile;
use super::session::Ready;
use super::token_file::TokenFile;
use super::watch::Watched;
use super::{Outcome, command, own_arguments, serve, token_file};
use crate::deadline::{Early, Limit, Watchdog};
use crate::print;

/// How long a broker that starts too late waits for a reader of its report.
const PATIENCE: Duration = Duration::from_millis(60);
/// How long a broker that ends waits for a reader of standard error.
const PATIENCE_OF_END: Duration = Duration::from_secs(1);

/// The environment of the command.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Given {
    set: Vec<(String, String)>,
    unset: Vec<String>,
}

/// Why the broker ends.
enum End {
    /// What it serves has ended.
    Watched,
    /// A signal came.
    Signal(SignalKind),
    /// The ready file cannot be written.
    Failed(Fault),
}

/// Becomes the command, with a broker that ends with it.
///
/// # Errors
///
/// When the command line cannot be used. Returns the exit code when the command does not run.
pub(crate) fn exec(cli: &Cli, arguments: &[String], watchdog: Watchdog) -> Result<u8, Fault> {
    let watch = rustix::process::getpid().as_raw_nonzero().get();
    let order = Order { arguments: own_arguments(arguments, &cli.command), watch };
    let started = {
        let _adoption = process::WithoutAdoption::begin();
        Started::new::<Given>(&order, Errors::Same)
    };
    let (started, given) = match started {
        Ok(started) => started,
        Err((text, code)) => return Ok(print(&text, code)),
    };
    started
        .go_on()
        .map_err(|_| Fault::new(Category::Usage, "broker-ended", "The broker was ended before the command began"))?;
    drop(watchdog);
    let mut process = command::process(given.set, &given.unset);
    // Rust's runtime ignores SIGPIPE. This restores it, and unblocks all signals.
    let error = process.exec();
    // The broker ends when this process does.
    Ok(command::not_run(&process, &error))
}

/// Serves the steps that follow.
///
/// # Errors
///
/// When the ready file cannot be written, or there is nothing to watch.
pub(crate) fn broker(args: &BrokerArgs, cli: &Cli, arguments: &[String], watchdog: Watchdog) -> Result<u8, Fault> {
    if args.detach {
        // Found out here, where a failure can be told.
        args.watch_pid.map(watch).transpose()?;
        let parent = parent_id();
        let watch = args.watch_pid.unwrap_or(parent);
        let order = Order { arguments: arguments.to_vec(), watch: i32::try_from(watch).unwrap_or_default() };
        let (started, ()) = match Started::new::<()>(&order, Errors::UntilReport) {
            Ok(started) => started,
            Err((text, code)) => return Ok(print(&text, code)),
        };
        // If the parent has ended, its number may belong to another process that the broker
        // watches.
        if args.watch_pid.is_none() && parent_id() != parent {
            return Err(no_parent());
        }
        started.go_on().ok();
        return Ok(0);
    }
    let watched = args.watch_pid.map_or_else(watch_parent, |pid| watch(pid).map(Some))?;
    process::protect_memory();
    Ok(run_broker(cli, arguments, watched, None, watchdog))
}

fn watch(pid: u32) -> Result<Watched, Fault> {
    let found = i32::try_from(pid).ok().and_then(Pid::from_raw).and_then(|pid| Watched::open(pid).ok());
    let why = match found {
        Some(watched) if !watched.has_ended() => return Ok(watched),
        Some(_) => format!("The process {pid} to watch has ended already"),
        None => format!("There is no process {pid} to watch"),
    };
    let hint = "`--watch-pid` takes the number of a process that runs as long as the job, such as \"$PPID\" in a shell";
    Err(Fault::new(Category::Usage, "no-such-process", why).hint(hint))
}

/// The process that started this one. None when it is outside of this container.
fn watch_parent() -> Result<Option<Watched>, Fault> {
    let parent = parent_id();
    let Some(pid) = Pid::from_raw(i32::try_from(parent).unwrap_or_default()) else { return Ok(None) };
    let watched = Watched::open(pid).ok().filter(|watched| !watched.has_ended() && parent_id() == parent);
    watched.map(Some).ok_or_else(no_parent)
}

fn no_parent() -> Fault {
    Fault::new(Category::Usage, "no-such-process", "The process that started the broker has ended already")
        .hint("for the steps that follow, name a process that runs as long as the job with `--watch-pid PID`")
}

/// What this process does when [`exec`] or [`broker`] executed this program anew, and its exit
/// code.
pub(crate) fn role() -> Option<u8> {
    match Role::of_this_process()? {
        Role::Detach => Some(match process::detach() {
            Ok(()) => 0,
            Err(error) => {
                let (text, code) = (failure::text(&super::not_started(&error)), Category::Usage.exit_code());
                // The process that waits for the broker prints it.
                process::tell(&Report::<()>::Failed { text, code }).ok();
                code
            }
        }),
        Role::Guard => {
            guard::run();
            Some(0)
        }
        Role::Serve => {
            process::protect_memory();
            // Without an order somebody has called this by hand.
            let Ok((starter, order)) = Starter::order() else { return Some(2) };
            let Ok(cli) = cli::parse(&order.arguments) else { return Some(2) };
            let watched = match watch(u32::try_from(order.watch).unwrap_or_default()) {
                Ok(watched) => watched,
                Err(fault) => return Some(not_served(starter, &fault)),
            };
            let started = Watchdog::start(Limit::of(&cli), Instant::now(), |early| match early {
                Early::Late(_, fault) => too_late(&fault),
                // This process watches signals itself.
                Early::Signal(code) => std::process::exit(code),
            });
            let watchdog = match started {
                Ok(watchdog) => watchdog,
                Err(fault) => return Some(not_served(starter, &fault)),
            };
            // It was alive after it began to be watched, unless it is another one.
            if !starter.is_there() {
                return Some(0);
            }
            Some(run_broker(&cli, &order.arguments, Some(watched), Some(starter), watchdog))
        }
    }
}

/// Tells the process that started this one why there is no broker.
fn not_served(starter: Starter, fault: &Fault) -> u8 {
    let (text, code) = (failure::text(fault), fault.category.exit_code());
    starter.report(&Report::<()>::Failed { text, code }).ok();
    code
}

/// Serves until the end, and returns the exit code. Whoever started this process is told what
/// became of it.
fn run_broker(
    cli: &Cli,
    arguments: &[String],
    watched: Option<Watched>,
    mut starter: Option<Starter>,
    watchdog: Watchdog,
) -> u8 {
    let is_ready = Cell::new(false);
    let outcome = Files::prepare(cli).map_or_else(
        |fault| super::failed(&fault),
        |(mut files, token_file)| {
            let (starter, is_ready) = (&mut starter, &is_ready);
            serve(cli, arguments, token_file, |ready| async move {
                tokio::select! {
                    biased;
                    () = ended(watched) => End::Watched,
                    signal = signalled() => End::Signal(signal),
                    end = announce(ready, cli, &mut files, starter, is_ready, watchdog) => end,
                }
            })
        },
    );
    let (text, code) = match outcome {
        Outcome::Over(End::Watched) if is_ready.get() => return 0,
        Outcome::Over(End::Watched) => {
            let message = "The process that the broker watches ended before the credentials could be had";
            let fault = Fault::new(Category::Usage, "watched-process-ended", message);
            (failure::text(&fault), fault.category.exit_code())
        }
        Outcome::Over(End::Signal(signal)) => {
            // Ends this process, so that its parent sees the signal.
            signal_hook::low_level::emulate_default_handler(signal.as_raw_value()).ok();
            return u8::try_from(128 + signal.as_raw_value()).unwrap_or(u8::MAX);
        }
        Outcome::Over(End::Failed(fault)) => (failure::text(&fault), fault.category.exit_code()),
        Outcome::Failed(text, code) => (text, code),
    };
    match starter {
        // The other process prints it.
        Some(starter) => drop(starter.report(&Report::<()>::Failed { text, code })),
        None => _ = print(&text, code),
    }
    code
}

/// The files of a broker, which are removed when this is dropped.
struct Files {
    ready: Option<ReadyFile>,
    made: Option<Made>,
    guard: Option<Guard>,
}

impl Files {
    fn prepare(cli: &Cli) -> Result<(Self, Option<TokenFile>), Fault> {
        let ready = match &cli.command {
            Command::Broker(args) => Some(ReadyFile::prove(&args.ready_file)?),
            _ => None,
        };
        let token_file = token_file(cli)?;
        // Without a helper, a broker that is killed leaves its files. It works all the same.
        let mut guard = if ready.is_some() || token_file.is_some() { Guard::start().ok() } else { None };
        if let (Some(guard), Some(file)) = (&mut guard, &token_file) {
            Made::at(file.folder()).and_then(|made| guard.watch_over(&made)).ok();
        }
        Ok((Self { ready, made: None, guard }, token_file))
    }

    /// Writes the ready file, if there is to be one.
    fn write_ready(&mut self, contents: &str) -> Result<(), Fault> {
        let Some(ready) = &self.ready else { return Ok(()) };
        let made = self.made.insert(ready.write(contents)?);
        if let Some(guard) = &mut self.guard {
            guard.watch_over(made).ok();
        }
        Ok(())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.made.iter().for_each(Made::remove);
    }
}

/// Tells everybody that the credentials can be had. Returns only when there is no reason to serve.
async fn announce(
    ready: oneshot::Receiver<Ready>,
    cli: &Cli,
    files: &mut Files,
    starter: &mut Option<Starter>,
    is_ready: &Cell<bool>,
    watchdog: Watchdog,
) -> End {
    let Ok(Ready { set, unset, file }) = ready.await else { return std::future::pending().await };
    // `--timeout` is for the start. What follows has limits of its own.
    drop(watchdog);
    if let Err(fault) = files.write_ready(&file) {
        return End::Failed(fault);
    }
    is_ready.set(true);
    let is_exec = matches!(cli.command, Command::Exec(_));
    let is_known = match starter.take() {
        Some(starter) if is_exec => starter.report(&Report::Ready(Given { set, unset })),
        Some(starter) => starter.report(&Report::Ready(())),
        None => Ok(()),
    };
    match is_known {
        Ok(()) => std::future::pending().await,
        // Whoever started this has ended.
        Err(_) => End::Watched,
    }
}

/// Ends a broker that has not started in time, and tells whoever started it.
fn too_late(fault: &Fault) -> ! {
    let code = fault.category.exit_code();
    let report = Report::<()>::Failed { text: failure::text(fault), code };
    print::within(PATIENCE, move || drop(process::tell(&report)));
    std::process::exit(code.into());
}

async fn ended(watched: Option<Watched>) {
    match watched {
        Some(watched) => watched.ended().await,
        None => std::future::pending().await,
    }
}

/// Waits for a signal that asks this process to end.
async fn signalled() -> SignalKind {
    let listen = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => drop(signal.recv().await),
            // Then it ends the process at once.
            Err(_) => std::future::pending().await,
        }
        kind
    };
    tokio::select! {
        kind = listen(SignalKind::terminate()) => kind,
        kind = listen(SignalKind::interrupt()) => kind,
        kind = listen(SignalKind::hangup()) => kind,
    }
}

/// Prints a failure, as far as somebody reads it, and returns its exit code.
fn print(text: &str, code: u8) -> u8 {
    let text = print::hidden(text.to_owned());
    print::within(PATIENCE_OF_END, move || print::note(text.as_bytes()));
    code
}
