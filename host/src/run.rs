//! Runs one command: reads the inputs, proves that the result can be written, runs the component,
//! publishes, prints.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use azure_oidc_cli::failure::Form;
use azure_oidc_cli::{self as cli, Cli, Command, Unread, grants};
use azure_oidc_core::Fault;

use crate::broker;
use crate::closed;
use crate::component;
use crate::deadline::{Early, Limit, Phase, Watchdog};
use crate::egress::Policy;
use crate::exhausted;
use crate::inputs::{self, Files, ProcessEnv};
use crate::login;
use crate::names;
use crate::print::{self, not_printed, print, report};
use crate::program;
use crate::publish::Outputs;
use crate::sandbox::{self, Grants, Outcome};
use crate::serve;
use crate::timings::Timings;
use crate::transport::Transport;
use crate::trust::Trust;
use crate::unfinished::Unfinished;
use crate::warnings::Warnings;

/// How long a signal waits for a step of publishing that is under way.
const PATIENCE_OF_SIGNALS: Duration = Duration::from_secs(1);
/// How long the deadline waits for it, and for a reader of its report.
const PATIENCE_OF_DEADLINE: Duration = Duration::from_millis(60);

/// Runs the command of the process's arguments, and returns its exit code.
pub(crate) fn run(timings: &Arc<Timings>) -> u8 {
    let arguments = match inputs::arguments() {
        Ok(arguments) => arguments,
        Err(fault) => return report(&fault, Form::Text),
    };
    let form = Form::of(&arguments);
    let parsed = cli::parse(&arguments);
    let limit = parsed.as_ref().map_or(Limit::DEFAULT, Limit::of);
    let unfinished = Arc::new(Unfinished::default());
    let watchdog = Watchdog::start(limit, timings.started(), {
        let unfinished = Arc::clone(&unfinished);
        let timings = parsed.as_ref().is_ok_and(|cli| cli.host.timings).then(|| Arc::clone(timings));
        move |early| match early {
            Early::Signal(code) => unfinished.undo(PATIENCE_OF_SIGNALS, || code),
            Early::Late(phase, fault) => unfinished.undo(PATIENCE_OF_DEADLINE, || {
                // A line that nobody reads is on standard output already.
                let form = if phase == Phase::Printing { Form::Text } else { form };
                let code = fault.category.exit_code();
                print::within(PATIENCE_OF_DEADLINE, move || {
                    if let Some(timings) = timings {
                        timings.print();
                    }
                    report(&fault, form);
                });
                code.into()
            }),
        }
    });
    let watchdog = match watchdog {
        Ok(watchdog) => watchdog,
        Err(fault) => return report(&fault, form),
    };
    let print_only = |bytes: &[u8]| {
        watchdog.enter(Phase::Printing);
        print(bytes)
    };
    let result = match &parsed {
        Ok(cli) => match &cli.command {
            Command::Component(args) => {
                component::run(args, &watchdog).and_then(|text| print_only(text.as_bytes()).map(|()| 0))
            }
            Command::Link(args) => names::link(args).and_then(|text| print_only(text.as_bytes()).map(|()| 0)),
            Command::Login(args) => {
                login::login(args, cli, &login::Process { timings, unfinished: &unfinished, watchdog: &watchdog })
            }
            Command::Logout(args) => {
                login::logout(args, &login::Process { timings, unfinished: &unfinished, watchdog: &watchdog })
            }
            Command::Completions(args) => print_only(&cli::completions(args.shell)).map(|()| 0),
            Command::Serve(args) => return serve(args, cli, timings, watchdog, form),
            Command::Exec(_) | Command::Broker(_) => return keep(cli, &arguments, watchdog, form),
            _ => run_in_sandbox(cli, &arguments, timings, &unfinished, &watchdog),
        },
        Err(Unread::Help(text)) => print_only(component::with_digest(text.clone(), &arguments).as_bytes()).map(|()| 0),
        Err(Unread::Usage(fault)) => Err(fault.clone()),
    };
    if parsed.is_ok_and(|cli| cli.host.timings) {
        timings.print();
    }
    let code = result.unwrap_or_else(|fault| report(&fault, form));
    watchdog.forget();
    code
}

/// Keeps credentials fresh, without a limit as soon as that has started.
fn keep(cli: &Cli, arguments: &[String], watchdog: Watchdog, form: Form) -> u8 {
    let result = exhausted::require_descriptors().and_then(|()| match &cli.command {
        Command::Broker(args) => broker::broker(args, cli, arguments, watchdog),
        _ => broker::exec(cli, arguments, watchdog),
    });
    result.unwrap_or_else(|fault| report(&fault, form))
}

/// Serves, without a limit as soon as the service has started.
fn serve(args: &cli::ServeArgs, cli: &Cli, timings: &Arc<Timings>, watchdog: Watchdog, form: Form) -> u8 {
    let result = serve::run(args, cli, timings, watchdog);
    if cli.host.timings {
        timings.print();
    }
    result.unwrap_or_else(|fault| report(&fault, form))
}

fn run_in_sandbox(
    cli: &Cli,
    arguments: &[String],
    timings: &Arc<Timings>,
    unfinished: &Arc<Unfinished>,
    watchdog: &Watchdog,
) -> Result<u8, Fault> {
    let needed = grants::needed(cli, &ProcessEnv);
    let outcome = in_sandbox(cli, arguments, needed, timings, unfinished, watchdog)?;
    let is_result = cli.command.prints_token() && outcome.exit_code == 0;
    if is_result && !(outcome.masks.is_empty() && outcome.stdout.is_empty()) && closed::is_stdout_closed() {
        return Err(not_printed("it is closed"));
    }
    publish(&outcome, unfinished, watchdog).inspect_err(|_| unfinished.discard())?;
    timings.phase_done("publish");
    Ok(outcome.exit_code)
}

/// Runs a command in the component, with what it needs. Nothing is published yet.
pub(crate) fn in_sandbox(
    cli: &Cli,
    arguments: &[String],
    mut needed: grants::Grants,
    timings: &Arc<Timings>,
    unfinished: &Arc<Unfinished>,
    watchdog: &Watchdog,
) -> Result<Outcome, Fault> {
    exhausted::require_descriptors()?;
    let may_run_program = needed.program.is_some() && cli.host.allow_program;
    let trust = Trust::new(cli.host.ca_file.as_deref(), |phase| watchdog.enter(phase))?;
    let outputs = Outputs::prove(&needed, &ProcessEnv)?;
    if !outputs.is_empty() || may_run_program {
        watchdog.watch_signals();
    }
    *unfinished.outputs() = outputs;
    let mut files = Files::read(&needed.files, |phase| watchdog.enter(phase));
    let issuer = needed.issuer(&cli.host.allow_host, &ProcessEnv, &|name| files.text(name));
    needed.destinations.extend(issuer);
    needed.restrict_to_server(&ProcessEnv, &|name| files.text(name));
    if let Some((name, words)) = needed.program.take().filter(|_| may_run_program) {
        watchdog.enter(Phase::Program(name.clone()));
        files.add(name, program::output(&words, watchdog.deadline(), unfinished));
    }
    let destinations = mem::take(&mut needed.destinations);
    let policy = Policy::new(destinations, &cli.host.allow_host)?.with_sockets(mem::take(&mut needed.sockets));
    if !policy.is_empty() {
        cli::check_proxies(&|name| std::env::var_os(name))?;
    }
    timings.phase_done("arguments");

    let is_for_people = matches!(Form::of(arguments), Form::Text | Form::Json);
    let warnings = Arc::new(if is_for_people { Warnings::default() } else { Warnings::muted() });
    let mut variables = inputs::granted_variables(&needed.variables, &ProcessEnv);
    variables.extend(inputs::color_variable(&ProcessEnv));
    let grants = Grants { variables, transport: Transport::new(policy, trust, warnings, Arc::clone(timings)) };
    watchdog.enter(Phase::Component);
    let shortened = watchdog.shortened().map(|left| cli::with_timeout(arguments, left));
    let outcome = sandbox::run(grants, shortened.as_deref().unwrap_or(arguments), files, timings)?;

    Ok(outcome)
}

/// Hides secrets first, then writes the files, then prints. Everything that was written is taken back
/// unless the rest succeeds too.
fn publish(outcome: &Outcome, unfinished: &Unfinished, watchdog: &Watchdog) -> Result<(), Fault> {
    watchdog.enter(Phase::Printing);
    print(&outcome.masks)?;
    watchdog.enter(Phase::Publishing);
    unfinished.outputs().publish(&outcome.publish, watchdog.deadline())?;
    watchdog.enter(Phase::Printing);
    // Not locked: a reader can keep this process waiting, and it can be cancelled meanwhile.
    print(&outcome.stdout)?;
    print::note(&outcome.stderr);
    unfinished.keep(outcome.exit_code);
    Ok(())
}
