//! The JOSE header of a JWS (RFC 7515 §4).

use serde_json::{Map, Value};

use super::{Malformed, json};

/// A JOSE header. Whether its values are acceptable is judged elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// `alg`, the signature algorithm; may be any text, `none` included.
    pub alg: String,
    /// `typ`, what the whole object is.
    pub typ: Option<String>,
    /// `kid`, which key signed.
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
        let alg = text(&raw, "alg")?.ok_or_else(|| {
            Malformed::new("token-alg-missing", "the header of the token has no `alg`, so it can't be signed")
        })?;
        Ok(Self { alg, typ: text(&raw, "typ")?, kid: text(&raw, "kid")?, x5t: text(&raw, "x5t")?, raw })
    }
}

fn text(raw: &Map<String, Value>, name: &str) -> Result<Option<String>, Malformed> {
    match raw.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(Malformed::new(
            "token-header-type",
            format!("`{name}` in the header of the token is {}, not a string", json::kind(other)),
        )),
    }
}
