//! The options of each command, in groups that several commands share.

use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};

/// Where the ID token comes from. Nothing given means: from the platform that is detected.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
#[command(next_help_heading = "ID token")]
pub struct TokenSource {
    /// Read the ID token from this variable
    #[arg(long, value_name = "NAME")]
    pub id_token_env: Option<String>,
    /// Read the ID token from this file
    #[arg(long, value_name = "PATH")]
    pub id_token_file: Option<String>,
    /// Read the ID token from standard input; `-` is the only value, because a command line is public
    #[arg(long, value_name = "-", value_parser = stdin_only)]
    pub id_token: Option<StandardInput>,
}

impl TokenSource {
    /// Whether one of the options was given; otherwise the platform knows.
    pub fn is_given(&self) -> bool {
        self.id_token_env.is_some() || self.id_token_file.is_some() || self.id_token.is_some()
    }
}

/// Standard input, written `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StandardInput;

/// Which CI platform to act as.
#[derive(Debug, Clone, Default, Args)]
pub struct PlatformArgs {
    /// Act as on this CI platform instead of detecting it
    #[arg(long, value_name = "NAME", value_parser = platform_name)]
    pub platform: Option<String>,
}

/// Where to sign in, and as whom.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Microsoft Entra")]
pub struct SignIn {
    /// Tenant: a GUID or a verified domain [PLUGIN_TENANT_ID, AZURE_TENANT_ID, ARM_TENANT_ID]
    #[arg(long, value_name = "ID")]
    pub tenant_id: Option<String>,
    /// Application or managed identity: a GUID [PLUGIN_CLIENT_ID, AZURE_CLIENT_ID, ARM_CLIENT_ID]
    #[arg(long, value_name = "GUID")]
    pub client_id: Option<String>,
    /// Azure cloud: public, usgov, china, france, germany or singapore
    #[arg(long, value_name = "NAME")]
    pub cloud: Option<String>,
    /// Sign-in service instead of the cloud's [PLUGIN_AZURE_AUTHORITY_HOST, AZURE_AUTHORITY_HOST]
    #[arg(long, value_name = "URL")]
    pub authority_host: Option<String>,
}

/// Options of `exchange`.
#[derive(Debug, Clone, Default, Args)]
pub struct ExchangeArgs {
    /// Where the ID token comes from.
    #[command(flatten)]
    pub token: TokenSource,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Where to sign in.
    #[command(flatten)]
    pub sign_in: SignIn,
    /// What the access token is for: `{resource}/.default`, or arm, graph, storage, keyvault, acr, sql; repeat or separate with
    /// commas for several tokens [PLUGIN_SCOPE; default: arm]
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    pub scope: Vec<String>,
    /// Audience to ask the platform for, where it lets one choose [default: the cloud's]
    #[arg(long, value_name = "AUDIENCE")]
    pub audience: Option<String>,
    /// Federated identity credentials to check against before anything is sent; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub credential: Option<String>,
    /// auto (the platform's own way), json, text, env, or the name of a platform
    #[arg(long, value_name = "FORM", default_value = "auto")]
    pub output: String,
    /// Name of the published variable; one per scope, or one and the further scopes get a suffix
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "AZURE_ACCESS_TOKEN")]
    pub output_name: Vec<String>,
    /// For everything together, retries included
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    /// How often to ask again after 429, 5xx or a network failure
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub retries: u32,
    /// How long to ask again while Entra does not know a credential yet that was made a moment ago
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    pub replication_wait: Duration,
    /// Send the token although it looks wrong
    #[arg(long)]
    pub no_preflight: bool,
}

/// Options of `check`.
#[derive(Debug, Clone, Default, Args)]
#[command(group(ArgGroup::new("fics").required(true).multiple(true).args(["credential", "subject"])))]
pub struct CheckArgs {
    /// Where the ID token comes from.
    #[command(flatten)]
    pub token: TokenSource,
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
    #[arg(long, value_enum, default_value_t)]
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
    #[arg(long, value_enum, default_value_t)]
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
    #[arg(long, value_enum, default_value_t)]
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
    #[arg(long, value_enum, default_value_t)]
    pub output: Form,
}

/// Options of `credential`.
#[derive(Debug, Clone, Default, Args)]
pub struct CredentialArgs {
    /// Take issuer, subject and audience from the token of this job, or of the ID token options
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
    /// Subject, exactly as the token has it
    #[arg(long, value_name = "SUBJECT")]
    pub subject: Option<String>,
    /// Audience [default: the token's, else the public cloud's]
    #[arg(long, value_name = "AUDIENCE")]
    pub audience: Option<String>,
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
    /// What to write
    #[arg(long, value_enum, default_value_t)]
    pub format: CredentialFormat,
}

/// Options of `doctor`.
#[derive(Debug, Clone, Default, Args)]
pub struct DoctorArgs {
    /// Where the ID token comes from.
    #[command(flatten)]
    pub token: TokenSource,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Where to sign in.
    #[command(flatten)]
    pub sign_in: SignIn,
    /// text or json
    #[arg(long, value_enum, default_value_t)]
    pub output: Form,
}

/// Options of `component`.
#[derive(Debug, Clone, Default, Args)]
#[command(group(ArgGroup::new("act").required(true).args(["output", "digest"])))]
pub struct ComponentArgs {
    /// Write the component to this file
    #[arg(long, value_name = "FILE")]
    pub output: Option<String>,
    /// Print the SHA-256 of the component
    #[arg(long)]
    pub digest: bool,
}

/// What only the native host understands; a stock host has its own way for each.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Native host")]
pub struct HostOptions {
    /// Trust the certificates in this PEM file, besides the system's
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<String>,
    /// Allow one more destination, besides those that the command needs
    #[arg(long, global = true, value_name = "HOST[:PORT]")]
    pub allow_host: Vec<String>,
    /// Print how long each phase took, as JSON on standard error
    #[arg(long, global = true)]
    pub timings: bool,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    #[default]
    Text,
    /// For programs; described by the JSON Schemas of this project.
    Json,
}

/// What `credential` writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum CredentialFormat {
    /// The JSON body that Microsoft Graph takes.
    #[default]
    Graph,
    /// The JSON body that Azure Resource Manager takes, for managed identities.
    Arm,
    /// An `az ad app federated-credential create` line.
    Az,
    /// An `az identity federated-credential create` line.
    AzIdentity,
    /// A Terraform resource.
    Terraform,
    /// A Bicep resource.
    Bicep,
}

fn stdin_only(text: &str) -> Result<StandardInput, &'static str> {
    match text {
        "-" => Ok(StandardInput),
        _ => Err("a token is never the value of a flag, because a command line is public; use `--id-token-env NAME`, \
                  `--id-token-file PATH`, or `--id-token -` for standard input"),
    }
}

fn platform_name(text: &str) -> Result<String, String> {
    use azure_oidc_core::platform;
    if text == "auto" || platform::by_name(text).is_some() {
        return Ok(text.to_owned());
    }
    let names: Vec<_> = platform::ALL.iter().map(|platform| platform.name()).collect();
    Err(format!("known platforms: auto, {}", names.join(", ")))
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
