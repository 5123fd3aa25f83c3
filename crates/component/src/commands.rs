//! Runs the commands over the core's ports. A command returns its output; only the caller prints it
//! and writes files.

use azure_oidc_cli::{Cli, Command, Unread, failure, grants::STANDARD_INPUT};
use azure_oidc_core::credential::forms::LIST_HINT;
use azure_oidc_core::platform::Publication;
use azure_oidc_core::platform::text::defuse;
use azure_oidc_core::secret::without_secrets;
use azure_oidc_core::{Category, Fault, Secret};
pub use azure_oidc_jobs::{Context, Files, HostKind};

mod audit;
pub mod broker;
mod check;
mod credential;
mod doctor;
mod exchange;
mod explain;
mod helpers;
mod id_token;
mod inspect;
mod setup;
mod text;
mod verify;

/// The outcome of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The process exit code.
    pub exit_code: u8,
    /// The files that the host must write, in this order.
    pub publish: Vec<Publication>,
    /// Commands that tell the CI system what to hide. They are printed before anything is published.
    pub masks: String,
    /// Standard output: the requested result, which may be a token.
    pub stdout: String,
    /// Standard error: warnings and failures. Never contains a secret.
    pub stderr: String,
}

impl Outcome {
    /// An outcome with a result on standard output and nothing else.
    pub fn printed(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }
}

/// Runs one command. `arguments` do not contain the program's name. Nothing that it prints holds a
/// secret or a logging command of a CI system, besides the result of `exchange`.
pub fn run(arguments: &[String], context: Context<'_>) -> Outcome {
    let form = || failure::Form::of(arguments);
    let (mut outcome, command) = match azure_oidc_cli::parse(arguments) {
        Ok(cli) => match dispatch(&cli, context) {
            Ok(outcome) => (outcome, Some(cli.command)),
            Err(fault) => (failed(&fault, form()), None),
        },
        Err(Unread::Help(text)) => return Outcome::printed(text),
        Err(Unread::Usage(fault)) => (failed(&fault, form()), None),
    };
    let ports = context.ports;
    let safe = |text: String| if text.is_empty() { text } else { defuse(&ports.secrets.hide(without_secrets(&text))) };
    let stdout = std::mem::take(&mut outcome.stdout);
    outcome.stdout = match command {
        // A platform's own commands, and tokens, which must stay as they are.
        Some(command) if command.prints_token() && outcome.exit_code == 0 => stdout,
        // A value that only looks like a secret is wanted here.
        Some(Command::Credential(_) | Command::Setup(_) | Command::Audit(_)) => safe(stdout),
        Some(Command::Check(_)) => {
            azure_oidc_cli::learn_suspects_beside_claims(ports.secrets, arguments, ports.env);
            safe(stdout)
        }
        _ => {
            azure_oidc_cli::learn_suspects(ports.secrets, arguments, ports.env);
            safe(stdout)
        }
    };
    if !outcome.stderr.is_empty() {
        azure_oidc_cli::learn_suspects(ports.secrets, arguments, ports.env);
        outcome.stderr = safe(outcome.stderr);
    }
    outcome
}

fn dispatch(cli: &Cli, context: Context<'_>) -> Result<Outcome, Fault> {
    match &cli.command {
        Command::Exchange(args) => Ok(exchange::run(args, context)),
        Command::Check(args) => check::run(args, &cli.host.allow_host, paint(cli, context), context),
        Command::Verify(args) => verify::run(args, &cli.host.allow_host, context),
        Command::Inspect(args) => inspect::run(args, context),
        Command::Explain(args) => explain::run(args, context),
        Command::Credential(args) => credential::run(args, context),
        Command::Setup(args) => setup::run(args, context),
        Command::Audit(args) => audit::run(args, paint(cli, context), context),
        Command::Doctor(args) => doctor::run(args, context),
        Command::DockerCredential(args) => helpers::docker(args, context),
        Command::KubernetesCredential(args) => helpers::kubernetes(args, context),
        Command::GitCredential(args) => helpers::git(args, context),
        Command::IdToken(args) => id_token::run(args, context),
        Command::Exec(_) | Command::Broker(_) => Err(Fault::new(
            Category::Usage,
            "native-host-only",
            "`exec` and `broker` need the native program `azure-oidc`: a component neither listens nor runs programs",
        )
        .hint("install it, or trade tokens one at a time with `exchange`")),
        Command::Login(_) | Command::Logout(_) => Err(Fault::new(
            Category::Usage,
            "native-host-only",
            "`login` and `logout` need the native program `azure-oidc`: a component neither writes files nor runs programs",
        )
        .hint("install it, or let each tool ask with `docker-credential`, `git-credential` and `kubernetes-credential`")),
        Command::Serve(_) => Err(Fault::new(
            Category::Usage,
            "native-host-only",
            "`serve` is a command of the native host; a component does not listen by itself",
        )
        .hint("`wasmtime serve -S cli azure_oidc.wasm` runs the same service, and so do Spin and wasmCloud")),
        Command::Component(_) => Err(Fault::new(
            Category::Usage,
            "native-host-only",
            "`component` is a command of the native host; a component cannot read its own bytes",
        )
        .hint("with another host you have the file already; `sha256sum azure_oidc.wasm`, in PowerShell `Get-FileHash azure_oidc.wasm`, prints its digest")),
        Command::Link(_) | Command::Completions(_) => Err(Fault::new(
            Category::Usage,
            "native-host-only",
            "`link` and `completions` are commands of the native host: they are about the `azure-oidc` program",
        )
        .hint("install the native host to use them")),
    }
}

fn paint(cli: &Cli, context: Context<'_>) -> text::Paint {
    text::Paint(cli.host.color.is_wanted(context.ports.env))
}

/// A failure in the form that its reader expects.
fn failed(fault: &Fault, form: failure::Form) -> Outcome {
    let (stdout, stderr) = form.shown(fault);
    Outcome { exit_code: fault.category.exit_code(), stdout, stderr, ..Outcome::default() }
}

/// Checks that the text is a token. If it is not, the fault says where the text came from.
fn id_token_of(obtained: id_token::Obtained) -> Result<Secret, Fault> {
    obtained.parse()?;
    Ok(obtained.token)
}

/// Reads a file. `flag` is the option that named it.
fn read_bytes(context: Context<'_>, name: &str, flag: &str) -> Result<Vec<u8>, Fault> {
    context.files.read(name).map_err(|why| {
        let fault =
            Fault::new(Category::Usage, "file-unreadable", format!("{}, named by `{flag}`, {why}", shown(name)));
        if flag == "--credential" { fault.hint(LIST_HINT) } else { fault }
    })
}

/// The name of a file at the start of a sentence.
fn shown(name: &str) -> &str {
    if name == STANDARD_INPUT { "Standard input" } else { name }
}

/// Reads a text file. `flag` is the option that named it.
fn read_text(context: Context<'_>, name: &str, flag: &str) -> Result<String, Fault> {
    String::from_utf8(read_bytes(context, name, flag)?).map_err(|_| {
        let message = format!("{}, named by `{flag}`, is not UTF-8 text", shown(name));
        Fault::new(Category::Usage, "file-not-utf8", message)
            .hint("Windows PowerShell writes UTF-16 with `>`; use `| Out-File -Encoding utf8 FILE`")
    })
}

#[cfg(test)]
mod tests;
