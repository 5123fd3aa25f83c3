//! The rules for header and claims that Entra applies before it looks at any credential.

use super::Refusal;
use crate::token::{Claims, Token};

/// The signature algorithms that Entra accepts. Only RS256 is documented; the others were seen to
/// work.
pub const ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

/// The values of `typ` that Entra accepts, if the header has one.
pub const TYPES: [&str; 2] = ["JWT", "http://openid.net/specs/jwt/1.0"];

/// Whether the token has the header and the claims that Entra requires.
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

/// The required claims that are absent or empty.
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
