//! How Entra's answers look: status, headers and JSON, in the style of today or of 2023.

use std::time::SystemTime;

use azure_oidc_core::check::decision::Refusal;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA, SET_COOKIE};
use http::{HeaderName, HeaderValue, Response};
use serde_json::{Map, Value, json};

use crate::body::{self, Answer};
use crate::config::Style;

/// The headers that every answer of the token endpoint has. `Strict-Transport-Security` is left out: on `localhost` it would bind
/// browsers for a year.
const HEADERS: [(HeaderName, &str); 8] = [
    (CACHE_CONTROL, "no-store, no-cache"),
    (PRAGMA, "no-cache"),
    (EXPIRES, "-1"),
    (CONTENT_TYPE, "application/json; charset=utf-8"),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("p3p"), "CP=\"DSP CUR OTPi IND OTRi ONL FIN\""),
    (HeaderName::from_static("x-ms-ests-server"), "2.1.0.0 - azure-oidc-emulator"),
    (SET_COOKIE, "fpc=emulator; path=/; secure; HttpOnly; SameSite=None"),
];

/// What ties an answer to its request.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// Made for this answer.
    pub(crate) trace_id: String,
    /// The `client-request-id` of the request, if it was a GUID.
    pub(crate) correlation_id: String,
    /// Whether the client wants to see its id again in a header.
    pub(crate) echo: bool,
    /// How errors look.
    pub(crate) style: Style,
    /// The authority, for `error_uri`.
    pub(crate) base: String,
}

impl Trace {
    /// 200 with an access token (RFC 6749 §5.1).
    pub(crate) fn token(&self, access_token: &str, expires_in: i64) -> Answer {
        let body = json!({
            "token_type": "Bearer",
            "expires_in": expires_in,
            "ext_expires_in": expires_in,
            "access_token": access_token,
        });
        self.answer(200, &body)
    }

    /// A refusal (RFC 6749 §5.2, with Entra's own members).
    pub(crate) fn refusal(&self, refusal: &Refusal) -> Answer {
        match refusal.entry() {
            Some(entry) => self.refusal_as(entry.emulated_error(), entry.emulated_status(), refusal),
            None => {
                self.answer(500, &json!({ "error": "server_error", "error_description": "this error is not known" }))
            }
        }
    }

    /// A refusal with an `error` and a status of its own.
    pub(crate) fn refusal_as(&self, error: &str, status: u16, refusal: &Refusal) -> Answer {
        let code = refusal.aadsts;
        let timestamp = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace('T', " ");
        let gap = match self.style {
            Style::Of2024 => " ",
            Style::Legacy => "\r\n",
        };
        let description = format!(
            "AADSTS{code}: {}{gap}Trace ID: {}{gap}Correlation ID: {}{gap}Timestamp: {timestamp}",
            refusal.message(),
            self.trace_id,
            self.correlation_id,
        );
        let mut body = Map::new();
        let mut member = |name: &str, value: Value| body.insert(name.to_owned(), value);
        member("error", error.into());
        member("error_description", description.into());
        member("error_codes", vec![code].into());
        member("timestamp", timestamp.into());
        member("trace_id", self.trace_id.as_str().into());
        member("correlation_id", self.correlation_id.as_str().into());
        if has_error_uri(code) {
            member("error_uri", format!("{}/error?code={code}", self.base).into());
        }
        if code == CONDITIONAL_ACCESS {
            member("suberror", "message_only".into());
            let policy = json!({ "access_token": { "capolids": { "essential": true, "values": [crate::keys::guid_of("policy")] } } });
            member("claims", policy.to_string().into());
        }
        self.answer(status, &Value::Object(body))
    }

    /// An answer with Entra's headers.
    pub(crate) fn answer(&self, status: u16, body: &Value) -> Answer {
        let mut answer = Response::new(body::full(body.to_string()));
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        let headers = answer.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let mut own = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        own("x-ms-request-id", &self.trace_id);
        if self.echo {
            own("client-request-id", &self.correlation_id);
        }
        answer
    }
}

/// The one error whose answer says which policy was in the way.
const CONDITIONAL_ACCESS: u32 = 53003;

/// Answers with these codes were seen without `error_uri`.
fn has_error_uri(code: u32) -> bool {
    ![70025, 50166, 50171, 5002727].contains(&code)
}
