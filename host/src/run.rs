//! Runs one command: reads the inputs, opens the output files, runs the component, publishes,
//! prints.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use azure_oidc_cli::{self as cli, Cli, Command, Unread, failure, grants};
use azure_oidc_core::{Category, Fault};

use crate::component;
use crate::deadline::{self, Watchdog};
use crate::egress::Policy;
use crate::inputs::{self, Files, ProcessEnv};
use crate::program;
use crate::publish::Outputs;
use crate::sandbox::{self, Grants};
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
    if let Some((name, words)) = needed.program.filter(|_| cli.host.allow_program) {
        files.add(name, program::output(&words));
    }
    let policy = Policy::new(needed.destinations, &cli.host.allow_host)?.with_sockets(needed.sockets);
    let trust = Trust::new(cli.host.ca_file.as_deref())?;
    let outputs = Outputs::open(&needed.outputs, needed.id_token_output, &ProcessEnv)?;
    timings.phase_done("arguments");

    let warnings = Arc::new(Warnings::default());
    let mut variables = inputs::granted_variables(&needed.variables, &ProcessEnv);
    variables.extend(inputs::color_variable(&ProcessEnv));
    let grants = Grants { variables, transport: Transport::new(policy, trust, warnings, Arc::clone(timings)) };
    let outputs = Arc::new(Mutex::new(outputs));
    let watchdog = Watchdog::start(deadline::of_command(&cli.command), {
        let (outputs, timings) = (Arc::clone(&outputs), cli.host.timings.then(|| Arc::clone(timings)));
        let json = cli::wants_json(arguments);
        move |fault| {
            drop(take(&outputs));
            if let Some(timings) = timings {
                timings.print();
            }
            std::process::exit(report(&fault, json).into())
        }
    });
    let outcome = sandbox::run(grants, arguments, files, timings);
    drop(watchdog);

    let mut outputs = take(&outputs);
    let outcome = outcome?;
    outputs.publish(&outcome.publish)?;
    print(&outcome.stdout)?;
    // A closed standard error leaves no place to report that it is closed.
    io::stderr().write_all(&outcome.stderr).ok();
    timings.phase_done("publish");
    Ok(outcome.exit_code)
}

/// The first caller wins: publish, or clean up after the deadline. Later callers get no files.
fn take(outputs: &Mutex<Outputs>) -> Outputs {
    mem::take(&mut outputs.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Prints a result; the exit code tells the caller when it could not be written.
fn print(bytes: &[u8]) -> Result<(), Fault> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| {
        let message = format!("The result cannot be written to standard output: {error}");
        Fault::new(Category::Publish, "stdout-not-writable", message)
    })
}

/// Prints a failure of the host, as text or as JSON, and returns its exit code.
fn report(fault: &Fault, json: bool) -> u8 {
    if !json || print(failure::json(fault).as_bytes()).is_err() {
        io::stderr().write_all(failure::text(fault).as_bytes()).ok();
    }
    fault.category.exit_code()
}
