//! Lists of allowed values for the JSON Schemas.

use azure_oidc_core::cloud::CLOUDS;
use azure_oidc_core::credential::write::Format;
use azure_oidc_core::platform;
use azure_oidc_core::shell::Shell;
use serde_json::{Value, json};

/// The names of the clouds, or null.
pub(crate) fn clouds() -> Vec<Option<&'static str>> {
    CLOUDS.iter().map(|cloud| Some(cloud.name)).chain([None]).collect()
}

/// The names of the formats, or null.
pub(crate) fn formats() -> Vec<Option<&'static str>> {
    Format::ALL.iter().map(|format| Some(format.name())).chain([None]).collect()
}

/// The names of the shells, or null.
pub(crate) fn shells() -> Vec<Option<&'static str>> {
    Shell::VALUES.iter().map(|(name, _)| Some(*name)).chain([None]).collect()
}

/// The names of the platforms.
pub fn platforms() -> Vec<&'static str> {
    platform::ALL.iter().map(|platform| platform.name()).collect()
}

/// The names of the platforms, or null.
pub(crate) fn platforms_or_null() -> Vec<Option<&'static str>> {
    platforms().into_iter().map(Some).chain([None]).collect()
}

/// A request to check has a token, or enough claims of a future token.
pub(crate) fn token_or_claims() -> Value {
    json!([{ "required": ["token"] }, { "required": ["issuer", "subject"] }, { "required": ["claims"] }])
}
