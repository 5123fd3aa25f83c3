//! The command line, defined once. The component executes it; the native host reads from the same definition what a
//! command needs ([`grants`]) and shows its own failures in the same form ([`failure`]).

pub mod failure;
pub mod grants;
mod options;
mod parts;
mod questions;

use azure_oidc_core::{Category, Fault};
use clap::{Parser, Subcommand, error::ErrorKind};

pub use options::*;
pub use parts::Parts;
pub use questions::*;

/// Trade a CI job's OIDC ID token for an Azure access token, check its claims, explain what Entra answers.
#[derive(Debug, Parser)]
#[command(name = "azure-oidc", version, disable_help_subcommand = true, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    /// What to do; `exchange` when nothing is said.
    #[command(subcommand)]
    pub command: Command,
    /// What only the native host understands.
    #[command(flatten)]
    pub host: HostOptions,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Obtain the ID token, check it, trade it, publish the access token (the default)
    #[command(after_help = EXCHANGE_HELP)]
    Exchange(ExchangeArgs),
    /// Would Entra accept this ID token for these federated identity credentials?
    #[command(after_help = CHECK_HELP)]
    Check(CheckArgs),
    /// Is the signature of a token good for these keys?
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyArgs),
    /// Decode a token: which platform made it and what each part of its subject means
    #[command(after_help = INSPECT_HELP)]
    Inspect(InspectArgs),
    /// What an AADSTS answer of Entra means, why it happens, what mends it
    #[command(after_help = EXPLAIN_HELP)]
    Explain(ExplainArgs),
    /// Write the federated identity credential that a pipeline needs
    #[command(after_help = CREDENTIAL_HELP)]
    Credential(CredentialArgs),
    /// Which platform is this, what is missing, can the needed hosts be reached
    #[command(after_help = DOCTOR_HELP)]
    Doctor(DoctorArgs),
    /// Answer the same questions over HTTP, for other programs (native host; `wasmtime serve` elsewhere)
    #[command(after_help = SERVE_HELP)]
    Serve(ServeArgs),
    /// Write out the component that this program runs, or print its digest (native host only)
    Component(ComponentArgs),
}

/// What came of reading the arguments when there is nothing to run.
#[derive(Debug)]
pub enum Unread {
    /// `--help` or `--version`: print this to stdout and end well.
    Help(String),
    /// Wrong usage.
    Usage(Fault),
}

/// Reads arguments that do not begin with a program's name. Without a command, `exchange` is meant.
pub fn parse<I: IntoIterator<Item = String>>(arguments: I) -> Result<Cli, Unread> {
    let mut arguments: Vec<String> = arguments.into_iter().collect();
    if !arguments
        .iter()
        .any(|argument| is_command(argument) || ["-h", "--help", "-V", "--version"].contains(&argument.as_str()))
    {
        arguments.insert(0, "exchange".to_owned());
    }
    if let Some(cli) = usual(&arguments) {
        return checked(cli);
    }
    let words = std::iter::once("azure-oidc".to_owned()).chain(arguments.iter().cloned());
    let cli = Cli::try_parse_from(words).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp if arguments.iter().any(|argument| argument == "credential") => {
            Unread::Help(error.to_string() + &parts::help(&arguments))
        }
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Unread::Help(error.to_string())
        }
        _ => Unread::Usage(usage_fault(&error)),
    })?;
    checked(cli)
}

/// What a job normally runs: `exchange`, with nothing wrong in its options.
#[derive(Debug, Parser)]
#[command(disable_help_flag = true)]
struct Usual {
    #[command(flatten)]
    args: ExchangeArgs,
    #[command(flatten)]
    host: HostOptions,
}

/// Reads an `exchange` by itself, which takes a fraction of the time of building every command. Whatever is not that, the whole
/// definition reads, and says what is wrong.
fn usual(arguments: &[String]) -> Option<Cli> {
    let (_, options) = arguments.split_first().filter(|(command, _)| *command == "exchange")?;
    let words = std::iter::once("azure-oidc").chain(options.iter().map(String::as_str));
    let Usual { args, host } = Usual::try_parse_from(words).ok()?;
    Some(Cli { command: Command::Exchange(args), host })
}

fn checked(cli: Cli) -> Result<Cli, Unread> {
    match standard_input_uses(&cli) {
        0 | 1 => Ok(cli),
        _ => {
            let message = "Standard input was named for two things, and it can be read for one";
            Err(Unread::Usage(
                Fault::new(Category::Usage, "stdin-named-twice", message).hint("put one of them into a file"),
            ))
        }
    }
}

/// Whether the arguments ask for JSON, as far as can be told when they could not be read.
pub fn wants_json(arguments: &[String]) -> bool {
    arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
        || arguments.iter().any(|argument| argument == "--output=json")
}

/// For how many things standard input is to be read.
fn standard_input_uses(cli: &Cli) -> usize {
    let (first, second) = match &cli.command {
        Command::Exchange(args) => (&args.credential, &None),
        Command::Check(args) => (&args.credential, &args.jwks),
        Command::Verify(args) => (&args.jwks, &None),
        Command::Explain(args) => (&args.credential, &Some(args.what.clone())),
        _ => (&None, &None),
    };
    let token = grants::token_options(cli).is_some_and(|(source, _)| source.id_token.is_some());
    let files = [first, second].into_iter().filter(|name| name.as_deref() == Some(grants::STANDARD_INPUT)).count();
    files + usize::from(token)
}

fn is_command(argument: &str) -> bool {
    COMMANDS.contains(&argument)
}

/// The names of the commands. Asking the definition for them would build all of it.
const COMMANDS: [&str; 9] =
    ["exchange", "check", "verify", "inspect", "explain", "credential", "doctor", "serve", "component"];

/// Clap's message, without its usage block. A value it complains about can be a token that was pasted in the wrong place, so
/// long values are not repeated.
fn usage_fault(error: &clap::Error) -> Fault {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("error: wrong usage");
    let message: Vec<_> = first.trim_start_matches("error: ").split(' ').map(shorten).collect();
    let mut fault = Fault::new(Category::Usage, "usage", message.join(" "));
    for line in lines {
        if let Some(tip) = line.strip_prefix("tip: ") {
            fault = fault.hint(tip.split(' ').map(shorten).collect::<Vec<_>>().join(" "));
        } else if line.starts_with('<') || line.starts_with("--") || line.starts_with("[possible") {
            fault = fault.hint(line.split(' ').map(shorten).collect::<Vec<_>>().join(" "));
        }
    }
    fault.hint("`azure-oidc COMMAND --help` shows every option with examples")
}

fn shorten(word: &str) -> &str {
    const LONGEST_PLAIN_WORD: usize = 80;
    if word.len() > LONGEST_PLAIN_WORD { "(a long value)" } else { word }
}

const AFTER_HELP: &str = "\
Examples:
  azure-oidc                                     in a Harness step or any CI job: trade and publish
  azure-oidc exchange --id-token-env MY_TOKEN --scope graph --output json
  azure-oidc check --id-token-env MY_TOKEN --credential fics.json
  azure-oidc explain AADSTS700213

Exit codes: 0 done, 1 the answer is no, 2 wrong usage or configuration, 3 no usable ID token,
4 Entra refused, 5 network failure or time-out after retries, 6 the result cannot be published.
An ID token is never the value of a flag: other processes can read a command line.";

const EXCHANGE_HELP: &str = "\
Examples:
  azure-oidc exchange --tenant-id contoso.onmicrosoft.com --client-id GUID --id-token-env MY_TOKEN
  azure-oidc exchange --scope arm,graph --output json      two tokens, or none
  az ad app federated-credential list --id GUID > fics.json
  azure-oidc exchange --credential fics.json               refuses before Entra does, and says why
  echo \"$MY_TOKEN\" | azure-oidc exchange --id-token -
  azure-oidc exchange --publish sdk-env                    what az, Terraform and the SDKs read";

const CHECK_HELP: &str = "\
Examples:
  az ad app federated-credential list --id GUID | azure-oidc check --id-token-env MY_TOKEN --credential -
  azure-oidc check --id-token-file token.jwt --issuer https://gitlab.com \\
    --subject project_path:group/project:ref_type:branch:ref:main
  azure-oidc check --credential fics.json --discover       verifies the signature of the job's token too
  azure-oidc check --credential fics.json --token-issuer https://token.actions.githubusercontent.com \\
    --token-subject repo:octo-org/octo-repo:environment:prod     before there is a token
Exit code 0: a credential matches. 1: none does. 2: the input is wrong. 3: there is no token.";

const VERIFY_HELP: &str = "\
Examples:
  azure-oidc verify --id-token-env MY_TOKEN --jwks keys.json
  azure-oidc verify --id-token-env MY_TOKEN --discover     fetches the issuer's keys";

const INSPECT_HELP: &str = "\
Examples:
  azure-oidc inspect --id-token-env MY_TOKEN
  pbpaste | azure-oidc inspect --id-token -
It decodes and never verifies; use `verify` for the signature.";

const EXPLAIN_HELP: &str = "\
Examples:
  azure-oidc explain AADSTS700213
  az login ... 2>&1 | azure-oidc explain -
  azure-oidc explain 700213 --id-token-env MY_TOKEN        names the very claim
  azure-oidc explain - --credential fics.json < job.log    and the very credential";

const CREDENTIAL_HELP: &str = "\
Examples:
  azure-oidc credential --platform pulumi --org contoso --project core --stack dev    one for each operation
  azure-oidc credential --platform github --repo octo-org/octo-repo --environment prod --format az --client-id GUID
  azure-oidc credential --platform gitlab --project-path g/p --project-id 72 --flexible   any branch and tag
  azure-oidc credential --from-token --id-token-env MY_TOKEN --format az-identity \\
    --identity-name deployer --resource-group rg
  azure-oidc credential --issuer https://ci.example --subject job --format bicep
`azure-oidc credential --platform NAME --help` shows the parts of one platform only.";

const SERVE_HELP: &str = "\
Examples:
  azure-oidc serve                                         check, inspect, explain, credential; on this machine only
  AZURE_TENANT_ID=contoso.onmicrosoft.com AZURE_CLIENT_ID=GUID azure-oidc serve    and /v1/exchange, for these
  azure-oidc serve --listen 127.0.0.1:0 --output json      a free port, and a line for scripts
  curl -s http://127.0.0.1:8080/v1/explain -H 'content-type: application/json' -d '{\"text\":\"AADSTS700213\"}'
GET /openapi.json describes all of it. More variables: AZURE_OIDC_SERVICE_SCOPES (what may be traded for, comma-separated;
default arm) and AZURE_OIDC_SERVICE_CORS_ORIGINS (which pages may read answers; default none).
It speaks plain HTTP; put a proxy with TLS before it for others. With other hosts: wasmtime serve -S cli azure_oidc.wasm";

const DOCTOR_HELP: &str = "\
Prints no secret: which platform this is and how one can tell, what is missing, what the token claims.";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(ToOwned::to_owned).collect()
    }

    #[test]
    fn every_command_is_known_by_its_name() {
        let command = Cli::command();
        let names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, COMMANDS);
    }

    #[test]
    fn an_exchange_reads_the_same_by_itself_as_among_all_commands() {
        for line in [
            "exchange",
            "exchange --scope arm,graph --output json --timeout 5s --retries 0 --no-preflight",
            "exchange --id-token - --timings --allow-host a.example --allow-host b.example:8443",
            "exchange --tenant-id a --client-id b --cloud usgov --output-name A,B --ca-file /c --color never",
        ] {
            let alone = usual(&words(line)).unwrap();
            let whole = Cli::try_parse_from(words(&format!("azure-oidc {line}"))).unwrap();
            assert_eq!(format!("{alone:?}"), format!("{whole:?}"), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_exchange_is_said_by_the_whole_definition() {
        for line in ["exchange --nope", "exchange --help", "exchange --version", "exchange check", "check"] {
            assert!(usual(&words(line)).is_none(), "{line}");
        }
    }
}
