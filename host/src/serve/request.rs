//! Reads one request within limits, and has the component answer it in time.

use std::convert::Infallible;
use std::io::{self, Write};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use azure_oidc_cli::failure;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::access_log::Entry;
use super::admission::Admission;
use super::bounds::{BODY_TIMEOUT, MAX_BODY, MAX_DROPPED, SMALL};
use super::connections::{Connection, Phase};
use super::problem;
use crate::sandbox::{self, Service};

/// What all requests of a service share.
pub(super) struct ServeContext {
    pub(super) service: Service,
    pub(super) admission: Admission,
    /// One permit for each KiB of the bodies and answers in memory, small ones excepted.
    pub(super) in_flight: Arc<Semaphore>,
    /// Time limit of one request.
    pub(super) timeout: Duration,
    /// Whether each request is logged on standard error.
    pub(super) access_log: bool,
}

/// Why a request has no body.
enum Unread {
    /// It breaks the rules of HTTP, or ended early.
    Malformed,
    /// There are too many bytes in flight.
    Full,
}

/// Answers one request.
pub(super) async fn answer(
    context: Arc<ServeContext>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    connection.enter(Phase::Body);
    let entry = context.access_log.then(|| Entry::new(&request));
    let mut response = respond(&context, &connection, request).await;
    let permit = reserve(&context.in_flight, response.body().len()).unwrap_or_else(|_| {
        response = problem::busy();
        None
    });
    if connection.is_old() {
        problem::close(&mut response);
    }
    if let Some(entry) = entry {
        log_line(&entry.line(&response));
    }
    Ok(response.map(|bytes| Full::new(Bytes::from_owner(connection.sending(bytes, permit)))))
}

/// Counts so many bytes among those in flight, if they are not few.
fn reserve(in_flight: &Arc<Semaphore>, length: usize) -> Result<Option<OwnedSemaphorePermit>, Unread> {
    if length <= SMALL {
        return Ok(None);
    }
    let kib = u32::try_from(length.div_ceil(1024)).map_err(|_| Unread::Full)?;
    Arc::clone(in_flight).try_acquire_many_owned(kib).map(Some).map_err(|_| Unread::Full)
}

async fn respond(context: &ServeContext, connection: &Connection, request: Request<Incoming>) -> Response<Bytes> {
    if !is_host_valid(request.headers(), request.version()) {
        return problem::host();
    }
    let limit = context.timeout.min(BODY_TIMEOUT);
    let (request, _permit) = match timeout(limit, read(request, &context.in_flight)).await {
        Ok(Ok(read)) => read,
        Ok(Err(Unread::Malformed)) => return problem::body_malformed(),
        Ok(Err(Unread::Full)) => return problem::busy_closing(),
        Err(_) => return problem::body_timeout(),
    };
    connection.enter(Phase::Answer);
    let admitted = context.admission.admit(request.uri().path(), request.body().len());
    let Ok(Some(_admitted)) = timeout(context.timeout, admitted).await else { return problem::busy() };
    match timeout(context.timeout, context.service.answer(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(fault)) if sandbox::is_exhaustion(&fault) => problem::exhausted(&fault),
        Ok(Err(fault)) => {
            log_line(failure::text(&fault).trim_end());
            problem::failed(&fault)
        }
        Err(_) => problem::deadline(context.timeout.as_secs()),
    }
}

/// Whether there is exactly one valid `Host`, as RFC 9112 §3.2 requires. HTTP/1.0 allows none.
fn is_host_valid(headers: &HeaderMap, version: Version) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => version < Version::HTTP_11,
        (Some(host), None) => Authority::try_from(host.as_bytes()).is_ok_and(|authority| {
            let port = authority.as_str().strip_prefix(authority.host());
            let is_port = |digits: &str| digits.parse::<u16>().is_ok();
            // Without the prefix there is a user name.
            port.is_some_and(|port| port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        }),
        (Some(_), Some(_)) => false,
    }
}

/// Reads the body, and keeps no more of it than the component needs.
async fn read(
    request: Request<Incoming>,
    in_flight: &Arc<Semaphore>,
) -> Result<(Request<Bytes>, Option<OwnedSemaphorePermit>), Unread> {
    let (mut head, body) = request.into_parts();
    // `wasi:http` requires a valid host, which HTTP/1.0 does not. The component does not use it.
    head.headers.insert(HOST, HeaderValue::from_static("localhost"));
    let announced = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let (mut kept, mut permit) = (BytesMut::new(), None::<OwnedSemaphorePermit>);
    if announced.is_none_or(|length| length <= (MAX_BODY + MAX_DROPPED) as u64) {
        let (mut body, mut length) = (pin!(body), 0);
        while length <= MAX_BODY + MAX_DROPPED
            && let Some(frame) = body.frame().await
        {
            let Ok(data) = frame.map_err(|_| Unread::Malformed)?.into_data() else { continue };
            length += data.len();
            let data = &data[..data.len().min((MAX_BODY + 1).saturating_sub(kept.len()))];
            // Only what has arrived counts: a caller that announces much and sends nothing takes
            // nothing from the others.
            let counted = permit.as_ref().map_or(0, |permit| permit.num_permits() * 1024);
            if kept.len() + data.len() > counted.max(SMALL) {
                let more = reserve(in_flight, (kept.len() + data.len() - counted).max(SMALL + 1))?;
                match (&mut permit, more) {
                    (Some(permit), Some(more)) => permit.merge(more),
                    (permit, more) => *permit = more,
                }
            }
            kept.extend_from_slice(data);
        }
    }
    Ok((Request::from_parts(head, kept.freeze()), permit))
}

/// Prints a line on standard error. A write error is ignored: there is nowhere to report it.
pub(super) fn log_line(line: &str) {
    io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_valid(hosts: &[&'static str], version: Version) -> bool {
        let headers = hosts.iter().map(|host| (HOST, HeaderValue::from_static(host))).collect();
        is_host_valid(&headers, version)
    }

    #[test]
    fn a_request_has_exactly_one_valid_host() {
        for host in ["localhost", "127.0.0.1:8080", "[::1]:80", "service.example"] {
            assert!(is_valid(&[host], Version::HTTP_11), "{host}");
        }
        for host in ["", "a b", "a/b", "user@host", "host:port", "host:99999", "http://host", "[::1"] {
            assert!(!is_valid(&[host], Version::HTTP_11), "{host}");
        }
        assert!(!is_valid(&[], Version::HTTP_11));
        assert!(is_valid(&[], Version::HTTP_10), "there it is optional");
        assert!(!is_valid(&["a", "a"], Version::HTTP_11));
    }

    #[test]
    fn only_large_bodies_and_answers_count_among_the_bytes_in_flight() {
        let in_flight = Arc::new(Semaphore::new(100));
        assert!(reserve(&in_flight, SMALL).is_ok_and(|permit| permit.is_none()));
        let held = reserve(&in_flight, 80 << 10);
        assert!(held.as_ref().is_ok_and(Option::is_some));
        assert!(reserve(&in_flight, 40 << 10).is_err());
        drop(held);
        assert!(reserve(&in_flight, 40 << 10).is_ok());
    }
}
