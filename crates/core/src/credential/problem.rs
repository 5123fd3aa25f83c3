//! A problem of a credential that is found without a token.

use crate::secret::without_secrets;
use crate::shorten::{LONGEST_ADVICE, LONGEST_SENTENCE, shortened};
use crate::{Category, Fault};

/// The codes that other modules compare. All others stand only where the problem is found.
pub(crate) mod code {
    /// Another credential has this issuer and subject.
    pub(crate) const DUPLICATE: &str = "credential-duplicate";
    /// Another credential has this name.
    pub(crate) const NAME_TAKEN: &str = "credential-name-taken";
    /// An expression does not compare the numeric id that Entra asks for.
    pub(crate) const ID_MISSING: &str = "expression-id-missing";
    /// An expression accepts tokens of every owner at the issuer.
    pub(crate) const OPEN_TO_STRANGERS: &str = "expression-open-to-strangers";
    /// No platform has this issuer.
    pub(crate) const ISSUER_IMPOSSIBLE: &str = "issuer-impossible";
    /// Entra cannot reach the issuer.
    pub(crate) const ISSUER_NOT_PUBLIC: &str = "issuer-not-public";
}

/// A problem of a credential, or of a list of credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialProblem {
    /// A stable name in kebab-case. Its meaning never changes; new ones are added.
    pub code: &'static str,
    /// Whether Entra refuses the credential or can never match it. Otherwise the problem is advice.
    pub fatal: bool,
    /// The index of the credential, counted from 0. None for a problem of the list.
    pub index: Option<usize>,
    /// The member of the credential, by its name in Microsoft Graph.
    pub member: Option<&'static str>,
    /// One sentence without a trailing full stop.
    pub message: String,
    /// What to do next.
    pub remedy: Option<String>,
    /// The AADSTS number that Entra would answer an exchange with, where that is known.
    pub aadsts: Option<u32>,
}

impl CredentialProblem {
    pub(crate) fn fatal(code: &'static str, message: impl Into<String>) -> Self {
        let message = shortened(without_secrets(&message.into()), LONGEST_SENTENCE);
        Self { code, fatal: true, index: None, member: None, message, remedy: None, aadsts: None }
    }

    pub(crate) fn advice(code: &'static str, message: impl Into<String>) -> Self {
        Self { fatal: false, ..Self::fatal(code, message) }
    }

    pub(crate) fn of(mut self, index: usize) -> Self {
        self.index = Some(index);
        self
    }

    pub(crate) fn at(mut self, member: &'static str) -> Self {
        self.member = Some(member);
        self
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(shortened(without_secrets(&remedy.into()), LONGEST_ADVICE));
        self
    }

    pub(crate) fn aadsts(mut self, code: u32) -> Self {
        self.aadsts = Some(code);
        self
    }
}

impl From<CredentialProblem> for Fault {
    fn from(problem: CredentialProblem) -> Self {
        let fault = Self::new(Category::Usage, problem.code, problem.message);
        problem.remedy.into_iter().fold(fault, Self::hint)
    }
}
