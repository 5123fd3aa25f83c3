//! Values that have the same form in several answers.

use std::fmt;

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

/// The number of an error of Entra, written as people search for it: `AADSTS700213`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Aadsts(
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = "^AADSTS[0-9]+$")))] pub u32,
);

impl fmt::Display for Aadsts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AADSTS{}", self.0)
    }
}

impl Serialize for Aadsts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The code of an error: the number of Entra, or the name of an error that has no such number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorCode {
    /// The number after `AADSTS`.
    Aadsts(u32),
    /// A name, such as `AADB2C90289`.
    Other(String),
}

impl ErrorCode {
    /// The number after `AADSTS`, if the code has one.
    pub const fn aadsts(&self) -> Option<u32> {
        match self {
            Self::Aadsts(code) => Some(*code),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aadsts(code) => Aadsts(*code).fmt(f),
            Self::Other(name) => f.write_str(name),
        }
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ErrorCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ErrorCode".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1 })
    }
}

/// What stable names look like.
#[cfg(feature = "schema")]
pub(crate) const KEBAB_CASE: &str = "^[a-z0-9]+(-[a-z0-9]+)*$";

/// What a client id looks like.
#[cfg(feature = "schema")]
pub(crate) const GUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

/// What [`rfc3339`] writes.
#[cfg(feature = "schema")]
pub(crate) const RFC_3339: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$";

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

/// For `serialize_with`: seconds since 1970 as RFC 3339, or null.
pub(crate) fn optional_time<S: Serializer>(seconds: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    seconds.map(rfc3339).serialize(serializer)
}

/// For `serialize_with`: a secret that the caller asked for.
pub(crate) fn revealed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.reveal())
}
