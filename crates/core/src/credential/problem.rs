//! What is wrong, or unwise, about a credential before any token is seen.

use crate::{Category, Fault};

/// A finding about a credential, or about a list of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A stable name in kebab-case. Its meaning never changes; new ones are added.
    pub code: &'static str,
    /// Whether Entra refuses the credential, or can never match it. Otherwise it is advice.
    pub fatal: bool,
    /// Which credential, counted from 0; none when it is about the list.
    pub index: Option<usize>,
    /// Which member of the credential, as Microsoft Graph calls it.
    pub member: Option<&'static str>,
    /// One sentence without a trailing full stop.
    pub message: String,
    /// What to do next.
    pub remedy: Option<String>,
    /// The error that Entra would answer an exchange with, where that is known.
    pub aadsts: Option<u32>,
}

impl Problem {
    pub(super) fn fatal(code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, fatal: true, index: None, member: None, message, remedy: None, aadsts: None }
    }

    pub(super) fn advice(code: &'static str, message: impl Into<String>) -> Self {
        Self { fatal: false, ..Self::fatal(code, message) }
    }

    pub(super) fn of(mut self, index: usize) -> Self {
        self.index = Some(index);
        self
    }

    pub(super) fn at(mut self, member: &'static str) -> Self {
        self.member = Some(member);
        self
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub(super) fn aadsts(mut self, code: u32) -> Self {
        self.aadsts = Some(code);
        self
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        let fault = Self::new(Category::Usage, problem.code, problem.message);
        problem.remedy.into_iter().fold(fault, Self::hint)
    }
}
