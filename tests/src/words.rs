//! Puts what the command line prints into the words of another interface, to compare the two.

use azure_oidc_jobs::Interface;
use serde_json::Value;

/// The document with every text in the words of this interface.
pub fn of_interface(document: Value, interface: Interface) -> Value {
    match document {
        Value::String(text) => Value::String(interface.words(&text)),
        Value::Array(items) => items.into_iter().map(|item| of_interface(item, interface)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (name, of_interface(member, interface)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other,
    }
}
