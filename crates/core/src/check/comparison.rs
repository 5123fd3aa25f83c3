//! What each credential holds beside what the token says.

use super::Question;
use super::decision::{matches_audience, matches_subject};
use crate::credential::Credential;

/// Which parts of a credential the token has. Entra takes a token only when one credential has all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// Whether the issuers are equal.
    pub issuer: bool,
    /// Whether the subjects are equal, or the expression is true.
    pub subject: bool,
    /// Whether the audiences are equal.
    pub audience: bool,
}

/// Every credential, in the order in which they were given.
pub(super) fn comparisons(question: &Question<'_>) -> Vec<Comparison> {
    let claims = question.token.claims();
    let one = |credential: &Credential| Comparison {
        issuer: credential.matches_issuer(claims),
        subject: matches_subject(credential, claims) == Ok(true),
        audience: matches_audience(credential, claims, question.cloud),
    };
    question.credentials.iter().map(one).collect()
}
