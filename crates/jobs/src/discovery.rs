//! Fetches an issuer's keys by OpenID Connect Discovery 1.0: the discovery document, then the key
//! set that it names.
//!
//! The issuer must be the token's `iss`. Only addresses that [`issuer::fetchable`] accepts, no
//! redirects, small documents, one deadline for both.

use std::time::Duration;

use azure_oidc_core::exchange::USER_AGENT;
use azure_oidc_core::issuer;
use azure_oidc_core::jwks::KeySet;
use azure_oidc_core::ports::{Method, Ports, Request, TransportError, TransportKind};
use azure_oidc_core::token::{Claims, json};
use azure_oidc_core::{Category, Fault};
use serde_json::Value;

/// Discovery documents and key sets of CI issuers are a few kilobytes.
const MAX_DOCUMENT: usize = 100 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why there are no keys.
pub(crate) struct Unavailable {
    fault: Fault,
    /// Whether the issuer answered. If not, nothing follows for Entra, which asks from elsewhere.
    pub(crate) is_answer: bool,
}

impl Unavailable {
    /// Message and facts as one clause.
    pub(crate) fn clause(&self) -> String {
        let mut clause = self.fault.message.clone();
        if let Some(first) = clause.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        self.fault.facts.iter().fold(clause, |clause, (name, value)| format!("{clause}, {name}: {value}"))
    }
}

impl From<Fault> for Unavailable {
    fn from(fault: Fault) -> Self {
        Self { fault, is_answer: true }
    }
}

impl From<Unavailable> for Fault {
    fn from(unavailable: Unavailable) -> Self {
        unavailable.fault
    }
}

/// Fetches the keys of the issuer that the claims name. `allowed` are the hosts of private networks
/// from which they may be fetched.
///
/// # Errors
/// When there is no issuer, or one of the two documents cannot be fetched or used.
pub(crate) fn keys(claims: &Claims, allowed: &[String], ports: Ports<'_>) -> Result<KeySet, Unavailable> {
    let issuer = claims.iss.as_deref().ok_or_else(|| {
        Fault::new(Category::Usage, "issuer-missing", "The token has no `iss`, so the keys of its issuer are unknown")
            .hint("give the keys with `--jwks FILE`")
    })?;
    let started = ports.clock.monotonic();
    let left = || TIMEOUT.saturating_sub(ports.clock.monotonic().saturating_sub(started));
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let Ok(Value::Object(document)) = json::lenient(get(&url, allowed, left(), ports)?.as_bytes()) else {
        return Err(failed(format!("{url} is not a JSON object")).into());
    };
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let stated = text("issuer").unwrap_or_default();
    if stated != issuer {
        let why = format!("{url} names the issuer `{stated}`, and the token names `{issuer}`");
        return Err(failed(why).hint("the two must be equal in every character, including a last `/`").into());
    }
    let jwks_uri = text("jwks_uri").ok_or_else(|| failed(format!("{url} names no `jwks_uri`")))?;
    Ok(KeySet::parse(&get(jwks_uri, allowed, left(), ports)?)?)
}

fn get(url: &str, allowed: &[String], timeout: Duration, ports: Ports<'_>) -> Result<String, Unavailable> {
    issuer::fetchable(url, allowed)?;
    let request = Request {
        method: Method::Get,
        url: url.to_owned(),
        headers: vec![("accept", "application/json".to_owned()), ("user-agent", USER_AGENT.to_owned())],
        body: Vec::new(),
        max_response: MAX_DOCUMENT,
    };
    let response = match ports.http.send(&[request], timeout).pop() {
        Some(Ok(response)) => response,
        Some(Err(error)) => return Err(no_answer(url, error)),
        None => return Err(failed(format!("no request to {url} was sent")).into()),
    };
    match response.status {
        200 => String::from_utf8(response.body).map_err(|_| failed(format!("{url} is not text")).into()),
        status @ 300..=399 => {
            let why = format!("{url} answered {status}, a redirect, and keys are not fetched from another place");
            Err(failed(why).into())
        }
        status => Err(failed(format!("{url} answered {status}")).into()),
    }
}

fn no_answer(url: &str, error: TransportError) -> Unavailable {
    let is_answer = error.kind == TransportKind::TooLarge;
    let why = format!("{url} gave no answer");
    let fault = if is_answer { failed(why) } else { unavailable(why) }.fact("failure", error.kind.words());
    let mut fault = if error.detail.is_empty() { fault } else { fault.fact("reason", error.detail) };
    match error.kind {
        TransportKind::Tls(failure) => fault = fault.hint(failure.remedy()),
        TransportKind::Denied => {
            fault.code = "discovery-denied";
            fault = fault.hint("allow the issuer: `--allow-host HOST`");
        }
        _ => {}
    }
    if !is_answer {
        fault = fault.hint("without the network, give the issuer's keys with `--jwks FILE` in place of `--discover`");
    }
    Unavailable { fault, is_answer }
}

/// What the issuer answered is of no use, to Entra neither.
fn failed(why: String) -> Fault {
    unavailable(why)
        .hint("Entra fetches the same documents from the public internet and would answer AADSTS501661")
        .predicts(501_661)
}

fn unavailable(why: String) -> Fault {
    Fault::new(Category::Network, "discovery-failed", format!("The issuer's keys could not be fetched: {why}"))
}
