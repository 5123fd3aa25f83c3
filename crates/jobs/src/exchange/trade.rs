//! Sends the ID token to Entra, and turns a refusal into advice from the token's own claims.

use azure_oidc_core::check::{Finding, Severity};
use azure_oidc_core::exchange::{self, Granted, Terms};
use azure_oidc_core::explain::{self, Refused};
use azure_oidc_core::plan::Limits;
use azure_oidc_core::platform::{self, Platform};
use azure_oidc_core::ports::Ports;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Fault, Secret, catalogue, cloud};

use super::answer::Answer;
use super::notice::Notice;
use super::order::Order;
use super::preflight;
use super::settings::Settings;
use crate::id_token::Obtained;

/// The result of a trade.
#[derive(Debug)]
pub(super) struct Traded {
    /// The access tokens.
    pub(super) answer: Answer,
    /// The ID token that Entra accepted: a newer one when the first had expired, or the alternative.
    pub(super) assertion: Secret,
    /// Whether Entra accepted the alternative.
    pub(super) is_alternative: bool,
}

impl Traded {
    /// Says that Entra accepted the second ID token of the job, and how to send that one alone.
    pub(super) fn notice(&self, order: &Order<'_>) -> Option<Notice> {
        let (other, _) = order.alternative.filter(|_| self.is_alternative)?;
        let name = other.place.trim_matches('`');
        let message = format!(
            "Entra refused the ID token in {} for its subject and accepted the one in {}; `--id-token-env {name}` sends only that one",
            order.id_token.place, other.place
        );
        Some(Notice::Warning(Finding::new("other-id-token-accepted", Severity::Warning, message)))
    }
}

/// Trades an ID token that a caller brings: the pre-flight check, then the trade. Warnings are not
/// for such a caller. The commands in hints are for this shell.
pub fn trade(
    settings: &Settings,
    id_token: &Obtained,
    limits: Limits,
    shell: Shell,
    ports: Ports<'_>,
) -> Result<Answer, Fault> {
    ports.secrets.learn(id_token.token.reveal());
    let token = id_token.parse()?;
    let claims = token.claims();
    let platform = claims.iss.as_deref().and_then(|issuer| platform::identify(issuer, claims.sub.as_deref()));
    let platform = platform.map_or("generic", Platform::name);
    let order = Order { settings, id_token, token: &token, platform, credentials: None, alternative: None, shell };
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
    let terms = Terms {
        authority: order.settings.endpoint.authority.clone(),
        tenant: order.settings.tenant.clone(),
        client_id: order.settings.client_id.clone(),
        scopes: order.settings.scopes.clone(),
        assertion: order.id_token.token.clone(),
        timeout: limits.timeout,
        retries: limits.retries,
        replication_wait: limits.replication_wait,
        alternative: order.alternative.map(|(id_token, _)| id_token.token.clone()),
    };
    match exchange::run(terms, ports, renew) {
        Ok(Granted { tokens, assertion }) => {
            let accepted = order.alternative.filter(|(id_token, _)| id_token.token == assertion);
            let token = accepted.map_or(order.token, |(_, token)| token);
            let answer = Answer::new(&Order { token, ..*order }, tokens);
            Ok(Traded { answer, assertion, is_alternative: accepted.is_some() })
        }
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
        shell: order.shell,
    });
    // The catalogue's remedy is for callers that know only the code. It must not contradict the advice.
    let general = catalogue::entry(code).map(|entry| entry.remedy).filter(|_| !hints.is_empty());
    for own in std::mem::take(&mut fault.hints) {
        if !hints.contains(&own) && general != Some(own.as_str()) {
            hints.push(own);
        }
    }
    fault.hints = hints;
    match order.alternative {
        Some(other) => name_both(fault, order, other),
        None => fault,
    }
}

/// Says which tokens of the job were sent. The advice is for the first one.
fn name_both(mut fault: Fault, order: &Order<'_>, (other, token): (&Obtained, &Token)) -> Fault {
    if !exchange::is_about_subject(&fault) {
        return fault;
    }
    let subject = |token: &Token| token.claims().sub.clone().unwrap_or_default();
    let hint = format!(
        "this job has two ID tokens, and Entra refused both: {} with the subject `{}` and {} with the subject `{}`; one \
         credential for one of the two is enough",
        order.id_token.place,
        subject(order.token),
        other.place,
        subject(token)
    );
    let second = fault.hints.len().min(1);
    fault.hints.insert(second, hint);
    fault
}
