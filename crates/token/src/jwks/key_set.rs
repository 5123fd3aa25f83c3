//! A JWK set (RFC 7517 §5).

use serde_json::{Map, Value};

use crate::fault::{Category, Fault};
use crate::token::json;

use super::key::Key;

/// The largest document that is read, in bytes.
pub const MAX_BYTES: usize = 100 * 1024;

/// How many keys are used, from the first on. Entra reads no more.
pub const MAX_KEYS: usize = 100;

/// The public keys of an issuer, in the order of their document.
#[derive(Debug, Clone)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// The members of a JWK that are secret (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const SECRET_MEMBERS: [&str; 9] = ["d", "dp", "dq", "k", "oth", "p", "priv", "q", "qi"];

impl KeySet {
    /// Reads a JWK set. A key that can't be used is kept with its [`Key::problem`], so that the
    /// other keys can still be used (RFC 7517 §5).
    ///
    /// # Errors
    ///
    /// When the document is too large, isn't strict JSON or isn't a JWK set, or when any key has a
    /// private or symmetric member: its publisher must know that a secret key was published.
    pub fn parse(json: &str) -> Result<Self, Fault> {
        if json.len() > MAX_BYTES {
            let message = format!("the key set is {} bytes long; at most {MAX_BYTES} are read", json.len());
            return Err(fault("jwks-too-large", message));
        }
        let document = json::object(json.as_bytes()).map_err(|error| not_json(json, &error))?;
        let Some(Value::Array(items)) = document.get("keys") else { return Err(no_keys(&document)) };
        let keys = items.iter().enumerate().map(|(position, item)| key(position, item)).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// How many keys the document has, including those that can't be used.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether the document has no keys.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Every key, in the order of the document. Keys from number [`MAX_KEYS`] on are not used.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The index of the first key with this `kid`. A key at [`MAX_KEYS`] or beyond is not used.
    pub fn position(&self, kid: &str) -> Option<usize> {
        self.keys.iter().position(|key| key.kid.as_deref() == Some(kid))
    }
}

fn key(position: usize, item: &Value) -> Result<Key, Fault> {
    let Value::Object(members) = item else {
        let message = format!("`keys[{position}]` of the key set is {}, not an object", json::kind(item));
        return Err(fault("jwks-key-not-object", message));
    };
    if let Some(name) = SECRET_MEMBERS.into_iter().find(|name| members.contains_key(*name)) {
        let message =
            format!("`keys[{position}]` of the key set has the secret member `{name}`: it is not a public key");
        return Err(fault("jwks-secret-key", message)
            .hint("publish public keys only; a key whose private half was published must be replaced"));
    }
    Ok(Key::new(members))
}

fn not_json(text: &str, error: &json::JsonError) -> Fault {
    let fault = fault("jwks-not-json", format!("the key set {}", error.clause()));
    if text.trim_start().starts_with("-----BEGIN") {
        return fault.hint("this is a PEM file; give the issuer's JWK set, the document at its `jwks_uri`");
    }
    match error {
        json::JsonError::NotAnObject(_) => {
            fault.hint("a JWK set is an object with a list `keys`; the issuer publishes it at its `jwks_uri`")
        }
        _ => fault,
    }
}

fn no_keys(document: &Map<String, Value>) -> Fault {
    let fault = fault("jwks-no-keys", "the key set has no list named `keys`");
    if document.contains_key("jwks_uri") {
        return fault.hint("this is a discovery document; give the document at its `jwks_uri`");
    }
    if document.contains_key("kty") {
        return fault.hint("this is a single key; write it as `{\"keys\": [ ... ]}`");
    }
    fault
}

fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(Category::Usage, code, message)
}
