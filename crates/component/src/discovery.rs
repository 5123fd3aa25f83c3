//! An issuer's keys, found as OpenID Connect Discovery 1.0 says: the discovery document, then the key set it names.
//!
//! The issuer is pinned to the token's `iss`; only https (loopback excepted), no redirect, small documents, one deadline for both.

use std::time::Duration;

use azure_oidc_core::authority::Authority;
use azure_oidc_core::exchange::USER_AGENT;
use azure_oidc_core::jwks::KeySet;
use azure_oidc_core::ports::{Method, Ports, Request, TransportKind};
use azure_oidc_core::token::Claims;
use azure_oidc_core::{Category, Fault};
use serde_json::Value;

/// Discovery documents and key sets of CI issuers are a few kilobytes.
const MAX_DOCUMENT: usize = 100 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// The code of the fault when it is the host that lets nothing through.
pub const DENIED: &str = "discovery-denied";

/// Fetches the keys of the issuer that the claims name.
pub fn keys(claims: &Claims, ports: Ports<'_>) -> Result<KeySet, Fault> {
    let issuer = claims.iss.as_deref().ok_or_else(|| {
        Fault::new(
            Category::Usage,
            "issuer-missing",
            "The token has no `iss`, so its issuer's keys cannot be looked up",
        )
        .hint("give the keys with `--jwks FILE`")
    })?;
    let started = ports.clock.monotonic();
    let left = || TIMEOUT.saturating_sub(ports.clock.monotonic().saturating_sub(started));
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let Ok(Value::Object(document)) = serde_json::from_slice(get(&url, left(), ports)?.as_bytes()) else {
        return Err(failed(format!("{url} is not a JSON object")));
    };
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    match text("issuer") {
        Some(stated) if stated == issuer => {}
        stated => {
            return Err(failed(format!(
                "{url} says its issuer is `{}`, and the token says `{issuer}`",
                stated.unwrap_or_default()
            ))
            .hint("the two must be equal to the letter, a last `/` included"));
        }
    }
    let jwks_uri = text("jwks_uri").ok_or_else(|| failed(format!("{url} names no `jwks_uri`")))?;
    KeySet::parse(&get(jwks_uri, left(), ports)?)
}

fn get(url: &str, timeout: Duration, ports: Ports<'_>) -> Result<String, Fault> {
    let base = url
        .split_once("://")
        .map(|(scheme, rest)| format!("{scheme}://{}", rest.split(['/', '?', '#']).next().unwrap_or_default()));
    let sound = base.as_deref().is_some_and(|base| base.contains("://") && Authority::parse(base, "the token").is_ok());
    if !sound {
        return Err(failed(format!("`{}` is not an https address", url.escape_debug())));
    }
    let request = Request {
        method: Method::Get,
        url: url.to_owned(),
        headers: vec![("accept", "application/json".to_owned()), ("user-agent", USER_AGENT.to_owned())],
        body: Vec::new(),
        max_response: MAX_DOCUMENT,
    };
    let response = match ports.http.send(&[request], timeout).pop() {
        Some(Ok(response)) => response,
        Some(Err(error)) => {
            let fault = failed(format!("{url} gave no answer"))
                .fact("failure", format!("{:?}", error.kind).to_ascii_lowercase());
            let mut fault = if error.detail.is_empty() { fault } else { fault.fact("reason", error.detail) };
            return Err(match error.kind {
                TransportKind::Denied => {
                    fault.code = DENIED;
                    fault.hint("the host allows the token's issuer only; grant more with `--allow-host HOST`")
                }
                _ => fault,
            });
        }
        None => return Err(failed(format!("{url} was not asked"))),
    };
    match response.status {
        200 => String::from_utf8(response.body).map_err(|_| failed(format!("{url} is not text"))),
        status @ 300..=399 => {
            Err(failed(format!("{url} answered {status} and points elsewhere; keys are not taken from there")))
        }
        status => Err(failed(format!("{url} answered {status}"))),
    }
}

fn failed(why: String) -> Fault {
    Fault::new(Category::Network, "discovery-failed", format!("The issuer's keys could not be fetched: {why}"))
        .hint("Entra fetches the same documents from the public internet and would answer AADSTS501661")
}
