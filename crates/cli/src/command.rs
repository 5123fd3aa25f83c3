//! The parsed command line.

use std::time::Duration;

use crate::keep::{BrokerArgs, ExecArgs, KeepArgs};
use crate::options::{CompletionsArgs, ComponentArgs, DoctorArgs, ExchangeArgs, HostOptions, ServeArgs};
use crate::questions::{AuditArgs, CheckArgs, CredentialArgs, ExplainArgs, InspectArgs, VerifyArgs};

/// How long a command may take that has no `--timeout`.
pub const WITHOUT_OPTION: Duration = Duration::from_secs(60);

/// What the user asked for.
#[derive(Debug)]
pub struct Cli {
    /// The command; `exchange` when none was named.
    pub command: Command,
    /// Options that only the native host understands.
    pub host: HostOptions,
}

/// The commands, each with its options.
#[derive(Debug)]
pub enum Command {
    /// Obtain the ID token, check it, trade it, publish the access token.
    Exchange(ExchangeArgs),
    /// Check whether Entra would accept an ID token.
    Check(CheckArgs),
    /// Verify the signature of a token.
    Verify(VerifyArgs),
    /// Decode a token.
    Inspect(InspectArgs),
    /// Explain an answer of Entra.
    Explain(ExplainArgs),
    /// Write the credential that a pipeline needs.
    Credential(CredentialArgs),
    /// Find wrong credentials without a token.
    Audit(AuditArgs),
    /// Show what is missing.
    Doctor(DoctorArgs),
    /// Run a program with credentials that stay fresh.
    Exec(ExecArgs),
    /// Offer credentials that stay fresh.
    Broker(BrokerArgs),
    /// Serve over HTTP.
    Serve(ServeArgs),
    /// Write out the component.
    Component(ComponentArgs),
    /// Print the completion script of a shell.
    Completions(CompletionsArgs),
}

impl Command {
    /// What is offered, if it is one of the commands that keep credentials fresh.
    pub const fn keep(&self) -> Option<&KeepArgs> {
        match self {
            Self::Exec(args) => Some(&args.keep),
            Self::Broker(args) => Some(&args.keep),
            _ => None,
        }
    }

    /// How long the command may take, and whether `--timeout` says so. For a command that stays, this
    /// is its start.
    pub fn time_limit(&self) -> (Duration, bool) {
        match self {
            Self::Exchange(args) => (args.timeout, true),
            command => command.keep().map_or((WITHOUT_OPTION, false), |args| (args.timeout, true)),
        }
    }
}
