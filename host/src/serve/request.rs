//! One request: read within limits, answered by the component within its time.

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

/// The component refuses a body that is longer than this, in bytes; it is handed one byte more so that it does.
const MAX_BODY: usize = 256 << 10;
/// What is read of a body that is too long and dropped: a caller who still sends does not read the refusal.
const MAX_DROPPED: usize = 1 << 20;
/// For a body to arrive whole.
const BODY: Duration = Duration::from_secs(10);

/// What all requests have in common.
pub(super) struct Desk {
    pub(super) service: Service,
    /// One for each request that may be in the component.
    pub(super) places: Semaphore,
    /// For one request.
    pub(super) time: Duration,
    /// Whether each request is noted on standard error.
    pub(super) access_log: bool,
}

/// Answers one request.
pub(super) async fn answer(desk: Arc<Desk>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let since = Instant::now();
    let line = desk.access_log.then(|| format!("{} {}", request.method(), request.uri().path()));
    let response = within(&desk, request).await;
    if let Some(line) = line {
        note(&format!("{line} {} {:.1} ms", response.status().as_u16(), since.elapsed().as_secs_f64() * 1000.0));
    }
    Ok(response.map(Full::new))
}

async fn within(desk: &Desk, request: Request<Incoming>) -> Response<Bytes> {
    let limit = desk.time.min(BODY);
    let Ok(read) = timeout(limit, read(request)).await else { return problem::slow() };
    let Ok(request) = read else { return problem::slow() };
    let Ok(_place) = desk.places.try_acquire() else { return problem::busy() };
    match timeout(desk.time, desk.service.answer(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(fault)) => {
            note(failure::text(&fault).trim_end());
            problem::failed(&fault)
        }
        Err(_late) => problem::late(desk.time.as_secs()),
    }
}

/// The request with as much of its body as the component has use of.
async fn read(request: Request<Incoming>) -> Result<Request<Bytes>, hyper::Error> {
    let (mut head, body) = request.into_parts();
    // The component never sees it; its library wants one, and what the caller wrote there may be anything.
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

/// Prints a line on standard error; there is nothing to do when nobody reads it.
pub(super) fn note(line: &str) {
    io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
}
