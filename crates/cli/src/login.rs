//! The options of the commands that sign the job's tools in and out: `login` and `logout`.

use std::time::Duration;

use azure_oidc_core::plan::TokenInputs;
use azure_oidc_core::{Category, Fault};
use clap::Args;

use crate::parse::in_milliseconds;
use crate::values::{choice, not_empty, number, time_limit};
use crate::{HostOptions, PlatformArgs, ShellArgs, SignIn, TokenOptions};

/// A tool that can be signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginTool {
    /// The Azure CLI.
    Az,
    /// The Az modules of PowerShell.
    Powershell,
    /// docker, and what reads its configuration.
    Docker,
    /// git, for Azure Repos.
    Git,
    /// kubectl, and what reads its configuration, for AKS.
    Kubectl,
}

impl LoginTool {
    const VALUES: &'static [(&'static str, Self)] = &[
        ("az", Self::Az),
        ("powershell", Self::Powershell),
        ("docker", Self::Docker),
        ("git", Self::Git),
        ("kubectl", Self::Kubectl),
    ];
}

/// Options of `login`.
#[derive(Debug, Clone, Args)]
pub struct LoginArgs {
    /// Tools to sign in. Repeat it or separate with commas
    #[arg(long = "for", value_name = "TOOL", value_delimiter = ',', default_value = "az", value_parser = choice(LoginTool::VALUES))]
    pub tools: Vec<LoginTool>,
    /// Subscription that az and PowerShell start with [env: AZURE_SUBSCRIPTION_ID,
    /// ARM_SUBSCRIPTION_ID] [default: the first one that the identity can see]
    #[arg(long, value_name = "ID")]
    pub subscription: Option<String>,
    /// Sign in also where the identity can see no subscription
    #[arg(long)]
    pub allow_no_subscriptions: bool,
    /// Container registry for docker, such as contoso.azurecr.io. Repeat it or separate with commas
    #[arg(long, value_name = "HOST", value_delimiter = ',', value_parser = not_empty())]
    pub registry: Vec<String>,
    /// Context of kubectl that signs in by azure-oidc. Repeat it or separate with commas [default:
    /// those that sign in by kubelogin]
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = not_empty())]
    pub kube_context: Vec<String>,
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
    /// Overall deadline, including az
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = time_limit)]
    pub timeout: Duration,
    /// Number of retries after HTTP 429, HTTP 5xx or a network failure
    #[arg(long, value_name = "N", default_value = "3", value_parser = number)]
    pub retries: u32,
    /// The shell that reads the printed variables.
    #[command(flatten)]
    pub shell: ShellArgs,
}

impl LoginArgs {
    /// Whether this tool is to be signed in.
    pub fn is_for(&self, tool: LoginTool) -> bool {
        self.tools.contains(&tool)
    }

    /// Refuses options that would be without effect.
    ///
    /// # Errors
    ///
    /// `option-needs-tool`, `docker-takes-no-options`.
    pub fn check(&self, host: &HostOptions) -> Result<(), Fault> {
        for (tool, name, option, is_given) in [
            (LoginTool::Docker, "docker", "--registry", !self.registry.is_empty()),
            (LoginTool::Kubectl, "kubectl", "--kube-context", !self.kube_context.is_empty()),
        ] {
            if is_given && !self.is_for(tool) {
                let message = format!("`{option}` needs `--for {name}`");
                return Err(Fault::new(Category::Usage, "option-needs-tool", message)
                    .hint(format!("add `{name}` to `--for`, or leave `{option}` out")));
            }
        }
        let given = [
            ("--id-token-env", self.token.id_token_env.is_some()),
            ("--id-token-file", self.token.id_token_file.is_some()),
            ("--platform", self.platform.platform.is_some()),
            ("--audience", self.audience.is_some()),
            ("--ca-file", host.ca_file.is_some()),
            ("--allow-host", !host.allow_host.is_empty()),
            ("--allow-program", host.allow_program),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given && self.is_for(LoginTool::Docker)) {
            None => Ok(()),
            Some((option, _)) => {
                let message = format!("docker hands its helper no options, so it would not know `{option}`");
                Err(Fault::new(Category::Usage, "docker-takes-no-options", message).hint(match option {
                    "--ca-file" => "set `SSL_CERT_FILE` for the whole job instead, or leave `docker` out of `--for`",
                    _ => "leave the option out, or leave `docker` out of `--for` and use `azure-oidc exec`",
                }))
            }
        }
    }

    /// Whether variables are handed to later programs.
    pub fn hands_over(&self) -> bool {
        let SignIn { tenant_id, client_id, authority_host, cloud } = &self.sign_in;
        let has_settings = [tenant_id, client_id, authority_host, cloud].into_iter().any(Option::is_some);
        self.is_for(LoginTool::Az) || self.is_for(LoginTool::Kubectl) || self.is_for(LoginTool::Docker) && has_settings
    }

    /// What decides where the ID token is.
    pub fn token_inputs(&self) -> TokenInputs<'_> {
        let (platform, audience) = (self.platform.platform.as_deref(), self.audience.as_deref());
        TokenInputs { source: self.token.source(), platform, audience, is_lasting: true }
    }

    /// The options of `exchange` with which the component signs in. It hands the ID token to its host
    /// as the contents of this file.
    pub fn exchange(&self, id_token_file: &str) -> Vec<String> {
        let mut words = vec!["exchange".to_owned()];
        words.extend(self.settings());
        for (name, value) in [
            ("--output", "env".to_owned()),
            ("--publish", "sdk-env".to_owned()),
            ("--id-token-output", id_token_file.to_owned()),
            ("--timeout", in_milliseconds(self.timeout)),
            ("--retries", self.retries.to_string()),
        ] {
            words.push(format!("{name}={value}"));
        }
        words
    }

    /// The options that a later call needs as well, to sign in as this one does.
    pub fn settings(&self) -> Vec<String> {
        let options = [
            ("--id-token-env", &self.token.id_token_env),
            ("--id-token-file", &self.token.id_token_file),
            ("--platform", &self.platform.platform),
            ("--tenant-id", &self.sign_in.tenant_id),
            ("--client-id", &self.sign_in.client_id),
            ("--cloud", &self.sign_in.cloud),
            ("--authority-host", &self.sign_in.authority_host),
            ("--audience", &self.audience),
        ];
        options.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?))).collect()
    }
}

/// Options of `logout`.
#[derive(Debug, Clone, Default, Args)]
pub struct LogoutArgs {
    /// Undo the logins of all jobs of this user, also of those that run. Use it to clean up after
    /// crashed jobs that had a different temporary folder
    #[arg(long)]
    pub all: bool,
    /// The shell that reads the printed variables.
    #[command(flatten)]
    pub shell: ShellArgs,
}
