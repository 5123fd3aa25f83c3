//! Compares each credential with the token, claim by claim.

use super::Question;
use super::decision::matches_subject;
use crate::credential::Credential;
use crate::credential::audience::matches_audience;

/// Which values of one credential equal the token's. Entra accepts a token only when all three of
/// one credential do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// Whether the issuers are equal.
    pub issuer: bool,
    /// Whether the subjects are equal, or the expression is true.
    pub subject: bool,
    /// Whether the audiences are equal.
    pub audience: bool,
}

/// Compares every credential, in the order of the question.
pub(super) fn comparisons(question: &Question<'_>) -> Vec<Comparison> {
    let claims = question.token.claims();
    let one = |credential: &Credential| Comparison {
        issuer: credential.matches_issuer(claims),
        subject: matches_subject(credential, claims) == Ok(true),
        audience: matches_audience(credential, claims, question.cloud),
    };
    question.credentials.iter().map(one).collect()
}
