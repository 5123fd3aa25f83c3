//! The notices for a person beside the result.

use azure_oidc_core::check::{Finding, Severity};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::{Chosen, Unread};

use super::order::Order;
use super::request::Request;

/// Something to tell a person, besides the result. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Something that was found.
    Warning(Finding),
    /// A decision, for `--log-level debug`.
    Debug(&'static str, String),
    /// What was published, in a sentence.
    Published(String),
}

/// Names the variables that matter to a sign-in and are not read here.
pub(crate) fn unread(request: &Request<'_>, env: &dyn Env) -> Vec<Notice> {
    let sign_in = &request.sign_in;
    let chosen = Chosen {
        cloud: sign_in.cloud.is_some() || sign_in.authority_host.is_some(),
        client: sign_in.client_id.is_some(),
        audience: request.plan.token.audience.is_some(),
    };
    let finding = |sentence| Notice::Warning(Finding::new("variable-not-read", Severity::Warning, sentence));
    Unread::sentences(chosen, env).into_iter().map(finding).collect()
}

/// Everything that was decided, and no token.
pub(super) fn decisions(order: &Order<'_>, platform: &str) -> [Notice; 5] {
    let settings = order.settings;
    let scopes: Vec<_> = settings.scopes.iter().map(|scope| scope.value.as_str()).collect();
    [
        Notice::Debug("platform", platform.to_owned()),
        Notice::Debug("ID token from", order.id_token.place.clone()),
        Notice::Debug("token endpoint", settings.endpoint.authority.token_url(&settings.tenant)),
        Notice::Debug("client id", settings.client_id.as_str().to_owned()),
        Notice::Debug("scopes", scopes.join(", ")),
    ]
}
