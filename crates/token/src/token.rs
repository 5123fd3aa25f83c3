//! Parses a CI job's ID token strictly: a compact JWS (RFC 7515) whose payload is a JWT claims set
//! (RFC 7519).
//!
//! A text that cannot be a token is refused with a sentence that says what it is instead. Whether a
//! token is acceptable is decided elsewhere: [`crate::check`] judges `alg`, `typ`, `kid` and absent
//! claims, [`crate::jwks`] verifies the signature.

pub mod base64url;
mod claims;
mod decoded;
mod header;
pub mod json;
mod jws;
mod malformed;
mod pasted;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::{Map, Value};

pub use claims::Claims;
pub use decoded::{Decoded, decoded};
pub use header::Header;
pub use json::strict_object;
pub use jws::{Jws, MAX_BYTES};
pub use malformed::{Malformed, MalformedReason};

/// A parsed compact JWS whose payload is a JWT claims set. Its signature has not been verified.
#[derive(Clone)]
pub struct Token {
    jws: Jws,
    claims: Claims,
}

impl Token {
    /// Reads a token, byte for byte: nothing is trimmed, unquoted or repaired.
    ///
    /// # Errors
    ///
    /// When the text isn't exactly three unpadded base64url segments, when header or claims aren't
    /// one JSON object each without a repeated member name, or when a registered member has the
    /// wrong JSON type (RFC 7519 §4.1).
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let jws = Jws::parse(text)?;
        let claims = Claims::new(json::object(jws.payload()).map_err(|error| error.of_segment("payload"))?)?;
        Ok(Self { jws, claims })
    }

    /// A future token with these claims. It has no signature and does not expire. `others` are
    /// further claims, which only expressions use.
    pub fn described(issuer: &str, subject: &str, audience: &str, others: &[(String, String)]) -> Self {
        let named = [("iss", issuer), ("sub", subject), ("aud", audience)];
        let mut raw = Map::new();
        for (name, value) in others.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(named) {
            raw.insert(name.to_owned(), value.into());
        }
        let (iss, sub, aud) = (Some(issuer.to_owned()), Some(subject.to_owned()), vec![audience.to_owned()]);
        Self::without_time(Claims { iss, sub, aud, aud_is_array: false, exp: None, nbf: None, iat: None, raw })
    }

    /// As [`described`](Self::described), from a claims set. Its times are ignored: the future
    /// token will have others.
    ///
    /// # Errors
    ///
    /// When a registered claim has the wrong JSON type (RFC 7519 §4.1).
    pub fn of_claims(raw: Map<String, Value>) -> Result<Self, Malformed> {
        Claims::new(raw).map(Self::without_time)
    }

    fn without_time(claims: Claims) -> Self {
        Self { jws: Jws::absent(), claims: Claims { exp: Some(i64::MAX), nbf: None, iat: None, ..claims } }
    }

    /// Whether this is a future token, of which only the claims are known.
    pub fn is_described(&self) -> bool {
        self.jws.len() == 0
    }

    /// The JOSE header.
    pub fn header(&self) -> &Header {
        self.jws.header()
    }

    /// The claims set.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The signed form, for [`crate::jwks::verify`].
    pub fn jws(&self) -> &Jws {
        &self.jws
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} bytes)", self.jws.len())
    }
}
