//! Recognises a token that was decoded before it was pasted: its claims as JSON, with or without its
//! header.

use serde_json::{Map, Value};

use super::{MAX_BYTES, json};

/// Header and claims of a decoded token. Nothing of it is signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The header; empty when only the claims were pasted.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
}

/// Reads a decoded token: bare claims, header and claims with a dot between them as jwt.ms shows
/// them, or an object with the members `header` and `payload`. None for any other text, and for one
/// that is longer than a token.
pub fn decoded(text: &str) -> Option<Decoded> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let text = text.trim().trim_start_matches('\u{feff}').trim();
    let (first, rest) = first_object(text)?;
    if is_claims(&first) {
        return rest.trim().is_empty().then(|| Decoded { header: Map::new(), claims: first });
    }
    if let Some(Value::Object(claims)) = first.get("payload").or_else(|| first.get("claims")) {
        let header = first.get("header").and_then(Value::as_object).cloned().unwrap_or_default();
        return is_claims(claims).then(|| Decoded { header, claims: claims.clone() });
    }
    if !first.contains_key("alg") {
        return None;
    }
    // What follows the claims stands for the signature.
    let rest = rest.trim_start().trim_start_matches('.').trim_start();
    let (claims, _) = first_object(rest)?;
    is_claims(&claims).then_some(Decoded { header: first, claims })
}

/// The object with which a text begins, and what follows it. Members must not be repeated.
fn first_object(text: &str) -> Option<(Map<String, Value>, &str)> {
    if !text.starts_with('{') {
        return None;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next()?.ok()?;
    let (object, rest) = text.split_at_checked(values.byte_offset())?;
    Some((json::object(object.as_bytes()).ok()?, rest))
}

fn is_claims(object: &Map<String, Value>) -> bool {
    ["iss", "sub"].iter().all(|name| object.get(*name).is_some_and(Value::is_string))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn issuer(text: &str) -> Option<(bool, String)> {
        let decoded = decoded(text)?;
        Some((decoded.header.contains_key("alg"), decoded.claims["iss"].as_str()?.to_owned()))
    }

    #[test]
    fn claims_are_found_in_every_form_of_a_decoded_token() {
        let pasted = include_str!("../../../core/testdata/cases/pasted-decoded-token/token.txt");
        let github = "https://token.actions.githubusercontent.com";
        assert_eq!(issuer(pasted), Some((true, github.to_owned())));
        assert_eq!(
            issuer(include_str!("../../../core/testdata/cases/pasted-claims-check/claims.json")),
            Some((false, github.to_owned()))
        );
        let (header, claims) = (json!({"alg": "RS256"}), json!({"iss": "i", "sub": "s"}));
        for (text, has_header) in [
            (format!("{header}\n{claims}"), true),
            (format!("{header}.{claims}"), true),
            (format!("\u{feff}{header}.\n{claims}.signature"), true),
            (json!({"header": header, "payload": claims, "signature": "x"}).to_string(), true),
            (json!({"claims": claims}).to_string(), false),
            (format!("  {claims}\r\n"), false),
        ] {
            assert_eq!(issuer(&text), Some((has_header, "i".to_owned())), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_decoded_token() {
        for text in [
            "",
            "{",
            "{}",
            "[]",
            "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
            r#"{"value":"eyJhbGciOiJSUzI1NiJ9.e30.c2ln"}"#,
            r#"{"iss":"i"}"#,
            r#"{"iss":1,"sub":"s"}"#,
            r#"{"iss":"i","sub":"s","sub":"t"}"#,
            r#"{"iss":"i","sub":"s"} {"iss":"j","sub":"t"}"#,
            r#"{"payload":"eyJ","signatures":[]}"#,
            r#"{"alg":"RS256"}.x"#,
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
