//! The injection `echo`: an answer that repeats the secret of the request in every place.

use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::StatusCode;
use http::header::{CONTENT_TYPE, LOCATION};
use serde_json::json;

use crate::inject::set;
use crate::injections::{Encoding, Injection};
use crate::received::Received;

/// The answer. Without a content type of its own it has the members of Entra's and the platforms'
/// errors.
pub(crate) fn answer(injection: &Injection, request: &Received) -> Response {
    let secret = encoded(secret(request), injection.encoding.unwrap_or_default());
    let status = StatusCode::from_u16(injection.status.unwrap_or(400)).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = match &injection.content_type {
        Some(_) => (status, secret.clone()).into_response(),
        None => {
            let text = format!("AADSTS700027: the assertion {secret} is refused");
            let body = json!({
                "error": format!("invalid_client {secret}"),
                "error_description": text,
                "error_codes": [700_027],
                "message": text,
                "timestamp": secret,
                "trace_id": secret,
                "correlation_id": secret,
            });
            (status, body.to_string()).into_response()
        }
    };
    let content_type = injection.content_type.as_deref().unwrap_or("application/json");
    set(&mut response, CONTENT_TYPE, content_type.to_owned());
    // A header cannot hold line ends.
    set(&mut response, CONTENT_TYPE, format!("{content_type}; echo={secret}"));
    set(&mut response, LOCATION, format!("https://localhost/{secret}"));
    response
}

/// The assertion of a token request, or what another request authenticates itself with.
fn secret(request: &Received) -> &str {
    let bearer = || request.header("authorization").and_then(|value| value.split_once(' ')).map(|(_, token)| token);
    request.field("client_assertion").or_else(bearer).unwrap_or_default()
}

fn encoded(secret: &str, encoding: Encoding) -> String {
    let each = |write: fn(char) -> String| secret.chars().map(write).collect();
    match encoding {
        Encoding::Plain => secret.to_owned(),
        Encoding::Url => each(|c| format!("%{:02X}", u32::from(c))),
        Encoding::Json => each(|c| format!("\\u{:04x}", u32::from(c))),
        Encoding::Base64 => BASE64_STANDARD.encode(format!("client_assertion={secret}&")),
        Encoding::Base64url => BASE64_URL_SAFE_NO_PAD.encode(secret),
        Encoding::Wrapped => wrapped(secret),
        Encoding::WrappedBase64 => wrapped(&BASE64_STANDARD.encode(secret)),
    }
}

/// In lines of 32 characters.
fn wrapped(text: &str) -> String {
    text.as_bytes().chunks(32).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\r\n")
}
