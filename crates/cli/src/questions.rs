//! The options of the commands that answer a question and send no token anywhere: `check`,
//! `verify`, `inspect`, `explain`, `credential`, `setup`, `audit`.

use std::time::Duration;

use azure_oidc_core::credential::write::Format;
use azure_oidc_core::credential::write::setup::Tool;
use clap::{ArgGroup, Args};

use crate::options::{Form, PlatformArgs, ShellArgs, TokenSource};
use crate::parts::Parts;
use crate::values::{choice, clouds, duration, formats, moment, named_value, not_empty, replacement};

const FUTURE: &str = "Claims of a future token, instead of an ID token";
/// The options that need a token which exists.
const TOKEN: [&str; 5] = ["id_token_env", "id_token_file", "id_token", "jwks", "discover"];

/// Options of `check`.
#[derive(Debug, Clone, Default, Args)]
#[command(group(ArgGroup::new("fics").required(true).multiple(true).args(["credential", "issuer", "subject"])))]
pub struct CheckArgs {
    /// Where the ID token comes from.
    #[command(flatten)]
    pub token: TokenSource,
    /// Issuer of the future token
    #[arg(long, help_heading = FUTURE, value_name = "URL", requires = "token_subject", conflicts_with_all = TOKEN)]
    pub token_issuer: Option<String>,
    /// Subject of the future token
    #[arg(long, help_heading = FUTURE, value_name = "SUBJECT", requires = "token_issuer", conflicts_with_all = TOKEN)]
    pub token_subject: Option<String>,
    /// Audience of the future token [default: the cloud's]
    #[arg(long, help_heading = FUTURE, value_name = "AUDIENCE", requires = "token_subject", conflicts_with_all = TOKEN)]
    pub token_audience: Option<String>,
    /// Another claim of the future token, for credentials with an expression. Can be repeated
    #[arg(
        long,
        help_heading = FUTURE,
        value_name = "NAME=VALUE",
        requires = "token_subject",
        conflicts_with_all = TOKEN,
        value_parser = named_value
    )]
    pub token_claim: Vec<(String, String)>,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Federated identity credentials, as `az ad app federated-credential list` prints them, or as
    /// Graph, ARM or Terraform JSON. `-` is standard input
    #[arg(long, value_name = "FILE", value_parser = not_empty())]
    pub credential: Option<String>,
    /// Issuer of a credential given on the command line, besides those of `--credential`
    #[arg(long, value_name = "URL", requires = "subject")]
    pub issuer: Option<String>,
    /// Subject of the credential that `--issuer` names
    #[arg(long, value_name = "SUBJECT", requires = "issuer")]
    pub subject: Option<String>,
    /// Audience of that credential [default: the cloud's]
    #[arg(long, value_name = "AUDIENCE", requires = "subject")]
    pub audience: Option<String>,
    /// Verify the token's signature with these keys, a JWK Set. `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "discover", value_parser = not_empty())]
    pub jwks: Option<String>,
    /// Fetch the issuer's keys and verify the token's signature
    #[arg(long)]
    pub discover: bool,
    /// Time to check for: seconds since 1970, or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub now: Option<i64>,
    /// Tolerated difference between two clocks
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub skew: Duration,
    /// Azure cloud
    #[arg(long, value_name = "NAME", default_value = "public", value_parser = clouds())]
    pub cloud: String,
    /// The shell for proposed commands.
    #[command(flatten)]
    pub shell: ShellArgs,
    /// Format of the answer
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = choice(Form::VALUES))]
    pub output: Form,
}

/// Options of `verify`.
#[derive(Debug, Clone, Default, Args)]
#[command(group(ArgGroup::new("keys").required(true).args(["jwks", "discover"])))]
pub struct VerifyArgs {
    /// Where the token comes from.
    #[command(flatten)]
    pub token: TokenSource,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Keys to verify with, a JWK Set. `-` is standard input
    #[arg(long, value_name = "FILE", value_parser = not_empty())]
    pub jwks: Option<String>,
    /// Fetch the keys that the issuer publishes
    #[arg(long)]
    pub discover: bool,
    /// Format of the answer
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = choice(Form::VALUES))]
    pub output: Form,
}

/// Options of `inspect`.
#[derive(Debug, Clone, Default, Args)]
pub struct InspectArgs {
    /// Where the token comes from.
    #[command(flatten)]
    pub token: TokenSource,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Format of the answer
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = choice(Form::VALUES))]
    pub output: Form,
}

/// Options of `explain`.
#[derive(Debug, Clone, Default, Args)]
pub struct ExplainArgs {
    /// A code such as AADSTS700213 or 700213, Entra's JSON answer, or `-` for a log on standard
    /// input
    #[arg(value_name = "CODE|JSON|-")]
    pub what: String,
    /// Where a token comes from, to name the claim that is wrong.
    #[command(flatten)]
    pub token: TokenSource,
    /// Federated identity credentials, to name the one that differs. `-` is standard input
    #[arg(long, value_name = "FILE", value_parser = not_empty())]
    pub credential: Option<String>,
    /// The shell for proposed commands.
    #[command(flatten)]
    pub shell: ShellArgs,
    /// Format of the answer
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = choice(Form::VALUES))]
    pub output: Form,
}

/// The pipeline that gets credentials, besides the parts of its subject.
#[derive(Debug, Clone, Args)]
pub struct PipelineArgs {
    /// Take issuer, subject and audience from the job's ID token, or from the one that the ID token
    /// options name. Writes one credential for each subject that the pipeline can have
    #[arg(long)]
    pub from_token: bool,
    /// Where the token comes from.
    #[command(flatten)]
    pub token: TokenSource,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Issuer, exactly as in the token
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// Subject, exactly as in the token. With `--flexible`: a pattern with `*` and `?`
    #[arg(long, value_name = "SUBJECT")]
    pub subject: Option<String>,
    /// Audience [default: the token's, else the platform's, else the cloud's]
    #[arg(long, value_name = "AUDIENCE")]
    pub audience: Option<String>,
    /// Write expressions instead of exact subjects, for GitHub, GitLab and HCP Terraform
    #[arg(long)]
    pub flexible: bool,
    /// Azure cloud
    #[arg(long, value_name = "NAME", default_value = "public", value_parser = clouds())]
    pub cloud: String,
    /// The shell for proposed commands.
    #[command(flatten)]
    pub shell: ShellArgs,
}

impl PipelineArgs {
    /// Whether a token says which pipeline it is.
    pub fn is_of_token(&self) -> bool {
        self.from_token || self.token.is_given()
    }
}

/// Options of `credential`.
#[derive(Debug, Clone, Args)]
pub struct CredentialArgs {
    /// The pipeline.
    #[command(flatten)]
    pub pipeline: PipelineArgs,
    /// Name of the credential [default: made from the subject]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Client id of the application that gets the credential, for formats that name it
    #[arg(long, value_name = "GUID", conflicts_with_all = ["identity_name", "resource_group"])]
    pub client_id: Option<String>,
    /// Managed identity that gets the credential, for formats that name it
    #[arg(long, value_name = "NAME")]
    pub identity_name: Option<String>,
    /// Resource group of the managed identity
    #[arg(long, value_name = "NAME")]
    pub resource_group: Option<String>,
    /// Format of the credential
    #[arg(long, value_name = "FORMAT", default_value = "graph", value_parser = formats())]
    pub format: Format,
    /// The parts of the platform's subject. Last, so that no part takes the name of an option.
    #[command(flatten)]
    pub parts: Parts,
}

/// Options of `setup`.
#[derive(Debug, Clone, Args)]
pub struct SetupArgs {
    /// The pipeline.
    #[command(flatten)]
    pub pipeline: PipelineArgs,
    /// Id of the Azure subscription
    #[arg(long, value_name = "GUID")]
    pub subscription: String,
    /// Role of the identity, by name or id. Can be repeated
    #[arg(long, value_name = "ROLE", default_value = "Reader")]
    pub role: Vec<String>,
    /// Resource group that the role is for, which exists [default: the whole subscription]
    #[arg(long, value_name = "NAME")]
    pub resource_group: Option<String>,
    /// Resource that the role is for: its whole id
    #[arg(long, value_name = "ID", conflicts_with = "resource_group")]
    pub resource: Option<String>,
    /// Create a user-assigned managed identity instead of an application
    #[arg(long)]
    pub identity: bool,
    /// Resource group of the managed identity, which exists [default: a new one]
    #[arg(long, value_name = "NAME", requires = "identity")]
    pub identity_group: Option<String>,
    /// Region of a new resource group [default: one of the cloud]
    #[arg(long, value_name = "NAME", requires = "identity")]
    pub location: Option<String>,
    /// Name of the application or managed identity [default: made from the pipeline]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Tool to write for. powershell: the Az modules; for the Azure CLI in PowerShell give
    /// `--shell powershell`. bicep: a managed identity, in the resource group of the role
    #[arg(long, value_name = "TOOL", default_value = "az", value_parser = choice(Tool::VALUES))]
    pub format: Tool,
    /// The parts of the platform's subject. Last, so that no part takes the name of an option.
    #[command(flatten)]
    pub parts: Parts,
}

/// Options of `audit`.
#[derive(Debug, Clone, Args)]
pub struct AuditArgs {
    /// Federated identity credentials of one application or managed identity, in any form that
    /// `check` reads. `-` is standard input. Can be repeated
    #[arg(long, value_name = "FILE", required = true)]
    pub credential: Vec<String>,
    /// Print the new credentials on standard output, and the report on standard error
    #[arg(long)]
    pub write: bool,
    /// Format of the new credentials
    #[arg(long, value_name = "FORMAT", default_value = "graph", requires = "write", value_parser = formats())]
    pub format: Format,
    /// New value of an old one, for a migration: an issuer, a subject, or `OWNER/REPOSITORY` of GitHub
    /// with `OWNER@ID/REPOSITORY@ID`. Can be repeated
    #[arg(long, value_name = "OLD=NEW", value_parser = replacement)]
    pub replace: Vec<(String, String)>,
    /// Client id of the application that owns the credentials, for commands
    #[arg(long, value_name = "GUID")]
    pub client_id: Option<String>,
    /// Azure cloud of the application or managed identity
    #[arg(long, value_name = "NAME", default_value = "public", value_parser = clouds())]
    pub cloud: String,
    /// The shell for proposed commands.
    #[command(flatten)]
    pub shell: ShellArgs,
    /// Format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = choice(Form::VALUES))]
    pub output: Form,
}
