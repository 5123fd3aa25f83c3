//! The answers to requests: JSON in the forms that the SDKs read.

use azure_oidc_core::Secret;
use serde::Serialize;

use super::action::{Failure, Reply};
use super::cache::Access;
use super::protocol::{Denied, Shape};

/// App Service 2019-08-01, and a virtual machine's service. Numbers are strings: one SDK reads
/// nothing else.
#[derive(Serialize)]
struct Granted<'a> {
    access_token: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<String>,
    expires_on: String,
    not_before: String,
    resource: &'a str,
    token_type: &'a str,
}

/// GitHub's and Azure DevOps' answers in one.
#[derive(Serialize)]
struct IdToken<'a> {
    count: u8,
    value: &'a str,
    #[serde(rename = "oidcToken")]
    oidc_token: &'a str,
}

/// For readers of App Service and of virtual machines.
#[derive(Serialize)]
struct Refused<'a> {
    #[serde(rename = "statusCode")]
    status: u16,
    message: &'a str,
    error: &'a str,
    error_description: &'a str,
}

pub(super) fn access(id: u64, token: &Access, resource: &str, shape: Shape, client_id: &str, now: u64) -> Reply {
    let left = (token.until / 1000).saturating_sub(now / 1000);
    let granted = Granted {
        access_token: token.token.reveal(),
        client_id,
        expires_in: (shape == Shape::Imds).then(|| left.to_string()),
        expires_on: (token.until / 1000).to_string(),
        not_before: (token.from / 1000).to_string(),
        resource,
        token_type: &token.token_type,
    };
    reply(id, 200, None, &granted)
}

pub(super) fn id_token(id: u64, token: &Secret) -> Reply {
    reply(id, 200, None, &IdToken { count: 1, value: token.reveal(), oidc_token: token.reveal() })
}

/// A final refusal is 403, because SDKs repeat other statuses; a fault that may pass is 429 or 503.
pub(super) fn failure(id: u64, failure: &Failure) -> Reply {
    let (status, retry_after) = match failure.is_passing {
        false => (403, None),
        true if failure.retry_after.is_some_and(|seconds| seconds > 1) => (429, failure.retry_after),
        true => (503, failure.retry_after.or(Some(1))),
    };
    let error = failure.error.as_deref().unwrap_or(&failure.code);
    refused(id, status, retry_after, error, &failure.message)
}

pub(super) fn denied(id: u64, (status, message): &Denied) -> Reply {
    let error = match status {
        401 => "unauthorized",
        403 => "forbidden",
        _ => "invalid_request",
    };
    refused(id, *status, None, error, message)
}

fn refused(id: u64, status: u16, retry_after: Option<u32>, error: &str, message: &str) -> Reply {
    reply(id, status, retry_after, &Refused { status, message, error, error_description: message })
}

fn reply(id: u64, status: u16, retry_after: Option<u32>, body: &impl Serialize) -> Reply {
    let body = serde_json::to_string(body).unwrap_or_else(|_| "{}".to_owned());
    Reply { id, status, retry_after, body: Secret::new(body) }
}
