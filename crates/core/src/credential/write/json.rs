//! Writes request bodies for Microsoft Graph and Resource Manager.

use serde_json::{Map, Value, json};

use crate::credential::{Credential, Matcher};
use crate::platform::text::{JSON_SIGN, with_escaped_characters, with_escaped_signs};

/// One body, or an array of them.
pub(super) fn graph(credentials: &[Credential]) -> String {
    one_or_all(credentials.iter().map(graph_body).collect())
}

/// The body for Microsoft Graph.
pub(super) fn graph_body(credential: &Credential) -> Value {
    let mut body = properties(credential);
    body.insert("name".to_owned(), json!(credential.name));
    if let Some(description) = &credential.description {
        body.insert("description".to_owned(), json!(description));
    }
    Value::Object(body)
}

/// One body, or an array of them. The name belongs to the URL, and a body can repeat it.
pub(super) fn arm(credentials: &[Credential]) -> String {
    one_or_all(credentials.iter().map(arm_body).collect())
}

/// The body for Resource Manager.
pub(super) fn arm_body(credential: &Credential) -> Value {
    json!({"name": credential.name, "properties": properties(credential)})
}

/// The members with the same names in both services. Only one of subject and expression is written.
fn properties(credential: &Credential) -> Map<String, Value> {
    let (name, matcher) = match &credential.matcher {
        Matcher::Subject(subject) => ("subject", json!(subject)),
        Matcher::Expression { value, language_version } => {
            ("claimsMatchingExpression", json!({"value": value, "languageVersion": language_version}))
        }
    };
    let mut properties = Map::new();
    properties.insert("issuer".to_owned(), json!(credential.issuer));
    properties.insert(name.to_owned(), matcher);
    properties.insert("audiences".to_owned(), json!(credential.audiences));
    properties
}

fn one_or_all(mut bodies: Vec<Value>) -> String {
    let document = if bodies.len() == 1 { bodies.remove(0) } else { Value::Array(bodies) };
    with_escaped_characters(with_escaped_signs(format!("{document:#}\n"), JSON_SIGN))
}
