//! The form of Entra's answers: status, headers and JSON, as of today or as of 2023.

use std::time::SystemTime;

use axum::Json;
use axum::response::{IntoResponse, Response};
use azure_oidc_core::check::decision::Refusal;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPIRES, PRAGMA, SET_COOKIE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::config::Style;
use crate::guid;
use crate::log::RefusalCode;
use crate::state::Call;

/// The headers of every answer of the token endpoint. `Strict-Transport-Security` is missing,
/// because it would force browsers to use https for every program on `localhost`.
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

/// The only error whose answer says which policy refused the request.
const CONDITIONAL_ACCESS: u32 = 53003;
/// Answers with these codes were seen without `error_uri`.
const WITHOUT_ERROR_URI: [u32; 4] = [70025, 50166, 50171, 5002727];

/// Relates an answer to its request.
pub(crate) struct Trace {
    /// The id of this answer.
    trace_id: String,
    /// The `client-request-id` of the request if it was a GUID, else a new one.
    correlation_id: String,
    /// Whether the client wants its id back in a header.
    echo: bool,
    /// The form of errors.
    style: Style,
    /// The authority, for `error_uri`.
    base: String,
}

/// The JSON of a refusal (RFC 6749 §5.2, with Entra's own members).
#[derive(Serialize)]
struct Error<'a> {
    error: &'a str,
    error_description: String,
    error_codes: [u32; 1],
    timestamp: String,
    trace_id: &'a str,
    correlation_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suberror: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<String>,
}

impl Trace {
    /// The trace for the answer to a request that names this tenant.
    pub(crate) fn new(call: &Call, tenant: &str) -> Self {
        let request = &call.request;
        let id = request.header("client-request-id").or_else(|| request.field("client-request-id"));
        let echo = request.header("return-client-request-id");
        Self {
            trace_id: guid::random(),
            correlation_id: id.filter(|id| guid::is_guid(id)).map_or_else(guid::random, str::to_owned),
            echo: echo.is_some_and(|value| value.eq_ignore_ascii_case("true")),
            style: call.state.directory().tenant(tenant).map(|tenant| tenant.style).unwrap_or_default(),
            base: call.state.addresses.base.clone(),
        }
    }

    /// 200 with an access token (RFC 6749 §5.1).
    pub(crate) fn token(&self, access_token: &str, expires_in: i64) -> Response {
        let body = json!({
            "token_type": "Bearer",
            "expires_in": expires_in,
            "ext_expires_in": expires_in,
            "access_token": access_token,
        });
        self.answer(200, &body)
    }

    /// A refusal with the `error` and the status that Entra uses for its code.
    pub(crate) fn refusal(&self, refusal: &Refusal) -> Response {
        match refusal.entry() {
            Some(entry) => self.refusal_as(entry.emulated_error(), entry.emulated_status(), refusal),
            None => {
                self.answer(500, &json!({ "error": "server_error", "error_description": "this error is not known" }))
            }
        }
    }

    /// A refusal with another `error` or status.
    pub(crate) fn refusal_as(&self, error: &str, status: u16, refusal: &Refusal) -> Response {
        let code = refusal.aadsts;
        let Self { trace_id, correlation_id, .. } = self;
        let timestamp = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace('T', " ");
        let gap = match self.style {
            Style::Of2024 => " ",
            Style::Legacy => "\r\n",
        };
        let policy =
            || json!({ "access_token": { "capolids": { "essential": true, "values": [guid::of("policy")] } } });
        let by_policy = code == CONDITIONAL_ACCESS;
        let body = Error {
            error,
            error_description: format!(
                "AADSTS{code}: {}{gap}Trace ID: {trace_id}{gap}Correlation ID: {correlation_id}{gap}Timestamp: {timestamp}",
                refusal.message(),
            ),
            error_codes: [code],
            timestamp,
            trace_id,
            correlation_id,
            error_uri: (!WITHOUT_ERROR_URI.contains(&code)).then(|| format!("{}/error?code={code}", self.base)),
            suberror: by_policy.then_some("message_only"),
            claims: by_policy.then(|| policy().to_string()),
        };
        let mut response = self.answer(status, &body);
        response.extensions_mut().insert(RefusalCode(code));
        response
    }

    /// An answer with Entra's headers.
    pub(crate) fn answer(&self, status: u16, body: &impl Serialize) -> Response {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, HEADERS, Json(body)).into_response();
        let own = [
            ("x-ms-request-id", Some(&self.trace_id)),
            ("client-request-id", self.echo.then_some(&self.correlation_id)),
        ];
        for (name, value) in own {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
