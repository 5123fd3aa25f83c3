//! The JOSE header of a JWS (RFC 7515 §4).

use serde_json::{Map, Value};

use super::{Malformed, MalformedReason, json};

/// A JOSE header. Its values are not checked here; [`crate::check`] does that.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// `alg`, the signature algorithm; may be any text, `none` included.
    pub alg: String,
    /// `typ`, the media type of the whole object.
    pub typ: Option<String>,
    /// `kid`, the name of the key that signed.
    pub kid: Option<String>,
    /// `x5t`, the SHA-1 thumbprint of the signer's certificate, in base64url.
    pub x5t: Option<String>,
    /// Every member, these four included.
    pub raw: Map<String, Value>,
}

impl Header {
    /// Reads the four members.
    ///
    /// # Errors
    ///
    /// When `alg` is absent or one of the four isn't a string.
    pub fn new(raw: Map<String, Value>) -> Result<Self, Malformed> {
        let alg = text(&raw, "alg")?.ok_or_else(|| Malformed::new(MalformedReason::AlgMissing))?;
        Ok(Self { alg, typ: text(&raw, "typ")?, kid: text(&raw, "kid")?, x5t: text(&raw, "x5t")?, raw })
    }
}

fn text(raw: &Map<String, Value>, name: &str) -> Result<Option<String>, Malformed> {
    match raw.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => {
            let message = format!("`{name}` in the header of the token is {}, not a string", json::kind(other));
            Err(Malformed::with_message(MalformedReason::HeaderType, message))
        }
    }
}
