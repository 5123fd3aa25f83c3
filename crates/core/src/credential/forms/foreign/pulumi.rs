//! The output of `pulumi stack export`.

use serde_json::{Map, Value};

use super::super::member::APPLICATION;
use super::{Found, copy_members, is_type_of_credential, text};

/// The credentials of a stack. None when the document is no stack.
pub(super) fn read(document: &Map<String, Value>) -> Option<Vec<Found>> {
    let resources = match document.get("deployment") {
        Some(deployment) => deployment.get("resources"),
        None => document.get("resources"),
    }?;
    let resources: Vec<_> = resources.as_array()?.iter().filter_map(Value::as_object).collect();
    resources.iter().any(|resource| urn(resource).is_some()).then_some(())?;
    Some(resources.into_iter().filter_map(credential).collect())
}

fn urn(resource: &Map<String, Value>) -> Option<&str> {
    text(resource, &["urn"]).filter(|urn| urn.starts_with("urn:pulumi:"))
}

fn credential(resource: &Map<String, Value>) -> Option<Found> {
    let kind = text(resource, &["type"]).filter(|kind| is_type_of_credential(kind))?;
    let values = ["outputs", "inputs"].into_iter().filter_map(|name| resource.get(name)?.as_object());
    let values = values.into_iter().find(|values| values.contains_key("issuer"))?;
    let (id, label) = (text(resource, &["id"]), urn(resource)?.rsplit("::").next().unwrap_or_default());
    let own = text(values, &["displayName", "name", "federatedIdentityCredentialResourceName"]);
    let mut members = Map::new();
    copy_members(values, &mut members);
    members.insert("name".to_owned(), own.unwrap_or(label).into());
    // Credentials of applications have ids of another form.
    let id = [text(values, &["parentId"]), id].into_iter().flatten().find(|id| id.starts_with('/'));
    if let Some(id) = id.filter(|_| !kind.starts_with("azuread:")) {
        members.insert("id".to_owned(), id.into());
    }
    if let Some(application) = text(values, &["applicationId"]) {
        members.insert(APPLICATION.to_owned(), application.into());
    }
    Some(Found { place: label.to_owned(), members })
}
