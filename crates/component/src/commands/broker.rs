//! `exec` and `broker`: the session and the tasks of their command line, with what they print.

use std::time::Duration;

use azure_oidc_cli::{BrokerOptions, Cli, Command, Unread, failure, learn_suspects};
use azure_oidc_core::platform::text::defuse;
use azure_oidc_core::secret::without_secrets;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::{Category, Fault};
use azure_oidc_jobs::broker::{self, Action, Failure, Listening, Offer, Outcome, Refusal, Session, Task};
use azure_oidc_jobs::exchange::{Notice, Request};

use super::{Context, exchange};

/// A name of a variable that nothing publishes.
const UNPUBLISHED: &str = "TOKEN";

/// Begins a session, and returns what to do first.
pub fn open(
    arguments: &[String],
    listening: Listening,
    context: Context<'_>,
    now: u64,
) -> Result<(Session, Vec<Action>), Refusal> {
    let cli = parsed(arguments).map_err(|fault| refusal(&fault, &[], arguments, context))?;
    let given = options(&cli).map_err(|fault| refusal(&fault, &[], arguments, context))?;
    let offer = Offer {
        token_file: given.federated_token_file,
        imds: given.imds,
        keep_id_token: matches!(&cli.command, Command::Exec(args) if args.keep_id_token),
    };
    let mut notices = Vec::new();
    let names = [UNPUBLISHED.to_owned()];
    let opened = Session::open(&request(given, &names, context), offer, listening, context, now, &mut notices);
    match opened {
        Ok((session, mut actions)) => {
            if !notices.is_empty() {
                actions.insert(0, Action::Say(shown(&notices, context)));
            }
            Ok((session, actions))
        }
        Err(fault) => Err(refusal(&fault, &notices, arguments, context)),
    }
}

/// Carries out a task. Returns its outcome and what to print.
pub fn perform(arguments: &[String], task: Task, context: Context<'_>) -> (Outcome, String) {
    let mut notices = Vec::new();
    let outcome = parsed(arguments).and_then(|cli| {
        let names = [UNPUBLISHED.to_owned()];
        let request = request(options(&cli)?, &names, context);
        match task {
            Task::Mint(timeout) => broker::mint(&request, limit(timeout), context, &mut notices).map(Outcome::Minted),
            Task::Exchange { scope, id_token, timeout } => {
                context.ports.secrets.learn(id_token.reveal());
                broker::exchange(&request, &scope, id_token, limit(timeout), context).map(Outcome::Exchanged)
            }
        }
    });
    let outcome = outcome.unwrap_or_else(|fault| Outcome::Failed(failure_of(&fault, arguments, context)));
    (outcome, shown(&notices, context))
}

fn limit(milliseconds: u32) -> Duration {
    Duration::from_millis(milliseconds.into())
}

fn parsed(arguments: &[String]) -> Result<Cli, Fault> {
    // The program itself need not be told.
    let named = arguments.first().is_some_and(|name| name == "exec") && arguments.last().is_some_and(|end| end == "--");
    let completed: Vec<_> = arguments.iter().cloned().chain(named.then(|| "CMD".to_owned())).collect();
    azure_oidc_cli::parse(&completed).map_err(|unread| match unread {
        Unread::Usage(fault) => fault,
        Unread::Help(_) => other_command(),
    })
}

fn options(cli: &Cli) -> Result<&BrokerOptions, Fault> {
    cli.command.broker_options().ok_or_else(other_command)
}

fn other_command() -> Fault {
    Fault::new(Category::Usage, "usage", "A session needs the command line of `exec` or `broker`")
}

fn request<'a>(args: &'a BrokerOptions, names: &'a [String], context: Context<'_>) -> Request<'a> {
    Request {
        sign_in: exchange::sign_in(&args.sign_in),
        scopes: &args.scope,
        output_names: names,
        credential: None,
        plan: args.plan_inputs(),
        limits: args.limits(),
        preflight: true,
        log_level: args.log_level.as_deref(),
        shell: Shell::detect(context.ports.env),
    }
}

fn refusal(fault: &Fault, notices: &[Notice], arguments: &[String], context: Context<'_>) -> Refusal {
    learn_suspects(context.ports.secrets, arguments, context.ports.env);
    let text = shown(notices, context) + &safe(&failure::text(fault), context);
    Refusal { exit_code: fault.category.exit_code(), text }
}

/// A failure for the caller, and for standard error.
fn failure_of(fault: &Fault, arguments: &[String], context: Context<'_>) -> Failure {
    learn_suspects(context.ports.secrets, arguments, context.ports.env);
    let mut failure = Failure::new(fault, safe(&failure::text(fault), context));
    failure.message = hidden(&failure.message, context);
    failure.error = failure.error.map(|error| hidden(&error, context));
    failure
}

fn shown(notices: &[Notice], context: Context<'_>) -> String {
    safe(&notices.iter().map(exchange::render).collect::<String>(), context)
}

fn safe(text: &str, context: Context<'_>) -> String {
    defuse(&hidden(text, context))
}

fn hidden(text: &str, context: Context<'_>) -> String {
    context.ports.secrets.hide(without_secrets(text))
}
