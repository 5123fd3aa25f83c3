//! Which errors of a text came before a sign-in that worked, and which error the reader needs first.

use super::Signal;
use crate::explain::Explanation;

/// The first advice about an error before a sign-in that worked.
const PASSED: &str = "check first whether a later attempt got past this error: a later line shows that a sign-in worked. If it is the \
                      same sign-in, this error needs no change, and the job failed because of something after it";

/// What tools print when they have signed in.
const SUCCESSES: [&str; 3] = ["CLI login succeeds by using", "get_token succeeded", "Credential acquired a token from"];

/// Where a text shows last that a sign-in worked.
pub(super) fn last_success(text: &str) -> Option<usize> {
    SUCCESSES.iter().filter_map(|success| text.rfind(success)).max()
}

/// The order of the errors of a text.
pub(in crate::explain) struct Order<'a> {
    text: &'a str,
    /// Where the text shows last that a sign-in worked.
    success: Option<usize>,
}

impl<'a> Order<'a> {
    /// `after` are refusals that only a sign-in that worked can have.
    pub(in crate::explain) fn of(text: &'a str, after: &[Signal]) -> Self {
        Self { text, success: after.iter().map(|signal| signal.at).chain(last_success(text)).max() }
    }

    /// The explanation of a code, which says when a later sign-in worked.
    pub(in crate::explain) fn code(&self, mut one: Explanation) -> Explanation {
        if self.success.is_some_and(|success| self.last(one.code).is_some_and(|at| at < success)) {
            one.hints.insert(0, PASSED.to_owned());
        }
        one
    }

    /// As [`Order::code`], for an error without a number.
    pub(in crate::explain) fn signal(&self, mut one: Signal) -> Signal {
        if self.success.is_some_and(|success| one.at < success) {
            one.explanation.hints.insert(0, PASSED.to_owned());
        }
        one
    }

    /// Divides refusals into those that come after every other error, and the rest.
    pub(in crate::explain) fn divided(
        &self,
        after: Vec<Signal>,
        before: &[Signal],
        codes: &[Explanation],
    ) -> (Vec<Signal>, Vec<Signal>) {
        // A sign-in record can have its number without `AADSTS`, and then it is no step of a job.
        let codes = codes.iter().map(|one| self.last(one.code).unwrap_or(usize::MAX));
        let last = before.iter().map(|signal| signal.at).chain(codes).max();
        after.into_iter().partition(|signal| last.is_some_and(|last| last < signal.at))
    }

    /// Where a code is last in the text.
    fn last(&self, code: u32) -> Option<usize> {
        let name = format!("STS{code}");
        let is_whole = |at: &usize| !self.text[at + name.len()..].starts_with(|next: char| next.is_ascii_digit());
        self.text.rmatch_indices(&name).map(|(at, _)| at).find(is_whole)
    }
}
