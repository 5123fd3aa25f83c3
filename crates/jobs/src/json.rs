//! Values that have the same form in several answers.

use azure_oidc_core::Secret;
use azure_oidc_core::check::time::moment;
use azure_oidc_core::platform::text::json_text;
use azure_oidc_core::token::Claims;
use serde::{Serialize, Serializer};

/// `aud` of a token: a list where the token has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Audience {
    /// The token has no audience.
    Missing,
    /// A string.
    One(String),
    /// A list.
    List(Vec<String>),
}

impl From<&Claims> for Audience {
    fn from(claims: &Claims) -> Self {
        match claims.aud.as_slice() {
            _ if claims.aud_is_array => Self::List(claims.aud.clone()),
            [one] => Self::One(one.clone()),
            _ => Self::Missing,
        }
    }
}

/// One line of JSON, with its end.
pub fn line(value: &impl Serialize) -> String {
    let mut text = json_text(value);
    text.push('\n');
    text
}

/// Seconds since 1970 as RFC 3339 in UTC.
pub fn rfc3339(seconds: i64) -> String {
    let latest = 253_402_300_799; // 9999-12-31T23:59:59Z, the last that RFC 3339 can write
    moment(seconds.clamp(0, latest))
}

/// For `serialize_with`: seconds since 1970 as RFC 3339.
pub(crate) fn time<S: Serializer>(seconds: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*seconds))
}

/// For `serialize_with`: a secret that the caller asked for.
pub(crate) fn revealed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.reveal())
}
