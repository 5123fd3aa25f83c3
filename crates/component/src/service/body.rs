//! Reads the body of a request: one JSON object, parsed strictly and then read into the job's type.

use std::fmt;

use azure_oidc_core::token::strict_object;
use azure_oidc_core::{Category, Fault};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Error, IntoDeserializer, MapAccess};
use serde_json::{Map, Value, map};

use super::{Head, MAX_BODY, Problem, Unread};

/// Reads the body after checking its content type and length.
pub(super) fn read(
    head: &Head,
    read: &mut dyn FnMut() -> Result<Vec<u8>, Unread>,
) -> Result<Map<String, Value>, Problem> {
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
        Unread::TooSlow => Problem::new(408, "request-timeout", "The request body did not arrive in time"),
        Unread::Cut => Problem::new(400, "body-incomplete", "The body ended early"),
    })?;
    strict_object(&bytes)
        .map_err(|why| Problem::new(400, "body-not-json", format!("The body must be one JSON object; it {why}")))
}

fn too_large() -> Problem {
    Problem::new(413, "body-too-large", format!("The body is longer than {MAX_BODY} bytes"))
}

/// Whether this is `application/json`, alone or with the charset UTF-8 (RFC 8259 §8.1).
fn is_json(content_type: &str) -> bool {
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let parameters = parameters.trim();
    kind.trim().eq_ignore_ascii_case("application/json")
        && (parameters.is_empty()
            || ["charset=utf-8", "charset=\"utf-8\""].iter().any(|utf8| parameters.eq_ignore_ascii_case(utf8)))
}

/// Reads the body into the type of a job. A member that is `null` counts as absent.
///
/// # Errors
/// `member-unknown`, `member-missing` or `member-type`. The message names the member and never
/// shows its value.
pub(super) fn parse<T: DeserializeOwned>(body: Map<String, Value>) -> Result<T, Fault> {
    let members = Members { rest: body.into_iter(), current: None };
    T::deserialize(MapAccessDeserializer::new(members)).map_err(|Refused(fault)| fault)
}

/// Reads one member after the other, so that an error can name the member.
struct Members {
    rest: map::IntoIter,
    current: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        self.current = self.rest.next();
        self.current.as_ref().map(|(name, _)| seed.deserialize(name.as_str().into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let (name, value) = self.current.take().ok_or_else(|| Refused::custom("there is no value"))?;
        let is_null = value.is_null();
        seed.deserialize(value).map_err(|error| if is_null { missing(&name) } else { wrong_type(&name, &error) })
    }
}

/// Turns serde's error into a fault.
#[derive(Debug)]
struct Refused(Fault);

impl Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Fault::new(Category::Usage, "member-type", format!("The body cannot be used: {message}")))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let message = format!("The body has an unknown member `{}`", name.escape_debug());
        let fault = Fault::new(Category::Usage, "member-unknown", message);
        Self(fault.hint(format!("known members: {}", known.join(", "))))
    }

    fn missing_field(name: &'static str) -> Self {
        missing(name)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

fn missing(name: &str) -> Refused {
    Refused(Fault::new(Category::Usage, "member-missing", format!("The body has no `{name}`")))
}

/// serde's message is `invalid type: ..., expected ...`. Its first half may contain a secret.
fn wrong_type(name: &str, error: &serde_json::Error) -> Refused {
    let message = error.to_string();
    let expected = match message.rsplit_once("expected ").map_or(message.as_str(), |(_, expected)| expected) {
        "i64" => "a whole number",
        "u32" => "a whole number from 0 to 4294967295",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        // serde names the type, which nobody outside knows.
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    let message = format!("The member `{name}` has a value of the wrong type: it must be {expected}");
    Refused(Fault::new(Category::Usage, "member-type", message))
}

#[cfg(test)]
mod tests {
    use azure_oidc_jobs::{check, credential, inspect};
    use serde_json::json;

    use super::*;

    fn refused<T: DeserializeOwned>(body: &Value) -> (&'static str, String) {
        let fault = parse::<T>(body.as_object().cloned().unwrap()).err().unwrap();
        (fault.code, fault.message.clone())
    }

    #[test]
    fn each_error_has_a_code_and_names_the_member() {
        let must_be =
            |name: &str, kind: &str| format!("The member `{name}` has a value of the wrong type: it must be {kind}");
        for (body, code, message) in [
            (json!({}), "member-missing", "The body has no `credentials`".to_owned()),
            (json!({"credentials": null}), "member-missing", "The body has no `credentials`".to_owned()),
            (json!({"tokens": null}), "member-unknown", "The body has an unknown member `tokens`".to_owned()),
            (json!({"discover": true}), "member-unknown", "The body has an unknown member `discover`".to_owned()),
            (json!({"token": 1}), "member-type", must_be("token", "a string")),
            (json!({"claims": []}), "member-type", must_be("claims", "an object")),
            (json!({"credentials": 1}), "member-type", must_be("credentials", "JSON or a string that holds JSON")),
            (json!({"now": "an hour, expected soon"}), "member-type", must_be("now", "a whole number")),
            (json!({"now": 1.5}), "member-type", must_be("now", "a whole number")),
            (json!({"now": u64::MAX}), "member-type", must_be("now", "a whole number")),
            (json!({"skew": -1}), "member-type", must_be("skew", "a whole number from 0 to 4294967295")),
        ] {
            assert_eq!(refused::<check::Request>(&body), (code, message), "{body}");
        }
        for (body, name, kind) in [
            (json!({"parts": {"org": [1]}}), "parts", "a string or a list of strings"),
            (json!({"parts": {"org": null}}), "parts", "a string or a list of strings"),
            (json!({"parts": "org"}), "parts", "an object"),
            (json!({"flexible": "yes"}), "flexible", "true or false"),
        ] {
            assert_eq!(refused::<credential::Request>(&body), ("member-type", must_be(name, kind)), "{body}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_not_shown() {
        let (code, message) = refused::<inspect::Request>(&json!({"token": ["a secret"]}));
        assert_eq!(code, "member-type");
        assert!(!message.contains("secret"), "{message}");
        let (_, message) = refused::<check::Request>(&json!({"now": "a secret"}));
        assert!(!message.contains("secret"), "{message}");
    }

    #[test]
    fn null_counts_as_absent() {
        let body = json!({"credentials": [], "token": null, "claims": null, "jwks": null, "now": null, "skew": null});
        let request: check::Request = parse(body.as_object().cloned().unwrap()).unwrap();
        assert!(request.token.is_none() && request.jwks.is_none() && request.skew.is_none());
        let body = json!({"parts": null, "flexible": null, "format": null});
        assert!(parse::<credential::Request>(body.as_object().cloned().unwrap()).is_ok());
    }

    #[test]
    fn parts_are_strings_or_lists_of_strings() {
        let body = json!({"parts": {"org": "contoso", "operation": ["update", "preview"]}});
        let request: credential::Request = parse(body.as_object().cloned().unwrap()).unwrap();
        let parts: Vec<_> = request.parts.unwrap().0;
        let wanted = [("operation", "update"), ("operation", "preview"), ("org", "contoso")];
        assert_eq!(parts, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
