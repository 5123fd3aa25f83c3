//! One command from its arguments to its exit code, in the order in which things must happen: read, prove that the result can be
//! written, run, publish, print.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use azure_oidc_cli::{self as cli, Cli, Command, Unread, failure, grants};
use azure_oidc_core::{Category, Fault};

use crate::component;
use crate::deadline;
use crate::egress::Policy;
use crate::inputs::{self, Files, Process};
use crate::program;
use crate::publish::Outputs;
use crate::sandbox::{self, Grants};
use crate::serve;
use crate::timings::Timings;
use crate::transport::Transport;
use crate::trust::Trust;
use crate::warnings::Warnings;

/// Runs the command that the process was started with, and gives its exit code.
pub(crate) fn run(timings: &Arc<Timings>) -> u8 {
    let arguments = match inputs::arguments() {
        Ok(arguments) => arguments,
        Err(fault) => return show(&fault, false),
    };
    let done = match cli::parse(&arguments) {
        Ok(cli) => command(&cli, &arguments, timings),
        Err(Unread::Help(text)) => print(component::with_digest(text, &arguments).as_bytes()).map(|()| 0),
        Err(Unread::Usage(fault)) => Err(fault),
    };
    done.unwrap_or_else(|fault| show(&fault, cli::wants_json(&arguments)))
}

fn command(cli: &Cli, arguments: &[String], timings: &Arc<Timings>) -> Result<u8, Fault> {
    if let Command::Component(args) = &cli.command {
        return component::hand_out(args).and_then(|text| print(text.as_bytes())).map(|()| 0);
    }
    if let Command::Completions(args) = &cli.command {
        return print(&cli::completions(args.shell)).map(|()| 0);
    }
    let done = match &cli.command {
        Command::Serve(args) => serve::run(args, cli, timings),
        _ => in_sandbox(cli, arguments, timings),
    };
    if cli.host.timings {
        timings.print();
    }
    done
}

fn in_sandbox(cli: &Cli, arguments: &[String], timings: &Arc<Timings>) -> Result<u8, Fault> {
    let mut needed = grants::needed(cli, &Process);
    let mut files = Files::read(&needed.files);
    let issuer = needed.issuer(&Process, &|name| files.text(name));
    needed.destinations.extend(issuer);
    if let Some((name, words)) = needed.program.filter(|_| cli.host.allow_program) {
        files.add(name, program::output(&words));
    }
    let policy = Policy::new(needed.destinations, &cli.host.allow_host)?.with_sockets(needed.sockets);
    let trust = Trust::new(cli.host.ca_file.as_deref())?;
    let outputs = Outputs::prove(&needed.outputs, needed.id_token_output, &Process)?;
    timings.phase_done("arguments");

    let warnings = Arc::new(Warnings::default());
    let mut variables = inputs::shown(&needed.variables, &Process);
    variables.extend(inputs::color(&Process));
    let grants = Grants { variables, transport: Transport::new(policy, trust, warnings, Arc::clone(timings)) };
    let outputs = Arc::new(Mutex::new(outputs));
    let watch = deadline::watch(deadline::of(&cli.command), {
        let (outputs, timings) = (Arc::clone(&outputs), cli.host.timings.then(|| Arc::clone(timings)));
        let json = cli::wants_json(arguments);
        move |fault| {
            drop(take(&outputs));
            if let Some(timings) = timings {
                timings.print();
            }
            std::process::exit(show(&fault, json).into())
        }
    });
    let outcome = sandbox::run(grants, arguments, files, timings);
    drop(watch);

    let mut outputs = take(&outputs);
    let outcome = outcome?;
    outputs.publish(&outcome.publish)?;
    print(&outcome.stdout)?;
    // Nowhere is left to say that standard error is gone.
    io::stderr().write_all(&outcome.stderr).ok();
    timings.phase_done("publish");
    Ok(outcome.exit_code)
}

/// Whoever takes the outputs first has them: to publish, or to remove what only the proof had made.
fn take(outputs: &Mutex<Outputs>) -> Outputs {
    mem::take(&mut outputs.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Prints a result. Whoever asked for it must know when it did not arrive.
fn print(bytes: &[u8]) -> Result<(), Fault> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| {
        Fault::new(
            Category::Publish,
            "stdout-not-writable",
            format!("The result could not be written to standard output: {error}"),
        )
    })
}

/// Shows a failure of the host itself, in the form that was asked for.
fn show(fault: &Fault, json: bool) -> u8 {
    if !json || print(failure::json(fault).as_bytes()).is_err() {
        io::stderr().write_all(failure::text(fault).as_bytes()).ok();
    }
    fault.category.exit_code()
}
