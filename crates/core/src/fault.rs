//! The one error that leaves this crate: a stable code, one sentence, facts, and hints that say what to do next.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::secret::without_tokens;

/// Why something could not be done. Never holds a secret. One pointer wide, so that a result that may hold one stays small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(Box<Failure>);

/// What a [`Fault`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A stable name in kebab-case, such as `tenant-id-missing`. Its meaning never changes; new ones are added.
    pub code: &'static str,
    /// What kind of failure it is; decides the exit code and the HTTP status.
    pub category: Category,
    /// One sentence without a trailing full stop.
    pub message: String,
    /// What to do next, most useful first. Each stands alone.
    pub hints: Vec<String>,
    /// Named values that belong to the failure, in the order they should be read.
    pub facts: Vec<(&'static str, String)>,
    /// What Entra answered, when it was Entra that refused.
    pub entra: Option<EntraError>,
    /// The AADSTS number that Entra would answer with, when nothing was sent because it would refuse.
    pub predicted: Option<u32>,
}

impl Failure {
    /// The AADSTS number that Entra answered with, or would have.
    pub fn aadsts(&self) -> Option<u32> {
        self.entra.as_ref().and_then(EntraError::aadsts).or(self.predicted)
    }
}

/// An error answer of the token endpoint (RFC 6749 §5.2 with Entra's own members).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntraError {
    /// HTTP status of the answer.
    pub status: u16,
    /// `error`, such as `invalid_client`.
    pub error: String,
    /// `error_description`, whole.
    pub description: String,
    /// `error_codes`: the AADSTS numbers, the first is the one of the description.
    pub codes: Vec<u32>,
    /// `trace_id`, which Microsoft support asks for.
    pub trace_id: Option<String>,
    /// `correlation_id`; Entra echoes the `client-request-id` that was sent.
    pub correlation_id: Option<String>,
    /// `timestamp`, as printed by Entra.
    pub timestamp: Option<String>,
}

impl EntraError {
    /// The AADSTS number that logic may use: the first of `error_codes`.
    pub fn aadsts(&self) -> Option<u32> {
        self.codes.first().copied()
    }
}

/// Kinds of failure. This table is the only place where a kind meets its exit code and HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// The question was answered, and the answer is no.
    Negative,
    /// Wrong usage or configuration.
    Usage,
    /// No usable ID token could be had.
    IdToken,
    /// Entra refused.
    Refused,
    /// The network failed or time ran out, after retries.
    Network,
    /// The result cannot be published.
    Publish,
}

impl Category {
    /// Every kind, in the order of the exit codes.
    pub const ALL: [Self; 6] =
        [Self::Negative, Self::Usage, Self::IdToken, Self::Refused, Self::Network, Self::Publish];

    /// The process exit code; 0 is success.
    pub const fn exit_code(self) -> u8 {
        self.row().0
    }

    /// The HTTP status under which the service answers with this kind of fault.
    pub const fn http_status(self) -> u16 {
        self.row().1
    }

    /// What the exit code means, for the help text.
    pub const fn meaning(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (u8, u16, &'static str) {
        match self {
            Self::Negative => (1, 422, "the answer is no"),
            Self::Usage => (2, 400, "wrong usage or configuration"),
            Self::IdToken => (3, 401, "no usable ID token could be had"),
            Self::Refused => (4, 403, "Entra refused"),
            Self::Network => (5, 502, "network failure or time-out after retries"),
            Self::Publish => (6, 500, "the result cannot be published"),
        }
    }
}

impl Fault {
    /// A fault with its sentence; hints and facts are added with [`Fault::hint`] and [`Fault::fact`].
    #[cold]
    pub fn new(category: Category, code: &'static str, message: impl Into<String>) -> Self {
        // What a message repeats may be a token in the place of a name.
        let message = without_tokens(&message.into());
        let (hints, facts) = (Vec::new(), Vec::new());
        Self(Box::new(Failure { code, category, message, hints, facts, entra: None, predicted: None }))
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(without_tokens(&hint.into()));
        self
    }

    /// Adds the AADSTS number that Entra would answer with.
    #[must_use]
    pub fn predicts(mut self, aadsts: u32) -> Self {
        self.predicted = Some(aadsts);
        self
    }

    /// Adds a named value. It must not be a secret.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((name, without_tokens(&value.into())));
        self
    }
}

impl Deref for Fault {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl DerefMut for Fault {
    fn deref_mut(&mut self) -> &mut Failure {
        &mut self.0
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        *fault.0
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}
