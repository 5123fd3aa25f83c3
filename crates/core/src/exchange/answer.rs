//! Reads the answers of the token endpoint, and classifies them by what to do next.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::catalogue;
use crate::fault::{Category, EntraError, Fault};
use crate::harmless::shown;
use crate::ports::{Response, TlsFailure, TransportError, TransportKind};
use crate::secret::Secret;
use crate::shorten::{LONGEST_ID, LONGEST_SENTENCE, LONGEST_VALUE};
use crate::token::json;

/// An answer, classified by what to do next.
#[derive(Debug)]
pub(super) enum Answer {
    /// Success.
    Token { token: Secret, token_type: String, expires_on: i64 },
    /// A temporary failure: retry. `after` is the server's `Retry-After`.
    Temporary { fault: Fault, after: Option<Duration> },
    /// A refusal that can pass by itself: no credential matches, and one that was just created may
    /// not have reached all of Entra's servers; or Entra could not reach the issuer.
    Passing(Fault),
    /// The assertion has expired: retry with a new one.
    Expired(Fault),
    /// A retry cannot help.
    Final(Fault),
}

const ASSERTION_EXPIRED: u32 = 700_024;
const NO_MATCHING_CREDENTIAL: [u32; 7] = [70_021, 700_211, 700_212, 700_213, 7_002_131, 70_025, 7_002_138];
const SUBJECT_UNMATCHED: [u32; 4] = [70_021, 700_213, 7_002_131, 7_002_138];
const ISSUER_UNREACHABLE: [u32; 3] = [501_661, 50_166, 90_061];

/// Classifies one result. `now` is in seconds since 1970.
pub(super) fn read(result: Result<Response, TransportError>, now: i64) -> Answer {
    let response = match result {
        Ok(response) => response,
        Err(error) if error.kind.is_transient() => {
            return Answer::Temporary { fault: unreachable(&error), after: None };
        }
        Err(error) => return Answer::Final(unreachable(&error)),
    };
    match response.status {
        200 => token(&response, now).unwrap_or_else(Answer::Final),
        300..=399 => Answer::Final(redirected(&response)),
        408 | 429 | 500..=599 => {
            Answer::Temporary { fault: busy(&response), after: retry_after(response.header("retry-after"), now) }
        }
        _ => refused(&response),
    }
}

fn token(response: &Response, now: i64) -> Result<Answer, Fault> {
    let unusable = |why: &str| {
        Fault::new(
            Category::Network,
            "answer-unusable",
            format!("The authority answered 200 without a usable token: {why}"),
        )
        .hint("check the authority host and proxies: something other than Entra may have answered")
    };
    let object = object(response).ok_or_else(|| not_json(response))?;
    let token = object.get("access_token").and_then(Value::as_str).unwrap_or_default();
    if token.is_empty() {
        return Err(unusable("`access_token` is missing or empty"));
    }
    if token.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(unusable("`access_token` contains characters that a token cannot have"));
    }
    let token_type = object.get("token_type").and_then(Value::as_str).unwrap_or_default();
    if !token_type.eq_ignore_ascii_case("bearer") {
        return Err(unusable("`token_type` is not Bearer"));
    }
    let lifetime = object.get("expires_in").and_then(seconds).filter(|seconds| *seconds > 0);
    let lifetime = lifetime.ok_or_else(|| unusable("`expires_in` is missing or not a number of seconds"))?;
    Ok(Answer::Token {
        token: Secret::new(token),
        token_type: token_type.to_owned(),
        expires_on: now.saturating_add(lifetime),
    })
}

/// A number of seconds. Entra sends a number; older endpoints send a numeric string.
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn refused(response: &Response) -> Answer {
    let Some(entra) = object(response).and_then(|object| entra_error(response.status, &object)) else {
        return Answer::Final(not_json(response));
    };
    let code = entra.aadsts();
    let fault = entra_fault(entra);
    match code {
        Some(ASSERTION_EXPIRED) => Answer::Expired(fault),
        Some(code) if NO_MATCHING_CREDENTIAL.contains(&code) || ISSUER_UNREACHABLE.contains(&code) => {
            Answer::Passing(fault)
        }
        _ => Answer::Final(fault),
    }
}

/// Whether Entra finds no credential with the subject of the ID token.
pub fn is_about_subject(fault: &Fault) -> bool {
    fault.aadsts().is_some_and(|code| SUBJECT_UNMATCHED.contains(&code))
}

/// Whether Entra could not fetch the issuer's keys.
pub(super) fn is_about_issuers_server(fault: &Fault) -> bool {
    fault.aadsts().is_some_and(|code| ISSUER_UNREACHABLE.contains(&code))
}

fn entra_fault(entra: EntraError) -> Fault {
    let message = if entra.description.is_empty() { &entra.error } else { &entra.description };
    let mut fault = Fault::new(
        Category::Refused,
        "entra-refused",
        format!("Entra refused with {} {}: {message}", entra.status, entra.error),
    );
    if let Some(entry) = entra.aadsts().and_then(catalogue::entry) {
        fault = fault.hint(entry.remedy);
    }
    if let Some(code) = entra.aadsts() {
        fault = fault.hint(format!("run `azure-oidc explain AADSTS{code}` for details"));
    }
    fault.entra = Some(entra);
    fault
}

fn entra_error(status: u16, object: &Map<String, Value>) -> Option<EntraError> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let id = |name: &str| text(name).map(|text| shown(text, LONGEST_ID));
    let codes = object.get("error_codes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    Some(EntraError {
        status,
        error: id("error")?,
        description: text("error_description").unwrap_or_default().to_owned(),
        codes: codes.iter().filter_map(Value::as_u64).filter_map(|code| u32::try_from(code).ok()).collect(),
        trace_id: id("trace_id"),
        correlation_id: id("correlation_id"),
        timestamp: id("timestamp"),
    })
}

fn busy(response: &Response) -> Fault {
    let mut fault = Fault::new(
        Category::Network,
        if response.status == 429 { "authority-throttles" } else { "authority-unavailable" },
        format!("The authority answered {}", response.status),
    );
    if let Some(entra) = object(response).and_then(|object| entra_error(response.status, &object)) {
        fault.message.push_str(&format!(": {}", shown(&entra.description, LONGEST_SENTENCE)));
        fault.entra = Some(entra);
    }
    fault.hint("try again later, or raise `--timeout` and `--retries`")
}

fn redirected(response: &Response) -> Fault {
    let target = response.header("location").and_then(|url| url.split(['?', '#']).next()).unwrap_or("nowhere");
    Fault::new(
        Category::Network,
        "redirect-refused",
        format!(
            "The authority answered {} and redirects to {}; the ID token was not sent there",
            response.status,
            shown(target, LONGEST_VALUE)
        ),
    )
    .hint("check the authority host and proxies: Entra never redirects a token request")
}

fn not_json(response: &Response) -> Fault {
    let kind = response.header("content-type").unwrap_or("no content type");
    Fault::new(
        Category::Network,
        "answer-not-json",
        format!("The authority answered {} with {} instead of Entra's JSON", response.status, shown(kind, LONGEST_ID)),
    )
    .hint("check the authority host and `HTTPS_PROXY`: something other than Entra answered, often a proxy")
}

pub(super) fn object(response: &Response) -> Option<Map<String, Value>> {
    match json::lenient(&response.body) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

fn unreachable(error: &TransportError) -> Fault {
    let (code, message, hint) = match error.kind {
        TransportKind::Denied => (
            "destination-denied",
            "The host does not allow requests to the authority",
            "allow it: `--allow-host HOST` for azure-oidc (never for link-local and metadata addresses), `-S http` for wasmtime, \
             `allowed_outbound_hosts` in spin.toml, `allowedHosts` for wasmCloud",
        ),
        TransportKind::Dns => (
            "authority-not-found",
            "The authority's host name has no address",
            "check the spelling of the authority host, and the runner's DNS",
        ),
        TransportKind::Connect => (
            "authority-unreachable",
            "The authority cannot be reached",
            "check that the runner can reach it, directly or through `HTTPS_PROXY`",
        ),
        TransportKind::Tls(failure) => (failure.code(), insecure(failure), failure.remedy()),
        TransportKind::Exhausted => {
            let message = "The host has no free connection, thread or file descriptor for a request to the authority";
            let hint = "raise the limit of processes (`ulimit -u`) and of open files (`ulimit -n`), or lower `--max-concurrency` of \
                        `serve`";
            return with_reason(
                Fault::new(Category::Network, "connections-exhausted", message).hint(hint).transient(),
                error,
            );
        }
        TransportKind::Timeout => (
            "authority-timeout",
            "The authority did not answer in time",
            "raise `--timeout`, for example to `60s`; if it never answers, check proxies and firewalls",
        ),
        TransportKind::Cut => (
            "answer-cut",
            "The connection ended before the end of the authority's answer",
            "check proxies and firewalls, which may cut connections",
        ),
        TransportKind::TooLarge => (
            "answer-too-large",
            "The authority's answer is longer than any answer of Entra",
            "check the authority host and proxies: something other than Entra answered",
        ),
        TransportKind::Other => (
            "authority-failed",
            "The request to the authority failed",
            "check the authority host, proxies and the network of the runner",
        ),
    };
    with_reason(Fault::new(Category::Network, code, message).hint(hint), error)
}

fn with_reason(fault: Fault, error: &TransportError) -> Fault {
    if error.detail.is_empty() { fault } else { fault.fact("reason", error.detail.clone()) }
}

/// The sentence about an authority with which no connection with TLS came about.
const fn insecure(failure: TlsFailure) -> &'static str {
    match failure {
        TlsFailure::UntrustedIssuer => "The authority's TLS certificate is not trusted",
        TlsFailure::Name => "The authority's TLS certificate is for another name",
        TlsFailure::Expired => "The authority's TLS certificate has expired",
        TlsFailure::NotYetValid => "The authority's TLS certificate is not valid yet",
        TlsFailure::Certificate => "The authority's TLS certificate cannot be used",
        TlsFailure::Version => "The authority speaks no version of TLS that is accepted here",
        TlsFailure::PlainText => "The authority does not speak TLS on this port",
        TlsFailure::Other => "No secure connection to the authority came about",
    }
}

/// `Retry-After` as seconds or as an HTTP date (RFC 9110 §10.2.3).
pub(super) fn retry_after(header: Option<&str>, now: i64) -> Option<Duration> {
    let text = header?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = httpdate::parse_http_date(text).ok()?;
    let now = UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(now).ok()?))?;
    Some(SystemTime::duration_since(&moment, now).unwrap_or_default())
}
