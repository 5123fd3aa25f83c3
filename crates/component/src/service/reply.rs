//! What is sent back: JSON, or problem details (RFC 9457).

use azure_oidc_cli::failure;
use azure_oidc_core::Fault;
use serde_json::Value;

use crate::report::{line, object};

/// What is sent back.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers besides the length, in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty when there is none.
    pub body: String,
}

/// Why there is no result.
#[derive(Debug)]
pub(super) struct Problem {
    status: u16,
    code: &'static str,
    detail: String,
    hints: Vec<String>,
    /// What Entra's answer adds.
    entra: Vec<(&'static str, String)>,
}

impl Reply {
    pub(super) fn json(body: String) -> Self {
        Self::of_type(200, "application/json", body)
    }

    /// A reply without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// With a header.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn of_type(status: u16, media_type: &str, body: String) -> Self {
        // Answers hold access tokens and claims: nobody on the way shall keep them.
        let headers = vec![("content-type", media_type.to_owned()), ("cache-control", "no-store".to_owned())];
        Self { status, headers, body }
    }
}

impl Problem {
    pub(super) fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), hints: Vec::new(), entra: Vec::new() }
    }

    /// What is wrong with the service's configuration is no mistake of the caller's.
    pub(super) fn of_configuration(fault: Fault) -> Self {
        Self { status: 500, ..fault.into() }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self {
            status: fault.category.http_status(),
            code: fault.code,
            detail: fault.message.clone(),
            hints: fault.hints.clone(),
            entra: failure::of_entra(&fault),
        }
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let mut members: Vec<(&str, Value)> = vec![
            // `code` says which problem it is; with this type the title is the status in words.
            ("type", "about:blank".into()),
            ("title", title(problem.status).into()),
            ("status", problem.status.into()),
            ("detail", problem.detail.into()),
            ("code", problem.code.into()),
            ("hints", problem.hints.into()),
        ];
        members.extend(problem.entra.into_iter().map(|(name, value)| (name, value.into())));
        let reply = Self::of_type(problem.status, "application/problem+json", line(&object(members)));
        match problem.status {
            401 if problem.code == super::exchange::MISSING => reply.with("www-authenticate", CHALLENGE),
            401 => reply.with("www-authenticate", format!("{CHALLENGE}, error=\"invalid_token\"")),
            _ => reply,
        }
    }
}

/// RFC 6750 §3.
const CHALLENGE: &str = "Bearer realm=\"azure-oidc\"";

/// The reason phrases of RFC 9110.
fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        502 => "Bad Gateway",
        _ => "Internal Server Error",
    }
}
