//! The options of each command, in groups that several commands share.

use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};

const TOKEN: &str = "ID token";
const ENTRA: &str = "Microsoft Entra";

/// Where the ID token comes from. Nothing given means: from the platform that is detected.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub struct TokenSource {
    /// Read the ID token from this variable
    #[arg(long, help_heading = TOKEN, value_name = "NAME")]
    pub id_token_env: Option<String>,
    /// Read the ID token from this file
    #[arg(long, help_heading = TOKEN, value_name = "PATH")]
    pub id_token_file: Option<String>,
    /// Read the ID token from standard input; `-` is the only value, because a command line is public
    #[arg(long, help_heading = TOKEN, value_name = "-", value_parser = stdin_only)]
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
pub struct SignIn {
    /// Tenant: a GUID or a verified domain [PLUGIN_TENANT_ID, AZURE_TENANT_ID, ARM_TENANT_ID]
    #[arg(long, help_heading = ENTRA, value_name = "ID")]
    pub tenant_id: Option<String>,
    /// Application or managed identity: a GUID [PLUGIN_CLIENT_ID, AZURE_CLIENT_ID, ARM_CLIENT_ID]
    #[arg(long, help_heading = ENTRA, value_name = "GUID")]
    pub client_id: Option<String>,
    /// Azure cloud: public, usgov, china, france, germany or singapore
    #[arg(long, help_heading = ENTRA, value_name = "NAME")]
    pub cloud: Option<String>,
    /// Sign-in service instead of the cloud's [PLUGIN_AZURE_AUTHORITY_HOST, AZURE_AUTHORITY_HOST]
    #[arg(long, help_heading = ENTRA, value_name = "URL")]
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
    /// auto (the platform's own way), json, text, env, dotenv (for a report of GitLab, which does not mask it), or the name of a
    /// platform
    #[arg(long, value_name = "FORM", default_value = "auto")]
    pub output: String,
    /// What to publish
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
    pub publish: Publish,
    /// Where `sdk-env` keeps the ID token, in a file for its owner only [default: a file in the folder that the platform empties with
    /// each job]
    #[arg(long, value_name = "PATH")]
    pub id_token_output: Option<String>,
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
    /// `debug` says on standard error what is sent where, without any token [PLUGIN_LOG_LEVEL]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
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
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
    pub output: Form,
}

/// Options of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Where to listen. Port 0 is any free one. Anything but this machine itself must be behind a proxy with TLS
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// How many requests are answered at the same time; further ones get 503 and are to come again
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub max_concurrency: u32,
    /// For one request, from its first byte to the answer
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    /// How long requests may go on after SIGTERM or SIGINT; no new ones are taken meanwhile
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    pub grace: Duration,
    /// Print a line for each request on standard error: method, path, status, time
    #[arg(long)]
    pub access_log: bool,
    /// How standard error says that it listens, and where: text or json
    #[arg(long, value_enum, hide_possible_values = true, default_value_t)]
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
    /// Run the CI system's own program when only that makes the ID token, such as `circleci run oidc get` for `--audience`
    #[arg(long, global = true)]
    pub allow_program: bool,
    /// Colour the answer: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_name = "WHEN", value_enum, hide_possible_values = true, default_value_t)]
    pub color: Color,
    /// Print how long each phase took, as JSON on standard error
    #[arg(long, global = true)]
    pub timings: bool,
}

/// When words are coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// When a host says that it prints to a terminal, by passing `always`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
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

/// What `exchange` publishes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Publish {
    /// The access token, with its expiry and scope.
    #[default]
    Token,
    /// What the Azure SDKs, `az login` and Terraform read to sign in with the ID token by themselves, while that is valid.
    SdkEnv,
    /// Both.
    Both,
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
