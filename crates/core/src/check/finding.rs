//! A finding: one result of a check, with its code, severity and remedy.

use std::ops::{Deref, DerefMut};

use crate::credential::{Credential, CredentialProblem};
use crate::secret::without_secrets;
use crate::shorten::{LONGEST_ADVICE, LONGEST_SENTENCE, LONGEST_VALUE, shortened};

/// A finding about a token or about a credential. One pointer wide, because builder methods move
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(Box<Details>);

/// What a [`Finding`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// A stable name in kebab-case, such as `issuer-trailing-slash`. Its meaning never changes; new
    /// ones are added.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The claim, or the member of the token's header, that the finding is about.
    pub claim: Option<&'static str>,
    /// The right value: what a credential holds, or what Entra requires.
    pub expected: Option<String>,
    /// What the token has.
    pub actual: Option<String>,
    /// Where `expected` and `actual` first differ, in characters (Unicode scalar values) counted
    /// from 0.
    pub position: Option<usize>,
    /// One sentence without a trailing full stop.
    pub message: String,
    /// What to do, where possible as a command to paste.
    pub remedy: Option<String>,
    /// Whether the remedy is a command for a shell.
    pub remedy_is_command: bool,
    /// The AADSTS number that Entra answers with because of it.
    pub aadsts: Option<u32>,
    /// The credential that the command writes.
    pub(super) writes: Option<Box<Credential>>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Entra refuses the token because of it.
    Error,
    /// It works today but may stop working, or does not work everywhere.
    Warning,
    /// Information only.
    Info,
}

/// What to do about a finding.
pub(super) enum Remedy {
    /// A command for a shell, and the credential that it writes.
    Command(String, Box<Credential>),
    /// A sentence that begins with a verb.
    Advice(String),
}

impl<T: Into<String>> From<T> for Remedy {
    fn from(advice: T) -> Self {
        Self::Advice(advice.into())
    }
}

/// At most a warning, because another credential may accept the token.
impl From<CredentialProblem> for Finding {
    fn from(problem: CredentialProblem) -> Self {
        let severity = if problem.fatal { Severity::Warning } else { Severity::Info };
        Self::new(problem.code, severity, problem.message).remedy_if(problem.remedy)
    }
}

impl Severity {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl Finding {
    /// A finding because of which Entra answers with `aadsts`.
    pub(super) fn error(code: &'static str, aadsts: u32, message: impl Into<String>) -> Self {
        let mut finding = Self::new(code, Severity::Error, message.into());
        finding.aadsts = Some(aadsts);
        finding
    }

    pub(super) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message.into())
    }

    /// Whether this says nothing where the exchange succeeds: a credential for the audience of the
    /// token is right, although it is not the usual one.
    pub fn is_for_refusals(&self) -> bool {
        matches!(self.code, "audience-platform-default" | "audience-unusual")
    }

    pub(super) fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Info, message.into())
    }

    /// A finding that is about no particular claim.
    pub fn new(code: &'static str, severity: Severity, message: String) -> Self {
        let (claim, expected, actual) = (None, None, None);
        let (position, remedy, remedy_is_command, aadsts, writes) = (None, None, false, None, None);
        let message = shortened(without_secrets(&message), LONGEST_SENTENCE);
        Self(Box::new(Details {
            code,
            severity,
            claim,
            expected,
            actual,
            position,
            message,
            remedy,
            remedy_is_command,
            aadsts,
            writes,
        }))
    }

    pub(super) fn claim(mut self, claim: &'static str) -> Self {
        self.claim = Some(claim);
        self
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(shortened(without_secrets(&expected.into()), LONGEST_VALUE));
        self
    }

    pub(super) fn actual(mut self, actual: impl Into<String>) -> Self {
        self.actual = Some(shortened(without_secrets(&actual.into()), LONGEST_VALUE));
        self
    }

    /// Sets both values, and where they first differ.
    pub(super) fn compare(mut self, expected: &str, actual: &str) -> Self {
        self.position = Some(common_prefix(expected, actual));
        self.expected(expected).actual(actual)
    }

    /// Sets the remedy, if there is one.
    pub(super) fn remedy_if(self, remedy: Option<impl Into<Remedy>>) -> Self {
        match remedy {
            Some(remedy) => self.remedy(remedy),
            None => self,
        }
    }

    pub(super) fn remedy(mut self, remedy: impl Into<Remedy>) -> Self {
        let (text, writes) = match remedy.into() {
            Remedy::Command(command, credential) => (command, Some(credential)),
            Remedy::Advice(advice) => (advice, None),
        };
        self.remedy = Some(shortened(without_secrets(&text), LONGEST_ADVICE));
        self.remedy_is_command = writes.is_some();
        self.writes = writes;
        self
    }
}

impl Deref for Finding {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Finding {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl From<Finding> for Details {
    fn from(finding: Finding) -> Self {
        *finding.0
    }
}

/// The number of characters that two texts have in common at the start.
pub(super) fn common_prefix(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_counts_characters_and_not_bytes() {
        let finding = Finding::error("subject-differs", 700213, "x").compare("repo:ö/web", "repo:ö/app");
        assert_eq!(finding.position, Some(7));
        assert_eq!(common_prefix("abc", "abcd"), 3);
        assert_eq!(common_prefix("", "abcd"), 0);
    }
}
