//! The host's own error responses: problem details (RFC 9457) with the members that the component
//! uses.

use azure_oidc_core::Fault;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

fn problem(status: StatusCode, code: &str, detail: &str, hints: &[String]) -> Response<Bytes> {
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
        "hints": hints,
    });
    let mut response = Response::new(format!("{body}\n").into());
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, "application/problem+json");
    set(&mut response, CACHE_CONTROL, "no-store");
    response
}

/// 503: there is no place for the request.
pub(super) fn busy() -> Response<Bytes> {
    let detail = "The service is already answering as many requests of this kind as it may";
    let hints = ["retry in a second, or raise `--max-concurrency`".to_owned()];
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, "busy", detail, &hints);
    set(&mut response, RETRY_AFTER, "1");
    response
}

/// 503: there is no place for the body. Closes the connection, because the rest of the body would be
/// read as the next request.
pub(super) fn busy_closing() -> Response<Bytes> {
    closing(busy())
}

/// 408: the body did not arrive in time. Closes the connection, for the same reason.
pub(super) fn body_timeout() -> Response<Bytes> {
    let detail = "The request body did not arrive in time";
    closing(problem(StatusCode::REQUEST_TIMEOUT, "request-timeout", detail, &[]))
}

/// 400: the body breaks the rules of HTTP. Where the next request begins is unknown.
pub(super) fn body_malformed() -> Response<Bytes> {
    let detail = "The request body is malformed or ended early";
    closing(problem(StatusCode::BAD_REQUEST, "body-malformed", detail, &[]))
}

/// 400: `Host` is missing, repeated or not a host. A proxy in front may have understood the request
/// differently, so its connection is closed.
pub(super) fn host() -> Response<Bytes> {
    let detail = "A request needs exactly one `Host` header with a host and perhaps a port";
    closing(problem(StatusCode::BAD_REQUEST, "host-invalid", detail, &[]))
}

/// 503: something ran out for this request alone.
pub(super) fn exhausted(fault: &Fault) -> Response<Bytes> {
    problem(StatusCode::SERVICE_UNAVAILABLE, fault.code, &fault.message, &fault.hints)
}

/// 504: the component did not answer within `--timeout`.
pub(super) fn deadline(seconds: u64) -> Response<Bytes> {
    let detail = format!("The request was not answered within {seconds} s");
    problem(StatusCode::GATEWAY_TIMEOUT, "request-deadline", &detail, &["raise `--timeout`".to_owned()])
}

/// 500: the component failed.
pub(super) fn failed(fault: &Fault) -> Response<Bytes> {
    problem(StatusCode::INTERNAL_SERVER_ERROR, fault.code, &fault.message, &fault.hints)
}

/// Closes the connection after this response.
pub(super) fn close(response: &mut Response<Bytes>) {
    set(response, CONNECTION, "close");
}

fn closing(mut response: Response<Bytes>) -> Response<Bytes> {
    close(&mut response);
    response
}

fn set(response: &mut Response<Bytes>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_request_is_told_when_to_retry() {
        let busy = busy();
        assert_eq!((busy.status().as_u16(), &busy.headers()["retry-after"]), (503, &HeaderValue::from_static("1")));
        let body: serde_json::Value = serde_json::from_slice(busy.body()).unwrap();
        assert_eq!((&body["code"], &body["title"]), (&json!("busy"), &json!("Service Unavailable")));
    }
}
