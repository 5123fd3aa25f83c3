//! The parsed command line.

use std::time::Duration;

use crate::broker::{BrokerArgs, BrokerOptions, ExecArgs};
use crate::helper::{DockerCredentialArgs, GitCredentialArgs, HelperOptions, IdTokenArgs, KubernetesCredentialArgs};
use crate::login::{LoginArgs, LogoutArgs};
use crate::options::{CompletionsArgs, ComponentArgs, DoctorArgs, ExchangeArgs, HostOptions, LinkArgs, ServeArgs};
use crate::questions::{AuditArgs, CheckArgs, CredentialArgs, ExplainArgs, InspectArgs, SetupArgs, VerifyArgs};

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
    /// Write the whole set-up of a pipeline.
    Setup(SetupArgs),
    /// Find wrong credentials without a token.
    Audit(AuditArgs),
    /// Show what is missing.
    Doctor(DoctorArgs),
    /// Run a program with credentials that stay fresh.
    Exec(ExecArgs),
    /// Offer credentials that stay fresh.
    Broker(BrokerArgs),
    /// Sign the job's tools in.
    Login(LoginArgs),
    /// Undo what `login` did.
    Logout(LogoutArgs),
    /// Answer a container tool.
    DockerCredential(DockerCredentialArgs),
    /// Answer a client of Kubernetes.
    KubernetesCredential(KubernetesCredentialArgs),
    /// Answer git.
    GitCredential(GitCredentialArgs),
    /// Hand over the ID token.
    IdToken(IdTokenArgs),
    /// Serve over HTTP.
    Serve(ServeArgs),
    /// Write out the component.
    Component(ComponentArgs),
    /// Make the names under which other tools find the program.
    Link(LinkArgs),
    /// Print the completion script of a shell.
    Completions(CompletionsArgs),
}

impl Command {
    /// What is offered, if it is one of the commands that keep credentials fresh.
    pub const fn broker_options(&self) -> Option<&BrokerOptions> {
        match self {
            Self::Exec(args) => Some(&args.options),
            Self::Broker(args) => Some(&args.options),
            _ => None,
        }
    }

    /// How to sign in, if it is one of the commands that answer another tool.
    pub const fn helper_options(&self) -> Option<&HelperOptions> {
        match self {
            Self::DockerCredential(args) => Some(&args.options),
            Self::KubernetesCredential(args) => Some(&args.options),
            Self::GitCredential(args) => Some(&args.options),
            _ => None,
        }
    }

    /// Whether standard output holds a token that somebody asked for.
    pub const fn prints_token(&self) -> bool {
        matches!(self, Self::Exchange(_) | Self::IdToken(_)) || self.helper_options().is_some()
    }

    /// How long the command may take, and whether `--timeout` says so. For a command that stays, this
    /// is its start.
    pub fn time_limit(&self) -> (Duration, bool) {
        match self {
            Self::Exchange(args) => (args.timeout, true),
            Self::IdToken(args) => (args.timeout, true),
            Self::Login(args) => (args.timeout, true),
            command => {
                let time = command
                    .broker_options()
                    .map(|args| args.timeout)
                    .or(command.helper_options().map(|args| args.timeout));
                time.map_or((WITHOUT_OPTION, false), |time| (time, true))
            }
        }
    }
}
