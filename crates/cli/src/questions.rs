//! The options of the commands that answer a question and send no token anywhere: `check`, `verify`, `inspect`, `explain`,
//! `credential`.

use std::time::Duration;

use azure_oidc_core::credential::write::Format;
use clap::{ArgGroup, Args};

use crate::options::{Form, PlatformArgs, TokenSource};
use crate::parts::Parts;

const DESCRIBED: &str = "Before there is a token";

/// Options of `check`.
#[derive(Debug, Clone, Default, Args)]
#[command(group(ArgGroup::new("fics").required(true).multiple(true).args(["credential", "subject"])))]
pub struct CheckArgs {
    /// Where the ID token comes from.
    #[command(flatten)]
    pub token: TokenSource,
    /// The issuer that it will have
    #[arg(long, help_heading = DESCRIBED, value_name = "URL", requires = "token_subject", conflicts_with_all = ["TokenSource", "jwks", "discover"])]
    pub token_issuer: Option<String>,
    /// The subject that it will have
    #[arg(long, help_heading = DESCRIBED, value_name = "SUBJECT", requires = "token_issuer")]
    pub token_subject: Option<String>,
    /// The audience that it will have [default: the cloud's]
    #[arg(long, help_heading = DESCRIBED, value_name = "AUDIENCE", requires = "token_subject")]
    pub token_audience: Option<String>,
    /// Another claim that it will have, for credentials with an expression
    #[arg(long, help_heading = DESCRIBED, value_name = "NAME=VALUE", requires = "token_subject", value_parser = named_value)]
    pub token_claim: Vec<(String, String)>,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Federated identity credentials: what `az ad app federated-credential list` prints, Graph, ARM or Terraform JSON; `-` is
    /// standard input
    #[arg(long, value_name = "FILE")]
    pub credential: Option<String>,
    /// Issuer of one credential given by hand
    #[arg(long, value_name = "URL", requires = "subject")]
    pub issuer: Option<String>,
    /// Subject of one credential given by hand
    #[arg(long, value_name = "SUBJECT", requires = "issuer")]
    pub subject: Option<String>,
    /// Audience of one credential given by hand [default: the cloud's]
    #[arg(long, value_name = "AUDIENCE", requires = "subject")]
    pub audience: Option<String>,
    /// Keys to verify the signature with, as a JWK Set
    #[arg(long, value_name = "FILE", conflicts_with = "discover")]
    pub jwks: Option<String>,
    /// Fetch the issuer's keys and verify the signature
    #[arg(long)]
    pub discover: bool,
    /// The time to check for, as seconds since 1970 or RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub now: Option<i64>,
    /// How far two clocks may differ
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    pub skew: Duration,
    /// Azure cloud
    #[arg(long, value_name = "NAME", default_value = "public")]
    pub cloud: String,
    /// text or json
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
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
    /// Keys, as a JWK Set; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<String>,
    /// Fetch the keys from the issuer's discovery document
    #[arg(long)]
    pub discover: bool,
    /// text or json
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
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
    /// text or json
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
    pub output: Form,
}

/// Options of `explain`.
#[derive(Debug, Clone, Default, Args)]
pub struct ExplainArgs {
    /// A code such as AADSTS700213 or 700213, Entra's JSON answer, or `-` for a log on standard input
    #[arg(value_name = "CODE|JSON|-")]
    pub what: String,
    /// Where a token comes from, to name its claims.
    #[command(flatten)]
    pub token: TokenSource,
    /// Federated identity credentials, to name the one that differs
    #[arg(long, value_name = "FILE")]
    pub credential: Option<String>,
    /// text or json
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
    pub output: Form,
}

/// Options of `credential`.
#[derive(Debug, Clone, Args)]
pub struct CredentialArgs {
    /// Take issuer, subject and audience from the token of this job, or of the ID token options; where the platform has several subjects
    /// for one pipeline, all of them are written
    #[arg(long)]
    pub from_token: bool,
    /// Where the token comes from.
    #[command(flatten)]
    pub token: TokenSource,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Issuer, exactly as the token has it
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// Subject, exactly as the token has it; with `--flexible` a pattern with `*` and `?`
    #[arg(long, value_name = "SUBJECT")]
    pub subject: Option<String>,
    /// Audience [default: the token's, else the platform's, else the cloud's]
    #[arg(long, value_name = "AUDIENCE")]
    pub audience: Option<String>,
    /// Write expressions in place of exact subjects: for GitHub, GitLab and HCP Terraform
    #[arg(long)]
    pub flexible: bool,
    /// Name of the credential [default: made from the subject]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Application that gets it, for the forms that name one
    #[arg(long, value_name = "GUID", conflicts_with_all = ["identity_name", "resource_group"])]
    pub client_id: Option<String>,
    /// Managed identity that gets it, for the forms that name one
    #[arg(long, value_name = "NAME")]
    pub identity_name: Option<String>,
    /// Resource group of the managed identity
    #[arg(long, value_name = "NAME")]
    pub resource_group: Option<String>,
    /// Azure cloud
    #[arg(long, value_name = "NAME", default_value = "public")]
    pub cloud: String,
    /// What to write: graph, arm, az, az-identity, terraform, terraform-json or bicep
    #[arg(long, value_name = "FORMAT", default_value = "graph", value_parser = credential_format)]
    pub format: Format,
    /// What the platform's subjects are made of. The last, so that no part takes the name of an option.
    #[command(flatten)]
    pub parts: Parts,
}

fn named_value(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("give the name of the claim, `=`, and its value")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn credential_format(text: &str) -> Result<Format, String> {
    Format::by_name(text).ok_or_else(|| format!("known formats: {}", Format::ALL.map(Format::name).join(", ")))
}

fn moment(text: &str) -> Result<i64, &'static str> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    humantime::parse_rfc3339_weak(text)
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .ok_or("give seconds since 1970, or a time such as 2026-11-20T17:00:00Z")
}
