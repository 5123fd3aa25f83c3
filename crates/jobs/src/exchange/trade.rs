//! The trade: sends the ID token to Entra, and turns a refusal into advice from the token's own
//! claims.

use azure_oidc_core::cloud;
use azure_oidc_core::exchange::{self, Terms};
use azure_oidc_core::explain::{self, Refused};
use azure_oidc_core::plan::Limits;
use azure_oidc_core::platform::{self, Platform};
use azure_oidc_core::ports::Ports;
use azure_oidc_core::{Fault, Secret};

use super::answer::Answer;
use super::order::Order;
use super::preflight;
use super::settings::Settings;
use crate::id_token::Obtained;

/// What came of it.
#[derive(Debug)]
pub(super) struct Traded {
    /// The access tokens.
    pub(super) answer: Answer,
    /// The ID token that Entra accepted, which is a newer one when the first had expired.
    pub(super) assertion: Secret,
}

/// Trades an ID token that a caller brings: the pre-flight check, then the trade. Warnings are not
/// for such a caller.
pub fn trade(settings: &Settings, id_token: &Obtained, limits: Limits, ports: Ports<'_>) -> Result<Answer, Fault> {
    let token = id_token.parse()?;
    let claims = token.claims();
    let platform = claims.iss.as_deref().and_then(|issuer| platform::identify(issuer, claims.sub.as_deref()));
    let platform = platform.map_or("generic", Platform::name);
    let order = Order { settings, id_token, token: &token, platform, credentials: None };
    preflight::check(&order, ports.clock.now())?;
    Ok(send(&order, limits, ports, &mut || None)?.answer)
}

/// Sends the token. `renew` obtains a newer one; it is called at most once, when Entra says that
/// the first has expired.
pub(super) fn send(
    order: &Order<'_>,
    limits: Limits,
    ports: Ports<'_>,
    renew: &mut dyn FnMut() -> Option<Secret>,
) -> Result<Traded, Fault> {
    let mut assertion = order.id_token.token.clone();
    let terms = Terms {
        authority: order.settings.endpoint.authority.clone(),
        tenant: order.settings.tenant.clone(),
        client_id: order.settings.client_id.clone(),
        scopes: order.settings.scopes.clone(),
        assertion: assertion.clone(),
        timeout: limits.timeout,
        retries: limits.retries,
        replication_wait: limits.replication_wait,
    };
    let mut renew = || {
        assertion = renew()?;
        Some(assertion.clone())
    };
    match exchange::run(terms, ports, &mut renew) {
        Ok(tokens) => Ok(Traded { answer: Answer::new(order, tokens), assertion }),
        Err(fault) => Err(advise(fault, order, ports.clock.now())),
    }
}

/// Puts advice from the token's claims before the hints of a refusal.
fn advise(mut fault: Fault, order: &Order<'_>, now: i64) -> Fault {
    let Some((code, entra)) = fault.entra.as_ref().and_then(|entra| Some((entra.aadsts()?, entra))) else {
        return fault;
    };
    let mut hints = explain::advise(&Refused {
        code,
        description: &entra.description,
        token: Some(order.token),
        credentials: order.credentials.unwrap_or_default(),
        client_id: Some(order.settings.client_id.as_str()),
        cloud: order.settings.endpoint.cloud.unwrap_or(cloud::PUBLIC),
        now,
    });
    for own in std::mem::take(&mut fault.hints) {
        if !hints.contains(&own) {
            hints.push(own);
        }
    }
    fault.hints = hints;
    fault
}
