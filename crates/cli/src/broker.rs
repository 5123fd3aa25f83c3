//! The options of the commands that keep credentials fresh: `exec` and `broker`.

use std::time::Duration;

use azure_oidc_core::plan::{HostKind, Inputs, Limits, OutputInputs, Publish, TokenInputs, TokenSource as Source};
use clap::Args;

use crate::values::{not_empty, number, time_limit};
use crate::{PlatformArgs, SignIn};

const TOKEN: &str = "ID token";

/// What `exec` and `broker` share: the options of `exchange` that they have, and what is offered.
#[derive(Debug, Clone, Args)]
pub struct BrokerOptions {
    /// Where the ID token comes from.
    #[command(flatten)]
    pub token: TokenOptions,
    /// The CI platform.
    #[command(flatten)]
    pub platform: PlatformArgs,
    /// Where to sign in.
    #[command(flatten)]
    pub sign_in: SignIn,
    /// Scope to exchange the ID token for before anything else starts: `{resource}/.default`, or
    /// one of arm, graph, storage, keyvault, acr, sql, devops, aks, postgres, mysql, redis. Repeat it
    /// or separate with commas [env: PLUGIN_SCOPE] [default: arm if the platform issues only one
    /// ID token for a job, else none]
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    pub scope: Vec<String>,
    /// Audience of the ID token, on platforms that let the job choose it [default: the cloud's]
    #[arg(long, value_name = "AUDIENCE", value_parser = not_empty())]
    pub audience: Option<String>,
    /// Also offer the ID token in a file, for the SDKs' workload identity. The ID token must live
    /// longer than 12 minutes
    #[arg(long)]
    pub federated_token_file: bool,
    /// Also offer the IMDS endpoint of an Azure virtual machine, at ARM_MSI_ENDPOINT
    #[arg(long)]
    pub imds: bool,
    /// Deadline of the exchanges at the start, including retries. A caller waits 9s at most
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time_limit)]
    pub timeout: Duration,
    /// Number of retries after HTTP 429, HTTP 5xx or a network failure
    #[arg(long, value_name = "N", default_value = "3", value_parser = number)]
    pub retries: u32,
    /// Log level. `debug` prints each decision to standard error, without tokens
    /// [env: PLUGIN_LOG_LEVEL]
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

/// Where the ID token comes from. Without any of these, the detected platform supplies it.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = false)]
pub struct TokenOptions {
    /// Read the ID token from this environment variable
    #[arg(long, help_heading = TOKEN, value_name = "NAME")]
    pub id_token_env: Option<String>,
    /// Read the ID token from this file
    #[arg(long, help_heading = TOKEN, value_name = "PATH", value_parser = not_empty())]
    pub id_token_file: Option<String>,
}

impl TokenOptions {
    /// Where the token is.
    pub(crate) fn source(&self) -> Source<'_> {
        match (&self.id_token_env, &self.id_token_file) {
            (Some(name), _) => Source::Variable(name),
            (_, Some(path)) => Source::File(path),
            (None, None) => Source::Platform,
        }
    }
}

impl BrokerOptions {
    /// What decides the plan. Nothing is published.
    pub fn plan_inputs(&self) -> Inputs<'_> {
        let platform = self.platform.platform.as_deref();
        Inputs {
            token: TokenInputs {
                source: self.token.source(),
                platform,
                audience: self.audience.as_deref(),
                is_lasting: true,
            },
            output: OutputInputs { form: "json", publish: Publish::Token, id_token_file: None, host: HostKind::Native },
        }
    }

    /// How long to try at the start.
    pub const fn limits(&self) -> Limits {
        Limits { timeout: self.timeout, retries: self.retries, ..Limits::DEFAULT }
    }
}

/// Options of `exec`.
#[derive(Debug, Clone, Args)]
pub struct ExecArgs {
    /// What is offered.
    #[command(flatten)]
    pub options: BrokerOptions,
    /// Leave the variables that hold the ID token in the environment of the command
    #[arg(long)]
    pub keep_id_token: bool,
    /// Program to run, with its arguments
    #[arg(value_name = "CMD", last = true, required = true)]
    pub command: Vec<String>,
}

/// Options of `broker`.
#[derive(Debug, Clone, Args)]
pub struct BrokerArgs {
    /// Write this file, readable by its owner only, when the credentials can be had: JSON with the
    /// variables to set and to remove. It is removed at the end
    #[arg(long, value_name = "FILE", value_parser = not_empty())]
    pub ready_file: String,
    /// End when this process ends, instead of when the parent ends
    #[arg(long, value_name = "PID", value_parser = number)]
    pub watch_pid: Option<u32>,
    /// Return as soon as the ready file is there, and serve in the background
    #[arg(long)]
    pub detach: bool,
    /// What is offered.
    #[command(flatten)]
    pub options: BrokerOptions,
}
