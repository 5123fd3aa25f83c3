//! The compact serialization of a JWS (RFC 7515 §7.1), with any payload.

use std::fmt;

use serde_json::Map;

use crate::secret::Secret;

use super::{Header, Malformed, MalformedReason, base64url, json, pasted};

/// The longest text that is read as a token, in bytes. CI tokens have one to four thousand.
pub const MAX_BYTES: usize = 64 * 1024;

/// A compact JWS with any payload. Its signature, which may be empty, has not been verified.
#[derive(Clone)]
pub struct Jws {
    text: Secret,
    /// How many bytes of `text` are signed.
    signed: usize,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Jws {
    /// Decodes the three segments.
    ///
    /// # Errors
    ///
    /// When the text isn't exactly three unpadded base64url segments, or the header isn't one JSON
    /// object with `alg`.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MAX_BYTES {
            let message = format!("the token is {} bytes long; at most {MAX_BYTES} are read", text.len());
            return Err(Malformed::with_message(MalformedReason::TooLarge, message));
        }
        if let Some(malformed) = pasted::instead_of_a_token(text) {
            return Err(malformed);
        }
        let [header, payload, signature] = segments(text)?;
        let signed = header.len() + 1 + payload.len();
        let header = json::object(&decode("header", header)?).map_err(|error| error.of_segment("header"))?;
        Ok(Self {
            text: Secret::new(text),
            signed,
            header: Header::new(header)?,
            payload: decode("payload", payload)?,
            signature: decode("signature", signature)?,
        })
    }

    /// The JWS of a token that does not exist yet: its header is what Entra asks for, and its text
    /// is empty.
    pub(super) fn absent() -> Self {
        let text = |text: &str| Some(text.to_owned());
        let header = Header { alg: "RS256".to_owned(), typ: None, kid: text("-"), x5t: None, raw: Map::new() };
        Self { text: Secret::new(""), signed: 0, header, payload: Vec::new(), signature: Vec::new() }
    }

    /// The JOSE header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The payload's bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The bytes that are signed: the first two segments as they were read, and the dot between
    /// them.
    pub fn signing_input(&self) -> &[u8] {
        &self.text.reveal().as_bytes()[..self.signed]
    }

    /// The signature's bytes; none when the last segment is empty.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The compact form, as it was read.
    pub fn text(&self) -> &Secret {
        &self.text
    }

    pub(super) fn len(&self) -> usize {
        self.text.reveal().len()
    }
}

impl fmt::Debug for Jws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jws({} bytes)", self.len())
    }
}

fn segments(text: &str) -> Result<[&str; 3], Malformed> {
    let parts: Vec<_> = text.split('.').collect();
    <[&str; 3]>::try_from(parts).map_err(|parts| not_three(&parts))
}

fn not_three(parts: &[&str]) -> Malformed {
    use MalformedReason::{Encrypted, NotThreeSegments, Opaque};
    match parts.len() {
        1 => Malformed::new(Opaque).hint(
            "use the OIDC ID token of the job; personal access tokens, API keys and passwords can't be exchanged",
        ),
        2 => {
            Malformed::with_message(NotThreeSegments, "the token has two segments, not three: its signature is missing")
                .hint("copy the token whole; all three parts and both dots belong to it")
        }
        5 if parts.iter().all(|part| part.chars().all(base64url::is_digit)) => Malformed::with_message(
            Encrypted,
            "the token is encrypted (JWE, five segments); Entra takes signed tokens only",
        )
        .hint("have the issuer make signed tokens (JWS) for this job"),
        count => Malformed::with_message(NotThreeSegments, format!("the token has {count} segments, not three")),
    }
}

fn decode(segment: &str, text: &str) -> Result<Vec<u8>, Malformed> {
    base64url::decode(text).map_err(|error| {
        let message = format!("the {segment} of the token {}", error.clause());
        Malformed::with_message(MalformedReason::NotBase64Url, message)
    })
}
