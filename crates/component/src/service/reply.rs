//! Replies of the service: JSON, or problem details (RFC 9457).

use azure_oidc_cli::failure::OfEntra;
use azure_oidc_core::fault::Failure;
use azure_oidc_core::ports::Secrets;
use azure_oidc_core::{Category, Fault};
use azure_oidc_jobs::Interface;
use azure_oidc_jobs::json::line;
use serde::Serialize;

/// The reply to an HTTP request, without its length header.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers except the length, in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; may be empty.
    pub body: String,
}

/// The reason why a request failed.
#[derive(Debug)]
pub(super) struct Problem {
    status: u16,
    fault: Fault,
    /// The value of `WWW-Authenticate`, if the status requires it.
    challenge: Option<&'static str>,
}

/// Problem details (RFC 9457). Contains no secret.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProblemDetails {
    /// A stable name in kebab-case. Codes are added, never changed.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")))]
    code: &'static str,
    /// The error in one sentence.
    detail: String,
    /// What to do next, most useful first.
    hints: Vec<String>,
    /// The HTTP status.
    status: u16,
    /// The reason phrase of the status.
    title: &'static str,
    /// Always `about:blank`, because `code` identifies the problem.
    r#type: &'static str,
    #[serde(flatten)]
    entra: OfEntra,
}

impl Reply {
    pub(super) fn json(body: String) -> Self {
        Self::of_type(200, "application/json", body)
    }

    /// A reply without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// Adds a header.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The reply without these secrets.
    pub(super) fn hiding(mut self, secrets: &dyn Secrets) -> Self {
        self.body = secrets.hide(self.body);
        self
    }

    fn of_type(status: u16, media_type: &str, body: String) -> Self {
        // Answers contain access tokens and claims, which no cache may store.
        let headers = vec![("content-type", media_type.to_owned()), ("cache-control", "no-store".to_owned())];
        Self { status, headers, body }
    }
}

impl Problem {
    pub(super) fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self::of(status, Fault::new(Category::Usage, code, detail))
    }

    /// A fault in the service's configuration, which is not the caller's mistake.
    pub(super) fn of_configuration(fault: Fault) -> Self {
        Self::of(500, fault)
    }

    /// A token in a body does not authenticate the caller. If it is invalid, so is the body.
    pub(super) fn of_body(fault: Fault) -> Self {
        let category = if fault.category == Category::IdToken { Category::Usage } else { fault.category };
        Self::of(category.http_status(), fault)
    }

    /// A request without a token.
    pub(super) fn without_token(fault: Fault) -> Self {
        Self { challenge: Some(CHALLENGE), ..fault.into() }
    }

    fn of(status: u16, fault: Fault) -> Self {
        Self { status, fault, challenge: (status == 401).then_some(CHALLENGE_INVALID) }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.fault = self.fault.hint(hint);
        self
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        // Something ran out here, not at the authority.
        let is_exhausted = fault.category == Category::Network && fault.is_transient;
        Self::of(if is_exhausted { 503 } else { fault.category.http_status() }, fault)
    }
}

impl From<Problem> for ProblemDetails {
    fn from(Problem { status, fault, .. }: Problem) -> Self {
        let fault = Interface::Http.fault(fault);
        let entra = OfEntra::from(&fault);
        let Failure { code, message: detail, hints, .. } = fault.into();
        Self { code, detail, hints, status, title: title(status), r#type: "about:blank", entra }
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let (status, challenge) = (problem.status, problem.challenge);
        let reply = Self::of_type(status, "application/problem+json", line(&ProblemDetails::from(problem)));
        let reply = if status == 503 { reply.with("retry-after", "1") } else { reply };
        match challenge {
            Some(challenge) => reply.with("www-authenticate", challenge),
            None => reply,
        }
    }
}

/// `WWW-Authenticate` for a request without a token (RFC 6750 §3).
const CHALLENGE: &str = "Bearer realm=\"azure-oidc\"";
/// `WWW-Authenticate` for a request with an invalid token.
const CHALLENGE_INVALID: &str = "Bearer realm=\"azure-oidc\", error=\"invalid_token\"";

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
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
