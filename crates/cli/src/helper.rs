//! The options of the commands by which other tools get their credentials. A tool adds only a verb
//! to the command line, so every setting has a variable too.

use std::time::Duration;

use azure_oidc_core::cloud;
use azure_oidc_core::plan::{HandOver, HostKind, Inputs, Limits, OutputInputs, Publish, TokenInputs};
use azure_oidc_core::ports::Env;
use clap::Args;

use crate::values::{choice, hand_over, not_empty, number, time_limit};
use crate::{PlatformArgs, SignIn, TokenOptions};

/// The options of `exchange` that these commands have.
#[derive(Debug, Clone, Args)]
pub struct HelperOptions {
    /// Where the ID token comes from.
    #[command(flatten)]
    pub token: TokenOptions,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Where to sign in.
    #[command(flatten)]
    pub sign_in: SignIn,
    /// Audience of the ID token, on platforms that let the job choose it [default: the cloud's]
    #[arg(long, value_name = "AUDIENCE")]
    pub audience: Option<String>,
    /// Overall deadline, including inputs and retries
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time_limit)]
    pub timeout: Duration,
    /// Number of retries after HTTP 429, HTTP 5xx or a network failure
    #[arg(long, value_name = "N", default_value = "3", value_parser = number)]
    pub retries: u32,
}

impl HelperOptions {
    /// What decides the plan. Each call asks for a new ID token where the platform issues one.
    pub fn plan_inputs(&self) -> Inputs<'_> {
        let (platform, audience) = (self.platform.platform.as_deref(), self.audience.as_deref());
        Inputs {
            token: TokenInputs { source: self.token.source(), platform, audience, is_lasting: true },
            output: OutputInputs { form: "json", publish: Publish::Token, id_token_file: None, host: HostKind::Native },
        }
    }

    /// How long to try. A refusal is told at once: some tools ask for each registry that they know.
    pub const fn limits(&self) -> Limits {
        Limits { timeout: self.timeout, retries: self.retries, replication_wait: Duration::ZERO }
    }
}

/// Options of `docker-credential`.
#[derive(Debug, Clone, Args)]
pub struct DockerCredentialArgs {
    /// What the container tool asks for. The server is on standard input
    #[arg(value_name = "VERB", value_parser = choice(DockerVerb::VALUES))]
    pub verb: DockerVerb,
    /// Whom to sign in as.
    #[command(flatten)]
    pub options: HelperOptions,
}

/// The verbs of the protocol of credential helpers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DockerVerb {
    /// The credential for a server.
    Get,
    /// The servers that credentials were stored for.
    List,
    /// Store a credential.
    Store,
    /// Erase a credential.
    Erase,
    /// Print the version.
    Version,
}

impl DockerVerb {
    const VALUES: &'static [(&'static str, Self)] = &[
        ("get", Self::Get),
        ("list", Self::List),
        ("store", Self::Store),
        ("erase", Self::Erase),
        ("version", Self::Version),
    ];

    /// Whether the protocol gives the verb an input.
    pub const fn reads_input(self) -> bool {
        matches!(self, Self::Get | Self::Store | Self::Erase)
    }
}

/// Options of `kubernetes-credential`.
#[derive(Debug, Clone, Args)]
pub struct KubernetesCredentialArgs {
    /// Application that the cluster accepts tokens for [default: that of AKS]
    #[arg(long, value_name = "GUID", default_value = cloud::AKS, hide_default_value = true, value_parser = not_empty())]
    pub server_id: String,
    /// Whom to sign in as.
    #[command(flatten)]
    pub options: HelperOptions,
}

/// Options of `git-credential`.
#[derive(Debug, Clone, Args)]
pub struct GitCredentialArgs {
    /// What git asks for: get, store, erase or capability. Others are ignored, as git wants it
    #[arg(value_name = "VERB")]
    pub verb: String,
    /// Whom to sign in as.
    #[command(flatten)]
    pub options: HelperOptions,
}

/// Options of `id-token`.
#[derive(Debug, Clone, Args)]
pub struct IdTokenArgs {
    /// Where the ID token comes from.
    #[command(flatten)]
    pub token: TokenOptions,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Audience that the ID token must have [default: the cloud's for Entra; for gcp-executable that
    /// of Google's configuration]
    #[arg(long, value_name = "AUDIENCE", value_parser = not_empty())]
    pub audience: Option<String>,
    /// How to hand over the ID token: text, json, file:PATH (for its owner only) or gcp-executable
    /// (what Google's libraries read)
    #[arg(long, value_name = "FORM", default_value = "text", value_parser = hand_over)]
    pub output: HandOver,
    /// Overall deadline, including inputs and retries
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time_limit)]
    pub timeout: Duration,
}

impl IdTokenArgs {
    /// The audience to ask for.
    pub fn wanted_audience(&self, env: &dyn Env) -> Option<String> {
        self.output.audience(self.audience.as_deref(), env)
    }

    /// What decides where the token is.
    pub fn inputs<'a>(&'a self, audience: Option<&'a str>) -> TokenInputs<'a> {
        let platform = self.platform.platform.as_deref();
        TokenInputs { source: self.token.source(), platform, audience, is_lasting: true }
    }
}
