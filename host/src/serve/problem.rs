//! What the host answers by itself: problem details (RFC 9457), in the form of the component's own.

use azure_oidc_core::Fault;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

/// Problem details.
pub(super) fn answer(status: StatusCode, code: &str, detail: &str, hints: &[String]) -> Response<Bytes> {
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
    set(&mut response, CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    set(&mut response, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// There are as many requests as there may be.
pub(super) fn busy() -> Response<Bytes> {
    let detail = "As many requests as allowed are being answered";
    let hints = ["come again in a second; `--max-concurrency` allows more".to_owned()];
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, "busy", detail, &hints);
    set(&mut response, RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The body did not arrive in time. What may still come of it would be taken for the next request.
pub(super) fn slow() -> Response<Bytes> {
    let mut response = answer(StatusCode::REQUEST_TIMEOUT, "request-timeout", "The body did not arrive in time", &[]);
    set(&mut response, CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The answer was not there in time.
pub(super) fn late(seconds: u64) -> Response<Bytes> {
    let detail = format!("The answer was not there within {seconds} s");
    answer(StatusCode::GATEWAY_TIMEOUT, "request-deadline", &detail, &["`--timeout` allows more".to_owned()])
}

/// The component failed.
pub(super) fn failed(fault: &Fault) -> Response<Bytes> {
    answer(StatusCode::INTERNAL_SERVER_ERROR, fault.code, &fault.message, &fault.hints)
}

fn set(response: &mut Response<Bytes>, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_who_comes_too_early_is_told_when_to_come_again() {
        let busy = busy();
        assert_eq!((busy.status().as_u16(), &busy.headers()["retry-after"]), (503, &HeaderValue::from_static("1")));
        let body: serde_json::Value = serde_json::from_slice(busy.body()).unwrap();
        assert_eq!((&body["code"], &body["title"]), (&json!("busy"), &json!("Service Unavailable")));
    }
}
