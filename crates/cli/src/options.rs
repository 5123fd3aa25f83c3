//! The options of the commands that trade tokens or serve, in groups that several commands share.

use std::time::Duration;

use azure_oidc_core::ports::Env;

use crate::table::{group, list, many, one, options, switch};
use crate::values::{maybe, number, platform, stdin_only, switched, text, texts, time};

const TOKEN: &str = "ID token";
const ENTRA: &str = "Microsoft Entra";
const HOST: &str = "Native host";

options! {
    /// Where the ID token comes from. Nothing given means: from the platform that is detected.
    #[derive(Debug, Clone, Default)]
    pub struct TokenSource {
        /// Read the ID token from this variable
        id_token_env: Option<String> = one("NAME").under(TOKEN).excludes(&["id-token-file", "id-token"]) => maybe,
        /// Read the ID token from this file
        id_token_file: Option<String> = one("PATH").under(TOKEN).excludes(&["id-token"]) => maybe,
        /// Read the ID token from standard input; `-` is the only value, because a command line is public
        id_token: Option<StandardInput> = one("-").under(TOKEN) => stdin_only,
    }
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

options! {
    /// Which CI platform to act as.
    #[derive(Debug, Clone, Default)]
    pub struct PlatformArgs {
        /// Act as on this CI platform instead of detecting it
        platform: Option<String> = one("NAME") => platform,
    }
}

options! {
    /// Where to sign in, and as whom.
    #[derive(Debug, Clone, Default)]
    pub struct SignIn {
        /// Tenant: a GUID or a verified domain [PLUGIN_TENANT_ID, AZURE_TENANT_ID, ARM_TENANT_ID]
        tenant_id: Option<String> = one("ID").under(ENTRA) => maybe,
        /// Application or managed identity: a GUID [PLUGIN_CLIENT_ID, AZURE_CLIENT_ID, ARM_CLIENT_ID]
        client_id: Option<String> = one("GUID").under(ENTRA) => maybe,
        /// Azure cloud: public, usgov, china, france, germany or singapore
        cloud: Option<String> = one("NAME").under(ENTRA) => maybe,
        /// Sign-in service instead of the cloud's [PLUGIN_AZURE_AUTHORITY_HOST, AZURE_AUTHORITY_HOST]
        authority_host: Option<String> = one("URL").under(ENTRA) => maybe,
    }
}

options! {
    /// Options of `exchange`.
    #[derive(Debug, Clone, Default)]
    pub struct ExchangeArgs {
        /// Where the ID token comes from.
        token: TokenSource = group(TokenSource::ROWS) => TokenSource::read,
        /// The CI platform.
        platform: PlatformArgs = group(PlatformArgs::ROWS) => PlatformArgs::read,
        /// Where to sign in.
        sign_in: SignIn = group(SignIn::ROWS) => SignIn::read,
        /// What the access token is for: `{resource}/.default`, or arm, graph, storage, keyvault, acr, sql; repeat or separate with
        /// commas for several tokens [PLUGIN_SCOPE; default: arm]
        scope: Vec<String> = list("SCOPE") => texts,
        /// Audience to ask the platform for, where it lets one choose [default: the cloud's]
        audience: Option<String> = one("AUDIENCE") => maybe,
        /// Federated identity credentials to check against before anything is sent; `-` is standard input
        credential: Option<String> = one("FILE") => maybe,
        /// auto (the platform's own way), json, text, env, dotenv (for a report of GitLab, which does not mask it), or the name of a
        /// platform
        output: String = one("FORM").or("auto") => text,
        /// What to publish
        publish: Publish = one("PUBLISH").among(Publish::NAMES).or("token") => Publish::read,
        /// Where `sdk-env` keeps the ID token, in a file for its owner only [default: a file in the folder that the platform empties
        /// with each job]
        id_token_output: Option<String> = one("PATH") => maybe,
        /// Name of the published variable; one per scope, or one and the further scopes get a suffix
        output_name: Vec<String> = list("NAME").or("AZURE_ACCESS_TOKEN") => texts,
        /// For everything together, retries included
        timeout: Duration = one("TIME").or("30s") => time,
        /// How often to ask again after 429, 5xx or a network failure
        retries: u32 = one("N").or("3") => number,
        /// How long to ask again while Entra does not know a credential yet that was made a moment ago
        replication_wait: Duration = one("TIME").or("0s") => time,
        /// Send the token although it looks wrong
        no_preflight: bool = switch() => switched,
        /// `debug` says on standard error what is sent where, without any token; the same as PLUGIN_LOG_LEVEL
        log_level: Option<String> = one("LEVEL") => maybe,
    }
}

options! {
    /// Options of `doctor`.
    #[derive(Debug, Clone, Default)]
    pub struct DoctorArgs {
        /// Where the ID token comes from.
        token: TokenSource = group(TokenSource::ROWS) => TokenSource::read,
        /// The CI platform.
        platform: PlatformArgs = group(PlatformArgs::ROWS) => PlatformArgs::read,
        /// Where to sign in.
        sign_in: SignIn = group(SignIn::ROWS) => SignIn::read,
        /// text or json
        output: Form = one("OUTPUT").among(Form::NAMES).or("text") => Form::read,
    }
}

options! {
    /// Options of `serve`.
    #[derive(Debug, Clone)]
    pub struct ServeArgs {
        /// Where to listen. Port 0 is any free one. Anything but this machine itself must be behind a proxy with TLS
        listen: String = one("ADDRESS:PORT").or("127.0.0.1:8080") => text,
        /// How many requests are answered at the same time; further ones get 503 and are to come again
        max_concurrency: u32 = one("N").or("64") => number,
        /// For one request, from its first byte to the answer
        timeout: Duration = one("TIME").or("30s") => time,
        /// How long requests may go on after SIGTERM or SIGINT; no new ones are taken meanwhile
        grace: Duration = one("TIME").or("30s") => time,
        /// Give each request an instance of the component of its own, as an exchange always has; it takes longer
        isolate: bool = switch() => switched,
        /// Print a line for each request on standard error: method, path, status, time
        access_log: bool = switch() => switched,
        /// How standard error says that it listens, and where: text or json
        output: Form = one("OUTPUT").among(Form::NAMES).or("text") => Form::read,
    }
}

options! {
    /// Options of `component`.
    #[derive(Debug, Clone, Default)]
    pub struct ComponentArgs {
        /// Write the component to this file
        output: Option<String> = one("FILE").excludes(&["digest"]) => maybe,
        /// Print the SHA-256 of the component
        digest: bool = switch() => switched,
    }
}

options! {
    /// What only the native host understands; a stock host has its own way for each. Before the command or after it.
    #[derive(Debug, Clone, Default)]
    pub struct HostOptions {
        /// Trust the certificates in this PEM file, besides the system's
        ca_file: Option<String> = one("FILE").under(HOST) => maybe,
        /// Allow one more destination, besides those that the command needs
        allow_host: Vec<String> = many("HOST[:PORT]").under(HOST) => texts,
        /// Run the CI system's own program when only that makes the ID token, such as `circleci run oidc get` for `--audience`
        allow_program: bool = switch().under(HOST) => switched,
        /// Colour the answer: auto (on a terminal, or with CLICOLOR_FORCE, unless NO_COLOR is set), always or never
        color: Color = one("WHEN").under(HOST).among(Color::NAMES).or("auto") => Color::read,
        /// Print how long each phase took, as JSON on standard error
        timings: bool = switch().under(HOST) => switched,
    }
}

/// When words are coloured.
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
    /// Asks for colours, with any value but `0` (bixense.com/clicolors). The native host sets it when it prints to a terminal.
    pub const FORCE: &str = "CLICOLOR_FORCE";
    /// Asks for none (no-color.org).
    pub const NONE: &str = "NO_COLOR";

    /// Whether these variables leave it at colours.
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

/// What `exchange` publishes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Publish {
    /// The access token, with its expiry and scope.
    #[default]
    Token,
    /// What the Azure SDKs, `az login` and Terraform read to sign in with the ID token by themselves, while that is valid.
    SdkEnv,
    /// Both.
    Both,
}
