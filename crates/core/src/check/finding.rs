//! One thing that a check has to say.

use std::ops::{Deref, DerefMut};

use crate::credential::Problem;

/// A finding about a token or about a credential. One pointer wide, because it is handed on while it is put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding(Box<Details>);

/// What a [`Finding`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// A stable name in kebab-case, such as `issuer-trailing-slash`. Its meaning never changes; new ones are added.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The claim, or the member of the token's header, that it is about.
    pub claim: Option<&'static str>,
    /// What would be right: what a credential holds, or what Entra asks for.
    pub expected: Option<String>,
    /// What the token has.
    pub actual: Option<String>,
    /// How many characters (Unicode scalar values) `expected` and `actual` have in common from the start: the place, counted
    /// from 0, where they first differ.
    pub position: Option<usize>,
    /// One sentence without a trailing full stop.
    pub message: String,
    /// What to do, where possible as a command to paste.
    pub remedy: Option<String>,
    /// The error that Entra answers because of it.
    pub aadsts: Option<u32>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Entra refuses the token because of it.
    Error,
    /// It works today, or may not work everywhere.
    Warning,
    /// Worth knowing.
    Info,
}

/// At most a warning: another credential may be as it should.
impl From<Problem> for Finding {
    fn from(problem: Problem) -> Self {
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
    /// A finding because of which Entra answers with this error.
    pub(super) fn error(code: &'static str, aadsts: u32, message: impl Into<String>) -> Self {
        let mut finding = Self::new(code, Severity::Error, message.into());
        finding.aadsts = Some(aadsts);
        finding
    }

    pub(super) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message.into())
    }

    pub(super) fn info(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Info, message.into())
    }

    /// A finding about no claim in particular.
    pub fn new(code: &'static str, severity: Severity, message: String) -> Self {
        let (claim, expected, actual) = (None, None, None);
        let (position, remedy, aadsts) = (None, None, None);
        Self(Box::new(Details { code, severity, claim, expected, actual, position, message, remedy, aadsts }))
    }

    pub(super) fn claim(mut self, claim: &'static str) -> Self {
        self.claim = Some(claim);
        self
    }

    pub(super) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(super) fn actual(mut self, actual: impl Into<String>) -> Self {
        self.actual = Some(actual.into());
        self
    }

    /// Both values, and where they first differ.
    pub(super) fn compare(mut self, expected: &str, actual: &str) -> Self {
        self.position = Some(common_prefix(expected, actual));
        self.expected(expected).actual(actual)
    }

    /// Adds what to do, if anything is known.
    pub(super) fn remedy_if(mut self, remedy: Option<String>) -> Self {
        self.remedy = remedy.or(self.remedy.take());
        self
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
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

/// How many characters two texts have in common from the start.
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
