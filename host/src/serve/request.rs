//! Reads one request within limits, and has the component answer it in time.

use std::convert::Infallible;
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_oidc_cli::failure;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::problem;
use crate::sandbox::Service;

/// The longest body that the component accepts, in bytes. It gets one byte more of a longer body,
/// and refuses it.
const MAX_BODY: usize = 256 << 10;
/// How much more of a longer body is read and dropped: a client that is still sending does not read
/// the response.
const MAX_DROPPED: usize = 1 << 20;
/// Time limit for the body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What all requests of a service share.
pub(super) struct ServeContext {
    pub(super) service: Service,
    /// One permit for each request that the component may answer at the same time.
    pub(super) slots: Semaphore,
    /// Time limit of one request.
    pub(super) timeout: Duration,
    /// Whether each request is logged on standard error.
    pub(super) access_log: bool,
}

/// Answers one request.
pub(super) async fn answer(
    context: Arc<ServeContext>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let since = Instant::now();
    let line = context.access_log.then(|| format!("{} {}", request.method(), request.uri().path()));
    let response = respond(&context, request).await;
    if let Some(line) = line {
        log_line(&format!("{line} {} {:.1} ms", response.status().as_u16(), since.elapsed().as_secs_f64() * 1000.0));
    }
    Ok(response.map(Full::new))
}

async fn respond(context: &ServeContext, request: Request<Incoming>) -> Response<Bytes> {
    let Ok(Ok(request)) = timeout(context.timeout.min(BODY_TIMEOUT), read(request)).await else {
        return problem::body_timeout();
    };
    let Ok(_slot) = context.slots.try_acquire() else { return problem::busy() };
    match timeout(context.timeout, context.service.answer(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(fault)) => {
            log_line(failure::text(&fault).trim_end());
            problem::failed(&fault)
        }
        Err(_) => problem::deadline(context.timeout.as_secs()),
    }
}

/// Reads the body, and keeps no more of it than the component needs.
async fn read(request: Request<Incoming>) -> Result<Request<Bytes>, hyper::Error> {
    let (mut head, body) = request.into_parts();
    // `wasi:http` requires a valid host; the client may send any. The component does not use it.
    head.headers.insert(HOST, HeaderValue::from_static("localhost"));
    let announced = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let mut kept = BytesMut::new();
    if announced.is_none_or(|length| length <= (MAX_BODY + MAX_DROPPED) as u64) {
        let (mut body, mut length) = (pin!(body), 0);
        while length <= MAX_BODY + MAX_DROPPED
            && let Some(frame) = body.frame().await
        {
            let Ok(data) = frame?.into_data() else { continue };
            length += data.len();
            let room = (MAX_BODY + 1).saturating_sub(kept.len());
            kept.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    Ok(Request::from_parts(head, kept.freeze()))
}

/// Prints a line on standard error. A write error is ignored: there is nowhere to report it.
pub(super) fn log_line(line: &str) {
    io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
}
