//! The check before anything is sent: refuses a token that Entra would certainly refuse, and says
//! why.

use azure_oidc_core::check::{self, Finding, Outcome, Question, SKEW, Severity};
use azure_oidc_core::cloud;
use azure_oidc_core::{Category, Fault};

use super::notice::Notice;
use super::order::Order;

/// The order with the ID token that passes. The alternative comes first when only that one fits the
/// credentials.
pub(super) fn choose<'a>(order: Order<'a>, now: i64, notices: &mut Vec<Notice>) -> Result<Order<'a>, Fault> {
    let other = order.alternative.map(|(id_token, token)| Order { id_token, token, alternative: None, ..order });
    let checked = check(&order, now).map(|warnings| (order, warnings));
    let (order, warnings) = checked
        .or_else(|fault| other.and_then(|other| Some((other, check(&other, now).ok()?))).ok_or(fault))
        .map_err(|fault| fault.hint("nothing was sent; `--no-preflight` sends the token all the same"))?;
    notices.extend(warnings.into_iter().map(Notice::Warning));
    Ok(order)
}

/// Warnings, or a fault when Entra would refuse the token.
pub(super) fn check(order: &Order<'_>, now: i64) -> Result<Vec<Finding>, Fault> {
    let mut findings = findings(order, now);
    if let Some(incomplete) = check::incomplete_signature(order.token) {
        return Err(refusal(&incomplete, &findings, &order.id_token.place));
    }
    match findings.iter().find(|finding| finding.severity == Severity::Error) {
        Some(error) => Err(refusal(error, &findings, &order.id_token.place)),
        None => {
            findings.retain(|finding| finding.severity == Severity::Warning);
            Ok(findings)
        }
    }
}

fn findings(order: &Order<'_>, now: i64) -> Vec<Finding> {
    let cloud = order.settings.endpoint.cloud;
    if let Some(credentials) = order.credentials {
        let verdict = check::check(&Question {
            token: order.token,
            credentials,
            client_id: Some(order.settings.client_id.as_str()),
            cloud: cloud.unwrap_or(cloud::PUBLIC),
            now,
            skew: SKEW,
            keys: None,
            shell: order.shell,
        });
        // What the other credentials of a list are like does not matter to a job whose own one
        // matches.
        if verdict.verdict != Outcome::Match {
            return verdict.findings;
        }
    }
    check::preflight(order.token, cloud, now, SKEW, order.shell)
}

fn refusal(error: &Finding, findings: &[Finding], place: &str) -> Fault {
    let message = format!("Entra would refuse the ID token from {place}: {}", error.message);
    let mut fault = Fault::new(Category::IdToken, error.code, message);
    for (name, value) in [("expected", &error.expected), ("actual", &error.actual)] {
        if let Some(value) = value {
            fault = fault.fact(name, value);
        }
    }
    if let Some(code) = error.aadsts {
        fault = fault.predicts(code).fact("Entra would answer", format!("AADSTS{code}"));
    }
    let others = findings.iter().filter(|other| *other != error && other.severity == Severity::Error);
    for remedy in [error].into_iter().chain(others).filter_map(|finding| finding.remedy.as_ref()) {
        if !fault.hints.contains(remedy) {
            fault = fault.hint(remedy);
        }
    }
    fault
}
