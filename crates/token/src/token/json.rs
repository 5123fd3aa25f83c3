//! Strict JSON (RFC 8259): one value, bounded nesting, and no repeated member name at any depth, as
//! RFC 7515 §4 and RFC 7519 §4 require.
//!
//! `serde_json` parses; its `Value` silently keeps the last of two members with one name, so two
//! readers could see two different subjects in one token, and its own limit of depth is fixed at
//! 128. A visitor is the only place where both can be checked, and it also reports them apart from
//! mistakes of syntax.

use std::{cell::Cell, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::{Malformed, MalformedReason};

/// How deep objects and lists may nest; the outermost one counts.
pub const MAX_DEPTH: usize = 32;

/// Why a text isn't strict JSON. It quotes no part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// It is not UTF-8.
    NotUtf8,
    /// It has no characters but white space.
    Empty,
    /// The parser's message, with line and column.
    Syntax(String),
    /// What it is instead, with its article.
    NotAnObject(&'static str),
    /// The member's name, if it is one of [`WELL_KNOWN`].
    Duplicate(Option<&'static str>),
    /// It nests deeper than [`MAX_DEPTH`].
    TooDeep,
}

/// Member names that may be shown, because they reveal nothing of the text.
const WELL_KNOWN: [&str; 25] = [
    "alg", "aud", "b64", "crit", "crv", "e", "exp", "iat", "iss", "jku", "jti", "jwk", "key_ops", "keys", "kid", "kty",
    "n", "nbf", "sub", "typ", "use", "x", "x5c", "x5t", "y",
];

/// One JSON object.
///
/// # Errors
///
/// When it is not strict JSON, or not an object.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match value(std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?)? {
        Value::Object(map) => Ok(map),
        other => Err(JsonError::NotAnObject(kind(&other))),
    }
}

/// Reads one JSON object strictly (RFC 8259): UTF-8, at most 32 levels deep, and no repeated member
/// name at any depth.
///
/// # Errors
///
/// The reason as a predicate, such as `is not UTF-8 text`; the caller puts the subject in front. It
/// quotes no part of the text.
pub fn strict_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    object(bytes).map_err(|error| error.clause())
}

/// One JSON value as `serde_json` reads it: of two members with one name, the last one counts. For
/// documents that decide nothing about a token, such as answers of services.
///
/// # Errors
///
/// The parser's message, with line and column.
pub fn lenient(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(bytes)
}

/// One JSON value of any kind.
///
/// # Errors
///
/// When it is not strict JSON.
pub fn value(text: &str) -> Result<Value, JsonError> {
    if text.trim_ascii().is_empty() {
        return Err(JsonError::Empty);
    }
    let found = Cell::new(None);
    let mut parser = serde_json::Deserializer::from_slice(text.as_bytes());
    let parsed =
        Strict { depth: 0, found: &found }.deserialize(&mut parser).and_then(|value| parser.end().map(|()| value));
    parsed.map_err(|error| found.take().unwrap_or_else(|| JsonError::Syntax(error.to_string())))
}

/// What a value is, with its article.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl JsonError {
    /// The error as a predicate: the caller puts the subject in front.
    pub fn clause(&self) -> String {
        match self {
            Self::NotUtf8 => "is not UTF-8 text".into(),
            Self::Empty => "is empty".into(),
            Self::Syntax(words) => format!("is not valid JSON ({words})"),
            Self::NotAnObject(kind) => format!("is {kind}, not a JSON object"),
            Self::Duplicate(Some(name)) => format!("has the member `{name}` more than once"),
            Self::Duplicate(None) => "has a member more than once".into(),
            Self::TooDeep => format!("nests deeper than {MAX_DEPTH} levels"),
        }
    }

    /// The error of a token that has such a segment.
    pub(super) fn of_segment(&self, segment: &str) -> Malformed {
        let reason = match self {
            Self::NotUtf8 => MalformedReason::NotUtf8,
            Self::Empty | Self::Syntax(_) => MalformedReason::NotJson,
            Self::NotAnObject(_) => MalformedReason::NotObject,
            Self::Duplicate(_) => MalformedReason::DuplicateMember,
            Self::TooDeep => MalformedReason::TooDeep,
        };
        Malformed::with_message(reason, format!("the {segment} of the token {}", self.clause()))
    }
}

/// Builds a value and stores the first error that is not one of syntax.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    found: &'a Cell<Option<JsonError>>,
}

impl Strict<'_> {
    fn refuse<E: de::Error>(self, error: JsonError) -> E {
        self.found.set(Some(error));
        E::custom("refused")
    }

    fn inside<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(JsonError::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match map.entry(name) {
                Entry::Vacant(member) => member.insert(members.next_value_seed(inside)?),
                Entry::Occupied(earlier) => {
                    let known = WELL_KNOWN.into_iter().find(|known| known == earlier.key());
                    return Err(self.refuse(JsonError::Duplicate(known)));
                }
            };
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_strict_json_is_read_as_it_stands() {
        for text in [
            r#"{"a":[1,-2,3.5,true,null,"\u00e9\ud83d\ude00"],"b":{"a":{}}}"#,
            " \r\n{ } \t",
            r#"{"":0,"a":18446744073709551615}"#,
        ] {
            assert_eq!(value(text), Ok(serde_json::from_str(text).unwrap()), "{text}");
        }
    }

    #[test]
    fn a_member_named_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for (text, name) in [
            (r#"{"sub":1,"sub":1}"#, Some("sub")),
            (r#"{"a":[{"b":{"kid":1,"kid":2}}]}"#, Some("kid")),
            (r#"{"sub":1,"\u0073ub":1}"#, Some("sub")),
            (r#"{"confidential":1,"confidential":2}"#, None),
        ] {
            assert_eq!(object(text.as_bytes()), Err(JsonError::Duplicate(name)), "{text}");
        }
    }

    #[test]
    fn nesting_stops_at_the_limit() {
        let nested = |depth: usize| format!("{}{}", r#"{"a":"#.repeat(depth - 1) + "{}", "}".repeat(depth - 1));
        assert!(object(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(object(nested(MAX_DEPTH + 1).as_bytes()), Err(JsonError::TooDeep));
        assert_eq!(value(&"[".repeat(60_000)), Err(JsonError::TooDeep));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "{",
            "{}{}",
            "{}x",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "\u{feff}{}",
            "{\"a\":01}",
            "{\"a\":1e999}",
            "{\"a\":NaN}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":1}\0",
            "// x\n{}",
        ] {
            assert!(matches!(value(text), Err(JsonError::Syntax(_))), "{text:?}");
        }
        assert_eq!(value(" \n"), Err(JsonError::Empty));
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(JsonError::NotUtf8));
        assert_eq!(object(b"[]"), Err(JsonError::NotAnObject("a list")));
    }
}
