//! What `kubectl get --output json` prints of the credentials of operators: Azure Service Operator
//! and Crossplane.

use serde_json::{Map, Value};

use super::{Found, copy_members, is_type_of_credential, text};

/// The credentials of a list or of one object. None when the document is of neither operator.
pub(super) fn read(document: &Map<String, Value>) -> Option<Vec<Found>> {
    let kind = text(document, &["kind"])?;
    text(document, &["apiVersion"])?;
    match document.get("items") {
        Some(Value::Array(items)) => Some(items.iter().filter_map(|item| credential(item.as_object()?)).collect()),
        _ if is_type_of_credential(kind) => Some(credential(document).into_iter().collect()),
        _ => Some(Vec::new()),
    }
}

fn credential(object: &Map<String, Value>) -> Option<Found> {
    let kind = text(object, &["kind"]).filter(|kind| is_type_of_credential(kind))?;
    let metadata = object.get("metadata").and_then(Value::as_object)?;
    let spec = object.get("spec").and_then(Value::as_object)?;
    // Crossplane has the values one level deeper.
    let values = spec.get("forProvider").and_then(Value::as_object).unwrap_or(spec);
    let label = text(metadata, &["name"]).unwrap_or("credential");
    let external = metadata.get("annotations").and_then(|all| all.get("crossplane.io/external-name")?.as_str());
    let own = text(values, &["azureName", "displayName"]).or(external.filter(|name| !name.contains('/')));
    let mut members = Map::new();
    copy_members(values, &mut members);
    members.insert("name".to_owned(), own.unwrap_or(label).into());
    if !kind.starts_with("Application") {
        let owner = spec.get("owner").and_then(Value::as_object);
        let by_owner =
            owner.and_then(|owner| text(owner, &["name"])).map(|name| format!("/userAssignedIdentities/{name}"));
        let by_id = owner.and_then(|owner| text(owner, &["armId"])).or(text(values, &["parentId"]));
        if let Some(id) = by_id.map(str::to_owned).or(by_owner) {
            members.insert("id".to_owned(), id.into());
        }
        let group = text(values, &["resourceGroupName"]).unwrap_or_default();
        members.insert("resourceGroup".to_owned(), group.into());
    }
    Some(Found { place: label.to_owned(), members })
}
