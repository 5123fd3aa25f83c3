//! Parses credentials from Terraform's JSON configuration, its state, and the output of `terraform
//! show -json`.

use serde_json::{Map, Value};

use super::member::{Location, Origin, Reader, wrong_type};
use super::{LIST_HINT, fault};
use crate::Fault;
use crate::credential::Credential;

/// The resource types of credentials.
const TYPES: [&str; 3] = [
    "azuread_application_federated_identity_credential",
    "azuread_application_flexible_federated_identity_credential",
    "azurerm_federated_identity_credential",
];

/// The credentials of a Terraform document. None when the document is something else.
pub(super) fn resources(document: &Map<String, Value>) -> Result<Option<Vec<Credential>>, Fault> {
    let mut found = Vec::new();
    if let Some(resource) = document.get("resource") {
        configuration(resource, &mut found)?;
    } else if let Some((name, module)) = root_module(document) {
        values(module, name, &mut found)?;
    } else if document.contains_key("terraform_version") {
        state(document, &mut found)?;
    } else {
        return Ok(None);
    }
    if found.is_empty() {
        return Err(fault("credential-none-found", "the Terraform document contains no federated identity credential")
            .hint(LIST_HINT));
    }
    Ok(Some(found))
}

/// Reads `{"resource": {TYPE: {LABEL: {...}}}}`, in which each level can also be an array of such
/// objects.
fn configuration(resource: &Value, found: &mut Vec<Credential>) -> Result<(), Fault> {
    for by_type in blocks(resource, "resource")? {
        for name in TYPES {
            let Some(labelled) = by_type.get(name) else { continue };
            for by_label in blocks(labelled, name)? {
                for (label, body) in by_label {
                    let place = format!("{name}.{label}");
                    for block in blocks(body, &place)? {
                        let reader =
                            Reader::of(block, Location::Named(&place)).with_origin(Origin::TerraformConfiguration);
                        found.push(reader.credential()?);
                    }
                }
            }
        }
    }
    Ok(())
}

fn blocks<'a>(value: &'a Value, place: &str) -> Result<Vec<&'a Map<String, Value>>, Fault> {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().map(|item| item.as_object().ok_or_else(|| wrong_type(place, "an object", item))).collect()
}

/// The root module: of a plan its planned values, of a state its values.
fn root_module(document: &Map<String, Value>) -> Option<(&'static str, &Map<String, Value>)> {
    ["planned_values", "values"]
        .into_iter()
        .find_map(|name| Some((name, document.get(name)?.as_object()?.get("root_module")?.as_object()?)))
}

/// Reads a module and its child modules. The JSON parser limits their depth.
fn values(module: &Map<String, Value>, place: &str, found: &mut Vec<Credential>) -> Result<(), Fault> {
    for resource in objects(module, "resources").filter(|resource| is_credential(resource)) {
        let address = resource.get("address").and_then(Value::as_str).unwrap_or(place);
        found.push(read(resource.get("values"), address)?);
    }
    for child in objects(module, "child_modules") {
        values(child, place, found)?;
    }
    Ok(())
}

/// Reads the file `terraform.tfstate`, or the output of `terraform state pull`.
fn state(document: &Map<String, Value>, found: &mut Vec<Credential>) -> Result<(), Fault> {
    for resource in objects(document, "resources").filter(|resource| is_credential(resource)) {
        let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
        let address = format!("{}.{}", text("type"), text("name"));
        for instance in objects(resource, "instances") {
            found.push(read(instance.get("attributes"), &address)?);
        }
    }
    Ok(())
}

fn read(values: Option<&Value>, address: &str) -> Result<Credential, Fault> {
    let values = values.unwrap_or(&Value::Null);
    let object = values.as_object().ok_or_else(|| wrong_type(address, "an object", values))?;
    Reader::of(object, Location::Named(address)).with_origin(Origin::TerraformState).credential()
}

fn is_credential(resource: &Map<String, Value>) -> bool {
    let text = |name: &str| resource.get(name).and_then(Value::as_str);
    text("mode") != Some("data") && text("type").is_some_and(|name| TYPES.contains(&name))
}

fn objects<'a>(parent: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    let items = parent.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_object)
}
