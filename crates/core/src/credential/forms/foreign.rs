//! Parses credentials from documents that only contain them: deployment templates, the state of
//! Pulumi, and objects of Kubernetes operators.

use serde_json::{Map, Value};

use super::member::{Location, Reader};
use super::{LIST_HINT, Parsed, fault};
use crate::Fault;
use crate::credential::CredentialProblem;

mod kubernetes;
mod pulumi;
mod template;

/// A credential in another document: its members under the names of Graph and Resource Manager.
struct Found {
    place: String,
    members: Map<String, Value>,
}

/// The credentials of such a document. None when the document is something else.
pub(super) fn read(document: &Map<String, Value>) -> Result<Option<Parsed>, Fault> {
    let (what, found, notes) = if template::is_one(document) {
        let (found, notes) = template::read(document);
        ("deployment template", found, notes)
    } else if let Some(found) = pulumi::read(document) {
        ("state of Pulumi", found, Vec::new())
    } else if let Some(found) = kubernetes::read(document) {
        ("Kubernetes document", found, Vec::new())
    } else {
        return Ok(None);
    };
    if found.is_empty() {
        return Err(match notes.into_iter().next() {
            Some(note) => note_as_fault(note),
            None => {
                let message = format!("the {what} contains no federated identity credential");
                fault("credential-none-found", message).hint(LIST_HINT)
            }
        });
    }
    let one = |found: &Found| Reader::of(&found.members, Location::Named(&found.place)).credential();
    let credentials = found.iter().map(one).collect::<Result<_, _>>()?;
    Ok(Some(Parsed { credentials, notes }))
}

fn note_as_fault(note: CredentialProblem) -> Fault {
    fault(note.code, note.message).hint(LIST_HINT)
}

/// Whether this is the name of a resource type, in whatever notation, of a credential.
pub(super) fn is_type_of_credential(name: &str) -> bool {
    let name = name.split('@').next().unwrap_or_default().to_ascii_lowercase();
    name.ends_with("federatedidentitycredentials") || name.ends_with("federatedidentitycredential")
}

/// The first of these members that is a text.
fn text<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| object.get(*name)?.as_str()).filter(|text| !text.is_empty())
}

/// Copies the members that a credential has, whatever their notation, and makes an object of an
/// expression that is a text.
fn copy_members(from: &Map<String, Value>, to: &mut Map<String, Value>) {
    for (name, as_name) in [
        ("issuer", "issuer"),
        ("subject", "subject"),
        ("audience", "audience"),
        ("audiences", "audiences"),
        ("description", "description"),
        ("claimsMatchingExpression", "claimsMatchingExpression"),
    ] {
        let Some(value) = from.get(name).filter(|value| !value.is_null()) else { continue };
        let value = match (name, value) {
            ("claimsMatchingExpression", Value::String(text)) => {
                serde_json::json!({"value": text, "languageVersion": 1})
            }
            (_, value) => value.clone(),
        };
        to.insert(as_name.to_owned(), value);
    }
    // Some providers write an empty subject beside an expression.
    if to.contains_key("claimsMatchingExpression") && to.get("subject").and_then(Value::as_str) == Some("") {
        to.remove("subject");
    }
}

#[cfg(test)]
mod tests;
