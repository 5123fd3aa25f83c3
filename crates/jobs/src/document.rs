//! JSON documents that a request brings along, and notes on what they hold.

use azure_oidc_core::Fault;
use azure_oidc_core::credential::CredentialProblem;
use azure_oidc_core::credential::forms::{self, Parsed};
use azure_oidc_core::jwks::KeySet;
use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::Value;

/// A JSON document.
pub enum Document {
    /// JSON that was read together with the request.
    Json(Value),
    /// Text that holds JSON.
    Text(String),
    /// The contents of a file. Windows PowerShell writes UTF-16.
    Bytes(Vec<u8>),
}

impl Document {
    pub(crate) fn credentials(&self) -> Result<Parsed, Fault> {
        match self {
            Self::Json(value) => forms::read(value),
            Self::Text(text) => forms::parse_with_notes(text),
            Self::Bytes(bytes) => forms::parse_bytes(bytes),
        }
    }

    pub(crate) fn keys(&self) -> Result<KeySet, Fault> {
        match self {
            Self::Json(value) => KeySet::parse(&value.to_string()),
            Self::Text(text) => KeySet::parse(text),
            Self::Bytes(bytes) => KeySet::parse(&String::from_utf8_lossy(bytes)),
        }
    }
}

/// An empty list.
impl Default for Document {
    fn default() -> Self {
        Self::Json(Value::Array(Vec::new()))
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            value @ (Value::Object(_) | Value::Array(_)) => Ok(Self::Json(value)),
            _ => Err(D::Error::invalid_type(
                Unexpected::Other("a number or a boolean"),
                &"JSON or a string that holds JSON",
            )),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Document {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Document".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "object", "array"] })
    }
}

/// What to know about credentials, as lines for people.
pub(crate) fn notes(problems: Vec<CredentialProblem>) -> Vec<String> {
    let lines = |problem: CredentialProblem| {
        let remedy = problem.remedy.map(|remedy| format!("hint: {remedy}"));
        [format!("warning: {}", problem.message)].into_iter().chain(remedy)
    };
    problems.into_iter().flat_map(lines).collect()
}
