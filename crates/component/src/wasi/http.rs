//! Implements the HTTP port with `wasi:http/outgoing-handler`.
//!
//! All requests are started first. Then the answers are read one after the other, with one
//! deadline.

use std::time::Duration;

use ::wasi::clocks::monotonic_clock::subscribe_duration;
use ::wasi::http::outgoing_handler::handle;
use ::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method as WasiMethod, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use ::wasi::io::poll::{Pollable, poll};
use ::wasi::io::streams::{InputStream, StreamError};
use azure_oidc_core::ports::{Http, Method, Request, Response, TlsFailure, TransportError, TransportKind};

use super::{Wasi, nanoseconds, streams};

const CHUNK: u64 = 64 * 1024;

impl Http for Wasi {
    fn send(&self, requests: &[Request], timeout: Duration) -> Vec<Result<Response, TransportError>> {
        let deadline = subscribe_duration(nanoseconds(timeout));
        let started: Vec<_> = requests.iter().map(|request| start(request, timeout)).collect();
        let answers = started.into_iter().zip(requests);
        answers.map(|(future, request)| finish(&future?, request.max_response, &deadline)).collect()
    }
}

fn start(request: &Request, timeout: Duration) -> Result<FutureIncomingResponse, TransportError> {
    let (scheme, rest) = request.url.split_once("://").ok_or_else(|| other("not a URL"))?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let method = match request.method {
        Method::Get => WasiMethod::Get,
        Method::Post => WasiMethod::Post,
    };
    let mut headers: Vec<_> =
        request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())).collect();
    if request.method == Method::Post {
        headers.push(("content-length".to_owned(), request.body.len().to_string().into_bytes()));
    }
    let fields =
        Fields::from_list(&headers).map_err(|_| other("a header holds a character that HTTP does not allow"))?;
    let outgoing = OutgoingRequest::new(fields);
    outgoing
        .set_method(&method)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&path)))
        .map_err(|()| other("the host refused this URL"))?;
    let body = outgoing.body().map_err(|()| other("the host provided no request body"))?;
    let future = handle(outgoing, Some(options(timeout))).map_err(|code| transport_error(&code))?;
    {
        let stream = body.write().map_err(|()| other("the host provided no stream for the request body"))?;
        // A host that refuses the request may close the stream early. The answer has the reason.
        streams::write(&stream, &request.body);
    }
    // If the connection failed, some hosts report here that the body was too short. The answer has
    // the real reason, so this result is ignored.
    let _ = OutgoingBody::finish(body, None);
    Ok(future)
}

/// Sets the timeouts. A host may ignore them; our own deadline applies in any case.
fn options(timeout: Duration) -> RequestOptions {
    let options = RequestOptions::new();
    let time = Some(nanoseconds(timeout));
    let _ = options.set_connect_timeout(time);
    let _ = options.set_first_byte_timeout(time);
    let _ = options.set_between_bytes_timeout(time);
    options
}

fn finish(future: &FutureIncomingResponse, limit: usize, deadline: &Pollable) -> Result<Response, TransportError> {
    let response = loop {
        if let Some(result) = future.get() {
            break result
                .map_err(|()| other("the host says that the answer was read before"))?
                .map_err(|code| transport_error(&code))?;
        }
        wait(&future.subscribe(), deadline)?;
    };
    let status = response.status();
    let headers = headers(&response);
    let incoming = response.consume().map_err(|()| other("the host provided no response body"))?;
    let body = read(&incoming, limit, deadline)?;
    Ok(Response { status, headers, body })
}

fn headers(response: &IncomingResponse) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    response.headers().entries().into_iter().map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect()
}

fn read(incoming: &IncomingBody, limit: usize, deadline: &Pollable) -> Result<Vec<u8>, TransportError> {
    let stream: InputStream =
        incoming.stream().map_err(|()| other("the host provided no stream for the response body"))?;
    let mut body = Vec::new();
    loop {
        wait(&stream.subscribe(), deadline)?;
        match stream.read(CHUNK) {
            Ok(chunk) => body.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(broken_off(http_error_code(&error).as_ref()));
            }
        }
        if body.len() > limit {
            return Err(TransportError { kind: TransportKind::TooLarge, detail: format!("more than {limit} bytes") });
        }
    }
}

/// Waits until `pollable` is ready. An error if the deadline comes first.
fn wait(pollable: &Pollable, deadline: &Pollable) -> Result<(), TransportError> {
    let ready = poll(&[pollable, deadline]);
    if ready.contains(&0) {
        Ok(())
    } else {
        Err(TransportError { kind: TransportKind::Timeout, detail: String::new() })
    }
}

/// The failure of an answer that had begun. A stock host reports a connection that ended too early
/// as a breach of HTTP, because the body is shorter than its header says.
fn broken_off(code: Option<&ErrorCode>) -> TransportError {
    match code {
        None | Some(ErrorCode::HttpProtocolError) => TransportError { kind: TransportKind::Cut, detail: String::new() },
        Some(code) => transport_error(code),
    }
}

fn other(detail: &str) -> TransportError {
    TransportError { kind: TransportKind::Other, detail: detail.to_owned() }
}

/// The failure that an alert stands for (RFC 8446 §6). The native host names it in the message,
/// because `wasi:http` has two codes only for what happens on this side.
fn tls_failure(id: Option<u8>, message: Option<&str>) -> TlsFailure {
    const PROTOCOL_VERSION: u8 = 70;
    const UNRECOGNISED_NAME: u8 = 112;
    named(message).unwrap_or(match id {
        Some(PROTOCOL_VERSION) => TlsFailure::Version,
        Some(UNRECOGNISED_NAME) => TlsFailure::Name,
        _ => TlsFailure::Other,
    })
}

fn named(message: Option<&str>) -> Option<TlsFailure> {
    TlsFailure::ALL.into_iter().find(|failure| message == Some(failure.code()))
}

fn transport_error(code: &ErrorCode) -> TransportError {
    let kind = match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => TransportKind::Denied,
        ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => TransportKind::Dns,
        ErrorCode::ConnectionRefused | ErrorCode::DestinationUnavailable | ErrorCode::DestinationIpUnroutable => {
            TransportKind::Connect
        }
        ErrorCode::TlsProtocolError => TransportKind::Tls(TlsFailure::Other),
        ErrorCode::TlsCertificateError => TransportKind::Tls(TlsFailure::Certificate),
        ErrorCode::TlsAlertReceived(alert) => {
            TransportKind::Tls(tls_failure(alert.alert_id, alert.alert_message.as_deref()))
        }
        ErrorCode::ConnectionLimitReached => TransportKind::Exhausted,
        ErrorCode::DnsTimeout
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => TransportKind::Timeout,
        ErrorCode::ConnectionTerminated | ErrorCode::HttpResponseIncomplete => TransportKind::Cut,
        ErrorCode::HttpResponseBodySize(_) => TransportKind::TooLarge,
        _ => TransportKind::Other,
    };
    let detail = match code {
        ErrorCode::InternalError(Some(text)) => text.clone(),
        ErrorCode::InternalError(None) => String::new(),
        // It is no alert but the native host's name of the failure, which the kind says already.
        ErrorCode::TlsAlertReceived(alert) if named(alert.alert_message.as_deref()).is_some() => String::new(),
        // The name of the case is enough; the values of some cases add nothing useful.
        code => {
            let name = format!("{code:?}");
            name.trim_start_matches("ErrorCode::").split('(').next().unwrap_or_default().to_owned()
        }
    };
    TransportError { kind, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breach_of_http_is_a_cut_only_after_the_answer_had_begun() {
        assert_eq!(broken_off(Some(&ErrorCode::HttpProtocolError)).kind, TransportKind::Cut);
        assert_eq!(transport_error(&ErrorCode::HttpProtocolError).kind, TransportKind::Other);
    }

    #[test]
    fn an_answer_that_broke_off_keeps_a_more_exact_reason() {
        assert_eq!(broken_off(None).kind, TransportKind::Cut);
        assert_eq!(broken_off(Some(&ErrorCode::ConnectionReadTimeout)).kind, TransportKind::Timeout);
        assert_eq!(broken_off(Some(&ErrorCode::HttpResponseBodySize(None))).kind, TransportKind::TooLarge);
    }
}
