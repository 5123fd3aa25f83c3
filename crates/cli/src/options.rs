//! The options of the commands that trade tokens or serve, in groups that several commands share.

use std::time::Duration;

use azure_oidc_core::plan::{Limits, Publish};
use azure_oidc_core::ports::Env;
use azure_oidc_core::shell::Shell as CommandShell;
use clap::{ArgGroup, Args};

use crate::values::{
    StandardInput, choice, clouds, duration, not_empty, number, platforms, standard_input, time_limit,
};

const TOKEN: &str = "ID token";
const ENTRA: &str = "Microsoft Entra";
const HOST: &str = "Native host";

const OUTPUT: &str = "auto";
const OUTPUT_NAME: &str = "AZURE_ACCESS_TOKEN";

/// Where the ID token comes from. Without any of these, the detected platform supplies it.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub struct TokenSource {
    /// Read the ID token from this environment variable
    #[arg(long, help_heading = TOKEN, value_name = "NAME")]
    pub id_token_env: Option<String>,
    /// Read the ID token from this file
    #[arg(long, help_heading = TOKEN, value_name = "PATH", value_parser = not_empty())]
    pub id_token_file: Option<String>,
    /// Read the ID token from standard input. `-` is the only value, because other processes can
    /// read a command line
    #[arg(long, help_heading = TOKEN, value_name = "-", value_parser = standard_input)]
    pub id_token: Option<StandardInput>,
}

impl TokenSource {
    /// Whether one of the options was given. Otherwise the platform supplies the token.
    pub fn is_given(&self) -> bool {
        self.id_token_env.is_some() || self.id_token_file.is_some() || self.id_token.is_some()
    }
}

/// Which CI platform to act as.
#[derive(Debug, Clone, Default, Args)]
pub struct PlatformArgs {
    /// Use this CI platform instead of detecting it
    #[arg(long, value_name = "NAME", value_parser = platforms())]
    pub platform: Option<String>,
}

/// The shell that commands are written for.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ShellArgs {
    /// Shell that the proposed commands are for [default: the one that runs azure-oidc, if it can be
    /// detected, else bash]
    #[arg(long, value_name = "SHELL", value_parser = choice(CommandShell::VALUES))]
    pub shell: Option<CommandShell>,
}

impl ShellArgs {
    /// The shell that was named, else the one that these variables show.
    pub fn chosen(self, env: &dyn Env) -> CommandShell {
        self.shell.unwrap_or_else(|| CommandShell::detect(env))
    }
}

/// Where to sign in, and as which application or identity.
#[derive(Debug, Clone, Default, Args)]
pub struct SignIn {
    /// Tenant: a GUID or a verified domain [env: PLUGIN_TENANT_ID, AZURE_TENANT_ID, ARM_TENANT_ID]
    #[arg(long, help_heading = ENTRA, value_name = "ID", value_parser = not_empty())]
    pub tenant_id: Option<String>,
    /// Client id of the application or managed identity
    /// [env: PLUGIN_CLIENT_ID, AZURE_CLIENT_ID, ARM_CLIENT_ID]
    #[arg(long, help_heading = ENTRA, value_name = "GUID", value_parser = not_empty())]
    pub client_id: Option<String>,
    /// Azure cloud [env: ARM_ENVIRONMENT, AZURE_ENVIRONMENT] [default: public]
    #[arg(long, help_heading = ENTRA, value_name = "NAME", value_parser = clouds())]
    pub cloud: Option<String>,
    /// Authority to use instead of the cloud's
    /// [env: PLUGIN_AZURE_AUTHORITY_HOST, AZURE_AUTHORITY_HOST]
    #[arg(long, help_heading = ENTRA, value_name = "URL")]
    pub authority_host: Option<String>,
}

/// Options of `exchange`. Their defaults are those of the command line.
#[derive(Debug, Clone, Args)]
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
    /// Scope of the access token: `{resource}/.default`, or one of arm, graph, storage, keyvault,
    /// acr, sql, devops, aks, postgres, mysql, redis. For several tokens repeat it or separate with
    /// commas
    /// [env: PLUGIN_SCOPE] [default: arm]
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    pub scope: Vec<String>,
    /// Audience of the ID token, on platforms that let the job choose it [default: the cloud's]
    #[arg(long, value_name = "AUDIENCE", value_parser = not_empty())]
    pub audience: Option<String>,
    /// Check the ID token against these federated identity credentials before sending it. `-` is
    /// standard input
    #[arg(long, value_name = "FILE", value_parser = not_empty())]
    pub credential: Option<String>,
    /// How to hand over the access token: auto (in the platform's own way, never printed unmasked),
    /// or printed as json, text, env, powershell (lines for Invoke-Expression), dotenv (a GitLab
    /// report, which is not masked), or the name of a platform
    #[arg(long, value_name = "FORM", default_value = OUTPUT)]
    pub output: String,
    /// What to publish: the access token, the variables that az, Terraform and the Azure SDKs sign
    /// in with, or both
    #[arg(long, value_name = "WHAT", default_value = "token", value_parser = choice(PUBLISH))]
    pub publish: Publish,
    /// File for the ID token of `--publish sdk-env`, readable by its owner only [default: a file in
    /// the job's temporary folder]
    #[arg(long, value_name = "PATH", value_parser = not_empty())]
    pub id_token_output: Option<String>,
    /// Name of the published variable. For several scopes: one name each, or one name to which
    /// suffixes are added
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = OUTPUT_NAME)]
    pub output_name: Vec<String>,
    /// Overall deadline, including inputs and retries
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time_limit)]
    pub timeout: Duration,
    /// Number of retries after HTTP 429, HTTP 5xx or a network failure
    #[arg(long, value_name = "N", default_value = "3", value_parser = number)]
    pub retries: u32,
    /// Time to ask again, within the timeout, when Entra finds no matching credential or cannot reach
    /// the issuer: after a change, both can disappear without action. 0s: ask once
    #[arg(long, value_name = "TIME", default_value = "4s", value_parser = duration)]
    pub replication_wait: Duration,
    /// Send the token even if the pre-flight check fails
    #[arg(long)]
    pub no_preflight: bool,
    /// Log level. `debug` prints each decision to standard error, without tokens
    /// [env: PLUGIN_LOG_LEVEL]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// Same as `--log-level debug`
    #[arg(long, short, conflicts_with = "log_level")]
    pub verbose: bool,
    /// The shell for commands in hints.
    #[command(flatten)]
    pub shell: ShellArgs,
}

impl Default for ExchangeArgs {
    fn default() -> Self {
        let Limits { timeout, retries, replication_wait } = Limits::DEFAULT;
        Self {
            token: TokenSource::default(),
            platform: PlatformArgs::default(),
            sign_in: SignIn::default(),
            scope: Vec::new(),
            audience: None,
            credential: None,
            output: OUTPUT.to_owned(),
            publish: Publish::Token,
            id_token_output: None,
            output_name: vec![OUTPUT_NAME.to_owned()],
            timeout,
            retries,
            replication_wait,
            no_preflight: false,
            log_level: None,
            verbose: false,
            shell: ShellArgs::default(),
        }
    }
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
    /// Format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = choice(Form::VALUES))]
    pub output: Form,
    /// The shell for commands in hints.
    #[command(flatten)]
    pub shell: ShellArgs,
}

/// Options of `serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Address to listen on. Port 0 takes any free port. An address that other machines can reach
    /// needs a proxy with TLS in front of it
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Limit of concurrent exchanges, and of other requests beside them. Further ones get HTTP 503
    /// and should retry
    #[arg(long, value_name = "N", default_value = "64", value_parser = number)]
    pub max_concurrency: u32,
    /// Processor time of one request. One that needs more is stopped with HTTP 503
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub max_compute: Duration,
    /// Deadline of one request, from its first byte to the answer
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time_limit)]
    pub timeout: Duration,
    /// Time to finish running requests after SIGTERM or SIGINT. New ones are refused
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub grace: Duration,
    /// Run every request in its own instance of the component, as an exchange always does. Slower
    #[arg(long)]
    pub isolate: bool,
    /// Print one line for each request on standard error: method, route, status, time, size of the
    /// answer
    #[arg(long)]
    pub access_log: bool,
    /// Format of the line on standard error that names the address
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = choice(Form::VALUES))]
    pub output: Form,
}

/// Options of `component`.
#[derive(Debug, Clone, Default, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["output", "digest"])))]
pub struct ComponentArgs {
    /// Write the component to this file
    #[arg(long, value_name = "FILE")]
    pub output: Option<String>,
    /// Print the SHA-256 of the component
    #[arg(long)]
    pub digest: bool,
}

/// Options of `link`.
#[derive(Debug, Clone, Default, Args)]
pub struct LinkArgs {
    /// Folder to make the names in, which should be in the PATH [default: the program's own]
    #[arg(long, value_name = "FOLDER", value_parser = not_empty())]
    pub dir: Option<String>,
}

/// Options of `completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// Shell to complete for
    #[arg(value_name = "SHELL", value_parser = choice(Shell::VALUES))]
    pub shell: Shell,
}

/// Options that only the native host understands. They may stand before or after the command.
#[derive(Debug, Clone, Default, Args)]
pub struct HostOptions {
    /// Trust the certificates in this PEM file in addition to the system's
    #[arg(long, help_heading = HOST, value_name = "FILE", value_parser = not_empty())]
    pub ca_file: Option<String>,
    /// Allow requests to this host in addition to those that the command needs, also to an issuer in
    /// a private network. Can be repeated
    #[arg(long, help_heading = HOST, value_name = "HOST[:PORT]")]
    pub allow_host: Vec<String>,
    /// Run the CI system's own program if only that can make the ID token, such as
    /// `circleci run oidc get` for `--audience`
    #[arg(long, help_heading = HOST)]
    pub allow_program: bool,
    /// Colour the answer. auto: on a terminal or with CLICOLOR_FORCE, unless NO_COLOR is set
    #[arg(long, help_heading = HOST, value_name = "WHEN", default_value = "auto", value_parser = choice(Color::VALUES))]
    pub color: Color,
    /// Print the duration of each phase on standard error, as JSON
    #[arg(long, help_heading = HOST)]
    pub timings: bool,
}

/// When to colour the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Color {
    /// When the variables ask for it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Asks for colours, with any value but `0` (bixense.com/clicolors). The native host sets it
    /// when it prints to a terminal.
    pub const FORCE: &str = "CLICOLOR_FORCE";
    /// Asks for none (no-color.org).
    pub const NONE: &str = "NO_COLOR";

    const VALUES: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("always", Self::Always), ("never", Self::Never)];

    /// Whether the option and these variables together ask for colours.
    pub fn is_wanted(self, env: &dyn Env) -> bool {
        match self {
            Self::Auto => {
                env.present(Self::NONE).is_none() && env.present(Self::FORCE).is_some_and(|value| value != "0")
            }
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// For people.
    #[default]
    Text,
    /// For programs; described by the JSON Schemas of this project.
    Json,
}

impl Form {
    pub(crate) const VALUES: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

const PUBLISH: &[(&str, Publish)] = &[("token", Publish::Token), ("sdk-env", Publish::SdkEnv), ("both", Publish::Both)];

/// The shells that completions exist for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// Bash.
    Bash,
    /// Z shell.
    Zsh,
    /// fish.
    Fish,
    /// PowerShell.
    Powershell,
    /// Elvish.
    Elvish,
}

impl Shell {
    const VALUES: &'static [(&'static str, Self)] = &[
        ("bash", Self::Bash),
        ("zsh", Self::Zsh),
        ("fish", Self::Fish),
        ("powershell", Self::Powershell),
        ("elvish", Self::Elvish),
    ];
}
