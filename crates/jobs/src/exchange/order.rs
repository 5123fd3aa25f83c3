//! The complete input of an exchange: settings, ID token, credentials, shell.

use azure_oidc_core::credential::Credential;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::token::Token;

use super::settings::Settings;
use crate::id_token::Obtained;

/// An ID token, and the settings, credentials and shell for its exchange.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    /// Authority, tenant, client and scopes.
    pub(super) settings: &'a Settings,
    /// The ID token.
    pub(super) id_token: &'a Obtained,
    /// The same, decoded.
    pub(super) token: &'a Token,
    /// Another ID token of the job, and the same decoded. It is sent when Entra refuses the first for
    /// its subject.
    pub(super) alternative: Option<(&'a Obtained, &'a Token)>,
    /// The name of the platform that made it.
    pub(super) platform: &'static str,
    /// The credentials of the application, when they are known.
    pub(super) credentials: Option<&'a [Credential]>,
    /// The shell that the commands in hints are for.
    pub(super) shell: Shell,
}
