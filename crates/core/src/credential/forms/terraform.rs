//! Parses credentials from Terraform's JSON configuration, its state, and the output of `terraform
//! show -json`.

use serde_json::{Map, Value};

use super::foreign::is_type_of_credential;
use super::member::{Location, Origin, Reader, wrong_type};
use super::{LIST_HINT, fault};
use crate::Fault;
use crate::credential::Credential;
use crate::token::json;

/// The resource types of credentials.
const TYPES: [&str; 3] = [
    "azuread_application_federated_identity_credential",
    "azuread_application_flexible_federated_identity_credential",
    "azurerm_federated_identity_credential",
];

/// The resource types that can be anything. Their member `type` names the type in Azure.
const GENERIC_TYPES: [&str; 2] = ["azapi_resource", "msgraph_resource"];

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
        for name in TYPES.into_iter().chain(GENERIC_TYPES) {
            let Some(labelled) = by_type.get(name) else { continue };
            for by_label in blocks(labelled, name)? {
                for (label, body) in by_label {
                    let place = format!("{name}.{label}");
                    for block in blocks(body, &place)? {
                        if GENERIC_TYPES.contains(&name) && !is_generic_credential(block) {
                            continue;
                        }
                        let members = generic_members(block);
                        let reader = Reader::of(members.as_ref().unwrap_or(block), Location::Named(&place));
                        found.push(reader.with_origin(Origin::TerraformConfiguration).credential()?);
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
    for resource in objects(module, "resources").filter(|resource| is_credential(resource, "values")) {
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
    for resource in objects(document, "resources").filter(|resource| is_credential(resource, "instances")) {
        let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
        let address = format!("{}.{}", text("type"), text("name"));
        for instance in objects(resource, "instances") {
            let is_generic = GENERIC_TYPES.contains(&text("type"));
            if is_generic && !instance.get("attributes").and_then(Value::as_object).is_some_and(is_generic_credential) {
                continue;
            }
            found.push(read(instance.get("attributes"), &address)?);
        }
    }
    Ok(())
}

fn read(values: Option<&Value>, address: &str) -> Result<Credential, Fault> {
    let values = values.unwrap_or(&Value::Null);
    let object = values.as_object().ok_or_else(|| wrong_type(address, "an object", values))?;
    let members = generic_members(object);
    let object = members.as_ref().unwrap_or(object);
    Reader::of(object, Location::Named(address)).with_origin(Origin::TerraformState).credential()
}

/// Whether a resource is a credential, or one whose instances may be.
fn is_credential(resource: &Map<String, Value>, values: &str) -> bool {
    let text = |name: &str| resource.get(name).and_then(Value::as_str);
    let values = resource.get(values);
    let is_generic = || {
        text("type").is_some_and(|name| GENERIC_TYPES.contains(&name))
            && values.is_some_and(|values| values.as_object().is_none_or(is_generic_credential))
    };
    text("mode") != Some("data") && (text("type").is_some_and(|name| TYPES.contains(&name)) || is_generic())
}

/// Whether a resource that can be anything is a credential.
fn is_generic_credential(values: &Map<String, Value>) -> bool {
    let text = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
    is_type_of_credential(text("type")) || is_type_of_credential(text("url"))
}

/// The members of such a resource with those of its `body`: an object, a text that holds JSON, or a
/// value beside its type.
fn generic_members(values: &Map<String, Value>) -> Option<Map<String, Value>> {
    let parsed: Value;
    let body = match values.get("body").filter(|_| is_generic_credential(values))? {
        Value::String(text) => {
            parsed = json::lenient(text.as_bytes()).ok()?;
            parsed.as_object()?
        }
        Value::Object(body) => match (body.get("type"), body.get("value")) {
            (Some(_), Some(Value::Object(value))) => value,
            _ => body,
        },
        _ => return None,
    };
    let mut members = body.clone();
    for name in ["name", "id", "parent_id"] {
        if let Some(value) = values.get(name).filter(|value| !value.is_null()) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    Some(members)
}

fn objects<'a>(parent: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Map<String, Value>> {
    let items = parent.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_object)
}
