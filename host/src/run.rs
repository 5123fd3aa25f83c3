//! Runs one command: reads the inputs, proves that the result can be written, runs the component,
//! publishes, prints.

use std::fmt::Display;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use azure_oidc_cli::{self as cli, Cli, Command, Unread, failure, grants};
use azure_oidc_core::{Category, Fault};

use crate::cancel;
use crate::closed;
use crate::component;
use crate::deadline::{self, Watchdog};
use crate::egress::Policy;
use crate::inputs::{self, Files, ProcessEnv};
use crate::program;
use crate::publish::Outputs;
use crate::sandbox::{self, Grants, Outcome};
use crate::serve;
use crate::timings::Timings;
use crate::transport::Transport;
use crate::trust::Trust;
use crate::warnings::Warnings;

/// Runs the command of the process's arguments, and returns its exit code.
pub(crate) fn run(timings: &Arc<Timings>) -> u8 {
    let arguments = match inputs::arguments() {
        Ok(arguments) => arguments,
        Err(fault) => return report(&fault, false),
    };
    let result = match cli::parse(&arguments) {
        Ok(cli) => run_command(&cli, &arguments, timings),
        Err(Unread::Help(text)) => print(component::with_digest(text, &arguments).as_bytes()).map(|()| 0),
        Err(Unread::Usage(fault)) => Err(fault),
    };
    result.unwrap_or_else(|fault| report(&fault, cli::wants_json(&arguments)))
}

fn run_command(cli: &Cli, arguments: &[String], timings: &Arc<Timings>) -> Result<u8, Fault> {
    let result = match &cli.command {
        Command::Component(args) => {
            return component::run(args).and_then(|text| print(text.as_bytes())).map(|()| 0);
        }
        Command::Completions(args) => return print(&cli::completions(args.shell)).map(|()| 0),
        Command::Serve(args) => serve::run(args, cli, timings),
        _ => run_in_sandbox(cli, arguments, timings),
    };
    if cli.host.timings {
        timings.print();
    }
    result
}

fn run_in_sandbox(cli: &Cli, arguments: &[String], timings: &Arc<Timings>) -> Result<u8, Fault> {
    let mut needed = grants::needed(cli, &ProcessEnv);
    let mut files = Files::read(&needed.files);
    let issuer = needed.issuer(&ProcessEnv, &|name| files.text(name));
    needed.destinations.extend(issuer);
    if let Some((name, words)) = needed.program.take().filter(|_| cli.host.allow_program) {
        files.add(name, program::output(&words));
    }
    let destinations = mem::take(&mut needed.destinations);
    let policy = Policy::new(destinations, &cli.host.allow_host)?.with_sockets(mem::take(&mut needed.sockets));
    let trust = Trust::new(cli.host.ca_file.as_deref())?;
    let outputs = Outputs::prove(&needed, &ProcessEnv)?;
    timings.phase_done("arguments");

    let warnings = Arc::new(Warnings::default());
    let mut variables = inputs::granted_variables(&needed.variables, &ProcessEnv);
    variables.extend(inputs::color_variable(&ProcessEnv));
    let grants = Grants { variables, transport: Transport::new(policy, trust, warnings, Arc::clone(timings)) };
    let may_write = !outputs.is_empty();
    let outputs = Arc::new(Mutex::new(outputs));
    let watching = may_write.then(|| {
        let outputs = Arc::clone(&outputs);
        cancel::watch(move |code| {
            // Locked until the process has ended, so that nothing can be published meanwhile.
            let mut outputs = lock(&outputs);
            if outputs.is_kept() {
                // The process is about to end by itself, with success.
                std::thread::sleep(Duration::from_secs(1));
            }
            *outputs = Outputs::default();
            std::process::exit(code)
        })
    });
    let watchdog = Watchdog::start(deadline::of_command(&cli.command), {
        let (outputs, timings) = (Arc::clone(&outputs), cli.host.timings.then(|| Arc::clone(timings)));
        let json = cli::wants_json(arguments);
        move |fault| {
            discard(&outputs);
            if let Some(timings) = timings {
                timings.print();
            }
            std::process::exit(report(&fault, json).into())
        }
    });
    let outcome = sandbox::run(grants, arguments, files, timings);
    drop(watchdog);

    let outcome = outcome?;
    watching.iter().for_each(cancel::Watching::wait);
    let is_result = matches!(cli.command, Command::Exchange(_)) && outcome.exit_code == 0;
    if is_result && !(outcome.masks.is_empty() && outcome.stdout.is_empty()) && closed::is_stdout_closed() {
        return Err(not_printed("it is closed"));
    }
    publish(&outcome, &outputs).inspect_err(|_| discard(&outputs))?;
    timings.phase_done("publish");
    Ok(outcome.exit_code)
}

/// Hides secrets first, then writes the files, then prints. Everything that was written is taken back
/// unless the rest succeeds too.
fn publish(outcome: &Outcome, outputs: &Mutex<Outputs>) -> Result<(), Fault> {
    print(&outcome.masks)?;
    lock(outputs).publish(&outcome.publish)?;
    // Not locked: a reader can keep this process waiting, and it can be cancelled meanwhile.
    print(&outcome.stdout)?;
    // A closed standard error leaves no place to report that it is closed.
    io::stderr().write_all(&outcome.stderr).ok();
    lock(outputs).keep();
    Ok(())
}

/// Takes back what was written. Locked meanwhile, so that nobody ends the process halfway; later
/// callers can publish nothing.
fn discard(outputs: &Mutex<Outputs>) {
    *lock(outputs) = Outputs::default();
}

fn lock(outputs: &Mutex<Outputs>) -> MutexGuard<'_, Outputs> {
    outputs.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prints a result; the exit code tells the caller when it could not be written.
fn print(bytes: &[u8]) -> Result<(), Fault> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(not_printed)
}

fn not_printed(why: impl Display) -> Fault {
    let message = format!("The result cannot be written to standard output: {why}");
    Fault::new(Category::Publish, "stdout-not-writable", message)
}

/// Prints a failure of the host, as text or as JSON, and returns its exit code.
fn report(fault: &Fault, json: bool) -> u8 {
    if !json || print(failure::json(fault).as_bytes()).is_err() {
        io::stderr().write_all(failure::text(fault).as_bytes()).ok();
    }
    fault.category.exit_code()
}
