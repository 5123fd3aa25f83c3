//! The request of the command line.

use azure_oidc_core::plan::{Inputs, Limits};
use azure_oidc_core::shell::Shell;

/// An exchange as the command line describes it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Where to sign in, and as whom.
    pub sign_in: SignIn<'a>,
    /// What the access tokens are for; the variables and the default count when empty.
    pub scopes: &'a [String],
    /// Names of the published variables.
    pub output_names: &'a [String],
    /// The file of federated identity credentials to check the token against.
    pub credential: Option<&'a str>,
    /// Where the ID token is, and how the result leaves.
    pub plan: Inputs<'a>,
    /// How long to try.
    pub limits: Limits,
    /// Whether to send only a token that passes the pre-flight check.
    pub preflight: bool,
    /// `--log-level`.
    pub log_level: Option<&'a str>,
    /// The shell that the commands in hints are for.
    pub shell: Shell,
}

/// Where to sign in, and as whom, as the command line says it. What is missing is looked up in
/// variables.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignIn<'a> {
    /// `--tenant-id`.
    pub tenant_id: Option<&'a str>,
    /// `--client-id`.
    pub client_id: Option<&'a str>,
    /// `--cloud`.
    pub cloud: Option<&'a str>,
    /// `--authority-host`.
    pub authority_host: Option<&'a str>,
}
