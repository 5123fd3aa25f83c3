//! The error type of this crate: a stable code, one sentence, facts, and hints about what to do
//! next.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::secret::{KnownSecrets, without_secrets};
use crate::shorten::{LONGEST_ADVICE, LONGEST_SENTENCE, LONGEST_VALUE, shortened};

/// A failure. Never contains a secret. One pointer wide, so that results stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(Box<Failure>);

/// The content of a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A stable name in kebab-case, such as `tenant-id-missing`. Its meaning never changes; new
    /// ones are added.
    pub code: &'static str,
    /// The kind of failure, which decides the exit code and the HTTP status.
    pub category: Category,
    /// One sentence without a trailing full stop.
    pub message: String,
    /// What to do next, the most useful first. Each hint is understandable alone.
    pub hints: Vec<String>,
    /// Named values of the failure, in the order in which they are shown.
    pub facts: Vec<(&'static str, String)>,
    /// Entra's answer, when Entra refused.
    pub entra: Option<EntraError>,
    /// The AADSTS number that Entra would answer with, when nothing was sent because Entra would
    /// refuse.
    pub predicted: Option<u32>,
    /// Whether the same request may succeed a moment later.
    pub is_transient: bool,
    /// How many seconds the server asks to wait.
    pub retry_after: Option<u32>,
}

impl Failure {
    /// The AADSTS number of Entra's answer, or the predicted one.
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
    /// `error_codes`: the AADSTS numbers. The first one is that of the description.
    pub codes: Vec<u32>,
    /// `trace_id`, which Microsoft support asks for.
    pub trace_id: Option<String>,
    /// `correlation_id`; Entra echoes the `client-request-id` that was sent.
    pub correlation_id: Option<String>,
    /// `timestamp`, as Entra prints it.
    pub timestamp: Option<String>,
}

impl EntraError {
    /// The AADSTS number: the first of `error_codes`.
    pub fn aadsts(&self) -> Option<u32> {
        self.codes.first().copied()
    }
}

/// The kind of a failure. Its table is the only place that assigns exit codes and HTTP statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// The command worked, and its result is negative.
    Negative,
    /// Wrong usage or configuration.
    Usage,
    /// There is no usable ID token.
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

    /// The HTTP status of the service's answer.
    pub const fn http_status(self) -> u16 {
        self.row().1
    }

    /// The meaning of the exit code, for the help text.
    pub const fn meaning(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (u8, u16, &'static str) {
        match self {
            Self::Negative => (1, 422, "the answer is no"),
            Self::Usage => (2, 400, "wrong usage or configuration"),
            Self::IdToken => (3, 401, "no usable ID token"),
            Self::Refused => (4, 403, "Entra refused"),
            Self::Network => (5, 502, "network failure or time-out after retries"),
            Self::Publish => (6, 500, "the result cannot be published"),
        }
    }
}

impl Fault {
    /// A fault with this message. [`Fault::hint`] and [`Fault::fact`] add hints and facts.
    #[cold]
    pub fn new(category: Category, code: &'static str, message: impl Into<String>) -> Self {
        // The message may quote input, and the input may be a token.
        let message = shortened(without_secrets(&message.into()), LONGEST_SENTENCE);
        let (hints, facts) = (Vec::new(), Vec::new());
        let (entra, predicted, is_transient, retry_after) = (None, None, false, None);
        Self(Box::new(Failure { code, category, message, hints, facts, entra, predicted, is_transient, retry_after }))
    }

    /// Adds a hint about what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(shortened(without_secrets(&hint.into()), LONGEST_ADVICE));
        self
    }

    /// Sets the AADSTS number that Entra would answer with.
    #[must_use]
    pub fn predicts(mut self, aadsts: u32) -> Self {
        self.predicted = Some(aadsts);
        self
    }

    /// Marks the fault as one after which the same request may succeed a moment later.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.is_transient = true;
        self
    }

    /// Adds a named value, which must not be a secret.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((name, shortened(without_secrets(&value.into()), LONGEST_VALUE)));
        self
    }

    /// The fault without these secrets in any of its texts.
    #[must_use]
    pub fn hiding(mut self, secrets: &KnownSecrets) -> Self {
        let failure = &mut *self.0;
        let facts = failure.facts.iter_mut().map(|(_, value)| value);
        let entra = failure.entra.iter_mut().flat_map(|entra| {
            let EntraError { error, description, trace_id, correlation_id, timestamp, .. } = entra;
            let optional = [trace_id, correlation_id, timestamp].into_iter().flatten();
            [error, description].into_iter().chain(optional)
        });
        for text in [&mut failure.message].into_iter().chain(&mut failure.hints).chain(facts).chain(entra) {
            *text = secrets.hide(without_secrets(text));
        }
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
