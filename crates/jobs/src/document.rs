//! JSON documents that a request brings along, and notes on what they hold.

use azure_oidc_core::credential::Problem;
use azure_oidc_core::credential::forms::{self, Parsed};
use azure_oidc_core::jwks::KeySet;
use azure_oidc_core::{Fault, Secret};
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

/// For `deserialize_with`: a token, whose text must not be seen.
pub(crate) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

/// For `deserialize_with`: a token that must be there.
pub(crate) fn required_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// What to know about credentials, as lines for people.
pub(crate) fn notes(problems: Vec<Problem>) -> Vec<String> {
    let lines = |problem: Problem| {
        let remedy = problem.remedy.map(|remedy| format!("hint: {remedy}"));
        [format!("warning: {}", problem.message)].into_iter().chain(remedy)
    };
    problems.into_iter().flat_map(lines).collect()
}
