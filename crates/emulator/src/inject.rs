//! The layer around Entra and the platforms: reads requests, applies injections, writes the log.
//!
//! `axum` and `tower` have no response for a connection that breaks. A body that fails is the
//! smallest one: `hyper` then closes the connection and discards what it has not sent.

use std::future::{pending, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use azure_oidc_core::check::decision::Refusal;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use serde_json::json;

use crate::echo;
use crate::entra::answers::Trace;
use crate::injections::{Injection, Kind, Target};
use crate::log::{Entry, MatchedCredential, RefusalCode};
use crate::received::Received;
use crate::state::{Call, EmulatorState};

/// Answers a request, with an injection if one applies.
pub(crate) async fn layer(
    State(state): State<Arc<EmulatorState>>,
    path_parameters: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    // The layers around this one limit size and time.
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let mut received = Received::new(&parts, body);
    let mut entry = Entry::new(&received);
    let tenant = path_parameters.iter().flatten().find(|(name, _)| *name == "tenant").map(|(_, value)| value);
    let injection = state.injections().take(&Target {
        path: &received.path,
        tenant,
        client_id: received.field("client_id"),
        scope: received.field("scope"),
    });
    let kind = injection.as_ref().map(|injection| injection.kind);
    entry.injection = kind;
    received.stale_credentials = kind == Some(Kind::ReplicationDelay);
    let received = Arc::new(received);
    parts.extensions.insert(received.clone());
    let request = Request::from_parts(parts, Body::empty());

    let mut response = match &injection {
        None => next.run(request).await,
        Some(injection) => match injection.kind {
            Kind::Echo => echo::answer(injection, &received),
            Kind::ReplicationDelay => next.run(request).await,
            Kind::Delay => {
                tokio::time::sleep(Duration::from_millis(injection.milliseconds.unwrap_or(1000))).await;
                next.run(request).await
            }
            Kind::CutBody => cut_after(next.run(request).await, injection.bytes.unwrap_or(16)).await,
            Kind::Hang => {
                state.record(entry);
                return pending().await;
            }
            Kind::Cut => {
                state.record(entry);
                // The body fails before `hyper` has sent the header, so the client gets nothing.
                return Response::new(Body::from_stream(stream::once(ready(Err::<Bytes, _>(aborted())))));
            }
            _ => replace(injection, &Call { state: state.clone(), request: received }, tenant.unwrap_or_default()),
        },
    };
    entry.status = Some(response.status().as_u16());
    entry.aadsts = response.extensions().get().map(|RefusalCode(code)| *code);
    entry.credential = response.extensions_mut().remove().map(|MatchedCredential(name)| name);
    state.record(entry);
    response
}

/// Builds the response that replaces the real one.
fn replace(injection: &Injection, call: &Call, tenant: &str) -> Response {
    const SIGN_IN: &str =
        "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n";
    let trace = Trace::new(call, tenant);
    let status = |default: u16| StatusCode::from_u16(injection.status.unwrap_or(default)).unwrap_or(StatusCode::OK);
    let body = || injection.body.clone();
    let typed = |status, content_type: &str, body| (status, [(CONTENT_TYPE, content_type.to_owned())], body);
    let mut response = match injection.kind {
        Kind::Throttle => trace.refusal_as("temporarily_unavailable", 429, &Refusal::new(90055)),
        Kind::ServerError => trace.refusal_as("temporarily_unavailable", status(503).as_u16(), &Refusal::new(90033)),
        Kind::EntraError => trace.refusal(&Refusal::new(injection.code.unwrap_or_default())),
        Kind::NoToken => trace.answer(200, &json!({ "token_type": "Bearer", "expires_in": 3599 })),
        Kind::EmptyToken => trace.token("", 3599),
        Kind::Oversized => ([(CONTENT_TYPE, "application/json")], oversized(injection.bytes)).into_response(),
        Kind::Html => {
            typed(status(200), "text/html; charset=utf-8", body().unwrap_or_else(|| SIGN_IN.to_owned())).into_response()
        }
        Kind::Redirect => {
            let mut response = status(307).into_response();
            let elsewhere = || format!("{}/elsewhere{}", call.state.addresses.base, call.request.path);
            set(&mut response, LOCATION, injection.location.clone().unwrap_or_else(elsewhere));
            response
        }
        _ => {
            let content_type = injection.content_type.as_deref().unwrap_or("application/json");
            typed(status(200), content_type, body().unwrap_or_default()).into_response()
        }
    };
    let default = (injection.kind == Kind::Throttle).then(|| "1".to_owned());
    if let Some(after) = injection.retry_after.clone().or(default) {
        set(&mut response, RETRY_AFTER, after);
    }
    response
}

pub(crate) fn set(response: &mut Response, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}

/// JSON of this size with one very long access token.
fn oversized(bytes: Option<u64>) -> Body {
    const START: &[u8] = br#"{"token_type":"Bearer","expires_in":3599,"access_token":""#;
    const END: &[u8] = br#""}"#;
    static LETTERS: [u8; 16 * 1024] = [b'a'; 16 * 1024];
    let size = usize::try_from(bytes.unwrap_or(64 * 1024 * 1024)).unwrap_or(usize::MAX);
    let letters = size.saturating_sub(START.len() + END.len());
    let chunks = std::iter::once(START)
        .chain(std::iter::repeat_n(&LETTERS[..], letters / LETTERS.len()))
        .chain([&LETTERS[..letters % LETTERS.len()], END]);
    Body::from_stream(stream::iter(chunks.map(|chunk| Ok::<_, io::Error>(Bytes::from_static(chunk)))))
}

/// Keeps the first bytes of the body and the header that promises the whole of it, then fails.
async fn cut_after(response: Response, bytes: u64) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, whole.len().into());
    let start = whole.slice(..whole.len().min(usize::try_from(bytes).unwrap_or(usize::MAX)));
    let failure = async {
        // `hyper` sends the start while the body is not ready.
        tokio::task::yield_now().await;
        Err(aborted())
    };
    Response::from_parts(parts, Body::from_stream(stream::iter([Ok(start)]).chain(stream::once(failure))))
}

fn aborted() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}
