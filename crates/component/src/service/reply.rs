//! What is sent back: JSON, or problem details (RFC 9457).

use azure_oidc_cli::failure::OfEntra;
use azure_oidc_core::fault::Failure;
use azure_oidc_core::{Category, Fault};
use azure_oidc_jobs::json::line;
use serde::Serialize;

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

/// Problem details (RFC 9457). Holds no secret.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// A stable name in kebab-case. Codes are added, never changed.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")))]
    code: &'static str,
    /// One sentence for a person.
    detail: String,
    /// What to do next, most useful first.
    hints: Vec<String>,
    /// The HTTP status.
    status: u16,
    /// The status in words.
    title: &'static str,
    /// `about:blank`: `code` says which problem it is.
    r#type: &'static str,
    #[serde(flatten)]
    entra: OfEntra,
    /// `WWW-Authenticate` (RFC 6750 §3), where the status demands it.
    #[serde(skip)]
    challenge: Option<&'static str>,
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
        let (hints, entra, title) = (Vec::new(), OfEntra::default(), title(status));
        let challenge = (status == 401).then_some("Bearer realm=\"azure-oidc\", error=\"invalid_token\"");
        Self { code, detail: detail.into(), hints, status, title, r#type: "about:blank", entra, challenge }
    }

    /// A request without a token is asked for one.
    pub(super) fn without_token(fault: Fault) -> Self {
        Self { challenge: Some("Bearer realm=\"azure-oidc\""), ..fault.into() }
    }

    /// What is wrong with the service's configuration is no mistake of the caller's.
    pub(super) fn of_configuration(fault: Fault) -> Self {
        Self::of(fault, 500)
    }

    /// A token in a body does not authenticate the caller: when it is bad, the body is bad.
    pub(super) fn of_body(fault: Fault) -> Self {
        let category = if fault.category == Category::IdToken { Category::Usage } else { fault.category };
        Self::of(fault, category.http_status())
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    fn of(fault: Fault, status: u16) -> Self {
        let entra = OfEntra::from(&fault);
        let fault = Failure::from(fault);
        Self { hints: fault.hints, entra, ..Self::new(status, fault.code, fault.message) }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let status = fault.category.http_status();
        Self::of(fault, status)
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let reply = Self::of_type(problem.status, "application/problem+json", line(&problem));
        match problem.challenge {
            Some(challenge) => reply.with("www-authenticate", challenge),
            None => reply,
        }
    }
}

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
