//! Puts what the command line prints into the words of another interface, to compare the two.

use azure_oidc_jobs::Door;
use serde_json::Value;

/// The document with every text in the words of this interface.
pub fn of_door(document: Value, door: Door) -> Value {
    match document {
        Value::String(text) => Value::String(door.words(&text)),
        Value::Array(items) => items.into_iter().map(|item| of_door(item, door)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (name, of_door(member, door)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other,
    }
}
