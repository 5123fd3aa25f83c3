//! What Entra asks of every assertion before it looks at any credential: header and claims.

use super::Refusal;
use crate::token::{Claims, Token};

/// The signature algorithms that Entra accepts. It documents RS256 alone; the others were seen to work.
pub const ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/// The types of token that Entra accepts, when the header names one at all.
pub const TYPES: [&str; 2] = ["JWT", "http://openid.net/specs/jwt/1.0"];

/// Whether the token has the header and the claims that Entra asks for.
///
/// # Errors
///
/// AADSTS5002727, 5002738, 5002723 and 90014.
pub fn shape(token: &Token) -> Result<(), Refusal> {
    let header = token.header();
    if header.typ.as_deref().is_some_and(|typ| !TYPES.contains(&typ)) {
        return Err(Refusal::new(5002727));
    }
    if !ALGORITHMS.contains(&header.alg.as_str()) {
        return Err(Refusal::new(5002738)
            .with("algorithm", header.alg.as_str())
            .with("algorithms", ALGORITHMS.join(",")));
    }
    if header.kid.as_deref().unwrap_or_default().is_empty() && header.x5t.is_none() {
        return Err(Refusal::new(5002723));
    }
    match missing_claims(token.claims()).next() {
        Some(field) => Err(Refusal::new(90014).with("field", field)),
        None => Ok(()),
    }
}

/// Claims that must be there and are not, or are empty.
pub(in crate::check) fn missing_claims(claims: &Claims) -> impl Iterator<Item = &'static str> {
    let empty = |claim: &Option<String>| claim.as_deref().unwrap_or_default().is_empty();
    let missing = [
        (empty(&claims.iss), "iss"),
        (empty(&claims.sub), "sub"),
        (claims.aud.iter().all(String::is_empty), "aud"),
        (claims.exp.is_none(), "exp"),
    ];
    missing.into_iter().filter(|(missing, _)| *missing).map(|(_, name)| name)
}
