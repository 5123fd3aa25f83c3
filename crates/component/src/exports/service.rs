//! Exports `wasi:http/incoming-handler`: translates requests and replies of the HTTP service.

use std::time::Duration;

use ::wasi::exports::http::incoming_handler::Guest;
use ::wasi::http::types::{Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam};
use azure_oidc_core::Secret;

use crate::bindings::Component;
use crate::service::{self, Head, MAX_BODY, Reply, Unread};
use crate::wasi::streams::ReadError;
use crate::wasi::{Wasi, streams};

impl Guest for Component {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let head = head(&request);
        let reply = service::answer(&head, &mut || body(&request), Wasi::new().ports());
        send(&reply, head.method == "HEAD", out);
    }
}

fn head(request: &IncomingRequest) -> Head {
    // One call of the host reads all headers.
    let headers = request.headers().entries();
    let header = |name: &str| {
        let mut values = headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let only = values.next().filter(|_| values.next().is_none())?;
        String::from_utf8(only.clone()).ok()
    };
    let bearer = header("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim_matches(' ')))
    });
    let path = request.path_with_query().unwrap_or_default();
    Head {
        method: method(request.method()),
        path: path.split('?').next().unwrap_or_default().to_owned(),
        content_type: header("content-type"),
        content_encoding: header("content-encoding"),
        content_length: header("content-length").and_then(|length| length.parse().ok()),
        bearer,
        origin: header("origin"),
    }
}

fn method(method: Method) -> String {
    let name = match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Options => "OPTIONS",
        Method::Other(name) => return name,
        _ => "another",
    };
    name.to_owned()
}

/// How long a caller may take to send its body.
const BODY_TIME: Duration = Duration::from_secs(10);

fn body(request: &IncomingRequest) -> Result<Vec<u8>, Unread> {
    let body = request.consume().map_err(|()| Unread::Cut)?;
    // The stream is a child resource of the body and must be dropped first.
    let stream = body.stream().map_err(|()| Unread::Cut)?;
    streams::read(&stream, MAX_BODY, BODY_TIME).map_err(|error| match error {
        ReadError::TooLong => Unread::TooLong,
        ReadError::TooSlow => Unread::TooSlow,
        ReadError::Broken => Unread::Cut,
    })
}

fn send(reply: &Reply, head_only: bool, out: ResponseOutparam) {
    let mut headers: Vec<_> =
        reply.headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    // The length of the reply to GET is not known here, and a reply without content has no length
    // (RFC 9110 §8.6).
    if !head_only && reply.status != 204 {
        headers.push(("content-length".to_owned(), reply.body.len().to_string().into_bytes()));
    }
    // This cannot fail: the names are constants, and the values are ours or values of the request.
    let fields = Fields::from_list(&headers).unwrap_or_else(|_| Fields::new());
    let response = OutgoingResponse::new(fields);
    let _ = response.set_status_code(reply.status);
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    // The caller has the status now, so errors below are ignored.
    if let Ok(body) = body {
        if !head_only && let Ok(stream) = body.write() {
            streams::write(&stream, reply.body.as_bytes());
        }
        let _ = OutgoingBody::finish(body, None);
    }
}
