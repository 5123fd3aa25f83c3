//! The body of a request: one JSON object whose members are known and named once.

use azure_oidc_core::credential::{Credential, forms};
use azure_oidc_core::token::strict_object;
use azure_oidc_core::{Category, Fault};
use serde_json::{Map, Value};

use super::{Head, MAX_BODY, Problem, Unread};

/// A JSON object. A member that is `null` counts as absent.
pub(super) struct Body(Map<String, Value>);

/// Reads it, after its type and length are known to be right.
pub(super) fn read(head: &Head, read: &mut dyn FnMut() -> Result<Vec<u8>, Unread>) -> Result<Body, Problem> {
    if !head.content_type.as_deref().is_some_and(is_json) {
        return Err(Problem::new(415, "content-type", "The body must be `application/json` in UTF-8"));
    }
    if head.content_encoding.as_deref().is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Problem::new(415, "content-encoding", "The body must not be compressed"));
    }
    if head.content_length.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(too_large());
    }
    let bytes = read().map_err(|unread| match unread {
        Unread::TooLong => too_large(),
        Unread::Cut => Problem::new(400, "body-incomplete", "The body ended early"),
    })?;
    strict_object(&bytes)
        .map(Body)
        .map_err(|why| Problem::new(400, "body-not-json", format!("The body must be one JSON object; it {why}")))
}

fn too_large() -> Problem {
    Problem::new(413, "body-too-large", format!("The body is longer than {MAX_BODY} bytes"))
}

/// `application/json`, alone or with the charset that JSON always has (RFC 8259 §8.1).
fn is_json(content_type: &str) -> bool {
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let parameters = parameters.trim();
    kind.trim().eq_ignore_ascii_case("application/json")
        && (parameters.is_empty()
            || ["charset=utf-8", "charset=\"utf-8\""].iter().any(|utf8| parameters.eq_ignore_ascii_case(utf8)))
}

impl Body {
    /// Refuses every other member: a misspelt one would be left out in silence.
    pub(super) fn with_members(&self, known: &[&str]) -> Result<&Self, Fault> {
        match self.0.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Fault::new(
                Category::Usage,
                "member-unknown",
                format!("The body has a member `{}` that is not known here", name.escape_debug()),
            )
            .hint(format!("known members: {}", known.join(", ")))),
            None => Ok(self),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Fault> {
        self.get(name).map(|value| value.as_str().ok_or_else(|| wrong_type(name, "a string"))).transpose()
    }

    /// A text that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Fault> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<&str>, Fault> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(value) => strings(value).ok_or_else(|| wrong_type(name, "a list of strings")),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Fault> {
        let flag = self.get(name).map(|value| value.as_bool().ok_or_else(|| wrong_type(name, "true or false")));
        flag.transpose().map(Option::unwrap_or_default)
    }

    pub(super) fn seconds(&self, name: &str) -> Result<Option<i64>, Fault> {
        let wrong = || wrong_type(name, "a whole number of seconds");
        self.get(name).map(|value| value.as_i64().ok_or_else(wrong)).transpose()
    }

    /// How far two clocks may be apart.
    pub(super) fn skew(&self) -> Result<Option<i64>, Fault> {
        match self.seconds("skew")? {
            Some(skew) if u32::try_from(skew).is_err() => Err(wrong_type("skew", "seconds from 0 to 4294967295")),
            skew => Ok(skew),
        }
    }

    pub(super) fn object(&self, name: &str) -> Result<Map<String, Value>, Fault> {
        match self.get(name) {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object.clone()),
            Some(_) => Err(wrong_type(name, "an object")),
        }
    }

    /// Names with values: an object whose values are strings or lists of them.
    pub(super) fn parts(&self, name: &str) -> Result<Vec<(String, String)>, Fault> {
        let mut parts = Vec::new();
        for (part, value) in self.object(name)? {
            let values = match &value {
                Value::String(text) => vec![text.as_str()],
                value => strings(value).ok_or_else(|| wrong_type(name, "an object of strings or lists of strings"))?,
            };
            parts.extend(values.into_iter().map(|value| (part.clone(), value.to_owned())));
        }
        Ok(parts)
    }

    /// Federated identity credentials, written as JSON or as a string that holds it.
    pub(super) fn credentials(&self) -> Result<Option<Vec<Credential>>, Fault> {
        match self.get("credentials") {
            None => Ok(None),
            Some(Value::String(text)) => forms::parse(text).map(Some),
            Some(value) => forms::read(value).map(|parsed| Some(parsed.credentials)),
        }
    }

    /// A JSON document, written as such or as a string that holds it.
    pub(super) fn document(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(value @ (Value::Object(_) | Value::Array(_))) => Ok(Some(value.to_string())),
            Some(_) => Err(wrong_type(name, "JSON, or a string that holds JSON")),
        }
    }
}

fn strings(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

pub(super) fn missing(name: &str) -> Fault {
    Fault::new(Category::Usage, "member-missing", format!("The body has no `{name}`"))
}

fn wrong_type(name: &str, wanted: &str) -> Fault {
    Fault::new(Category::Usage, "member-type", format!("The member `{name}` must be {wanted}"))
}
