//! The token of a request: a text that no message shows.

use std::ops::Deref;

use azure_oidc_core::Secret;
use serde::de::{Deserialize, Deserializer};

/// A token as a request has it, before it is parsed.
#[derive(Debug, Clone)]
pub struct TokenText(Secret);

impl Deref for TokenText {
    type Target = Secret;

    fn deref(&self) -> &Secret {
        &self.0
    }
}

impl From<Secret> for TokenText {
    fn from(token: Secret) -> Self {
        Self(token)
    }
}

impl<'de> Deserialize<'de> for TokenText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for TokenText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TokenText".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}
