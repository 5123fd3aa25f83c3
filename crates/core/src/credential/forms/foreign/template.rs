//! Deployment templates of Resource Manager, as `az bicep build` and the portal write them. Literal
//! values are read, and parameters and variables with literal values.

use serde_json::{Map, Value};

use super::{Found, copy_members, is_type_of_credential};
use crate::credential::CredentialProblem;

/// How deep templates can lie in templates.
const MAX_DEPTH: usize = 8;

pub(super) fn is_one(document: &Map<String, Value>) -> bool {
    document.get("$schema").and_then(Value::as_str).is_some_and(|schema| schema.contains("eploymentTemplate"))
}

/// The credentials whose values are known, and a note for each other one.
pub(super) fn read(document: &Map<String, Value>) -> (Vec<Found>, Vec<CredentialProblem>) {
    let mut template = Template { found: Vec::new(), notes: Vec::new() };
    template.resources(document, &Map::new(), "", 0);
    (template.found, template.notes)
}

struct Template {
    found: Vec<Found>,
    notes: Vec<CredentialProblem>,
}

impl Template {
    /// Reads the resources of a template, of a nested one or of a resource. `given` are parameters.
    fn resources(&mut self, holder: &Map<String, Value>, given: &Map<String, Value>, place: &str, depth: usize) {
        let scope = Scope::of(holder, given);
        self.resources_in(holder, &scope, place, depth);
    }

    fn resources_in(&mut self, holder: &Map<String, Value>, scope: &Scope<'_>, place: &str, depth: usize) {
        let items: Vec<(String, &Value)> = match holder.get("resources") {
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(index, item)| (format!("{place}resources[{index}]"), item)).collect()
            }
            // Language version 2.0 names the resources.
            Some(Value::Object(items)) => {
                items.iter().map(|(name, item)| (format!("{place}resources.{name}"), item)).collect()
            }
            _ => return,
        };
        for (place, item) in items.iter().filter_map(|(place, item)| Some((place, item.as_object()?))) {
            let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
            let properties = item.get("properties").and_then(Value::as_object);
            if is_type_of_credential(kind) {
                self.credential(item, properties, kind, scope, place);
            } else if depth < MAX_DEPTH {
                if let Some(inner) = properties.and_then(|own| own.get("template")?.as_object()) {
                    let none = Map::new();
                    let given = properties.and_then(|own| own.get("parameters")?.as_object()).unwrap_or(&none);
                    self.resources(inner, given, &format!("{place}.properties.template."), depth + 1);
                }
                self.resources_in(item, scope, &format!("{place}."), depth + 1);
            }
        }
    }

    fn credential(
        &mut self,
        item: &Map<String, Value>,
        properties: Option<&Map<String, Value>>,
        kind: &str,
        scope: &Scope<'_>,
        place: &str,
    ) {
        let mut values = Map::new();
        copy_members(properties.unwrap_or(item), &mut values);
        for (name, value) in &mut values {
            match scope.literal(value) {
                Ok(literal) => *value = literal,
                Err(expression) => {
                    let message = format!(
                        "`{place}.properties.{name}` is computed during the deployment ({}), so this credential was not read",
                        expression.escape_debug()
                    );
                    let note = CredentialProblem::advice("credential-computed", message);
                    self.notes.push(note.remedy("list the credentials after the deployment, with `--output json`"));
                    return;
                }
            }
        }
        let name = item.get("name").or_else(|| properties?.get("name")).and_then(Value::as_str).unwrap_or_default();
        let segments = name_segments(name, scope);
        let mut members = Map::new();
        let own = segments.last().cloned().unwrap_or_else(|| place.rsplit('.').next().unwrap_or(place).to_owned());
        members.insert("name".to_owned(), own.into());
        if kind.to_ascii_lowercase().starts_with("microsoft.graph/") {
            members.extend(values);
        } else {
            if let [.., identity, _] = segments.as_slice() {
                members.insert("id".to_owned(), format!("/userAssignedIdentities/{identity}").into());
            }
            members.insert("properties".to_owned(), values.into());
        }
        self.found.push(Found { place: place.to_owned(), members });
    }
}

/// The parts of a resource's name: `IDENTITY/CREDENTIAL`, also where a function joins them.
fn name_segments(name: &str, scope: &Scope<'_>) -> Vec<String> {
    let whole = match scope.literal(&Value::String(name.to_owned())) {
        Ok(Value::String(literal)) => literal,
        // The texts in quotes, without the format such as '{0}/{1}'.
        _ => {
            let quoted = name.split('\'').skip(1).step_by(2).filter(|text| !text.contains('{') && *text != "/");
            quoted.collect::<Vec<_>>().join("/")
        }
    };
    whole.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Parameters and variables of a template.
struct Scope<'a> {
    parameters: Option<&'a Map<String, Value>>,
    given: &'a Map<String, Value>,
    variables: Option<&'a Map<String, Value>>,
}

impl<'a> Scope<'a> {
    fn of(template: &'a Map<String, Value>, given: &'a Map<String, Value>) -> Self {
        let object = |name: &str| template.get(name).and_then(Value::as_object);
        Self { parameters: object("parameters"), given, variables: object("variables") }
    }

    /// The value without expressions. The error is the expression that cannot be read.
    fn literal(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                items.iter().map(|item| self.literal(item)).collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| Ok((name.clone(), self.literal(value)?));
                members.iter().map(member).collect::<Result<_, _>>().map(Value::Object)
            }
            other => Ok(other.clone()),
        }
    }

    fn text(&self, text: &str) -> Result<Value, String> {
        let Some(expression) = text.strip_prefix('[').filter(|_| text.ends_with(']')) else {
            return Ok(text.into());
        };
        // Two brackets stand for one that begins no expression.
        if expression.starts_with('[') {
            return Ok(expression.into());
        }
        let name = |function: &str| {
            expression
                .strip_prefix(function)?
                .strip_prefix("('")?
                .strip_suffix("')]")
                .filter(|name| !name.contains('\''))
        };
        let found = if let Some(name) = name("parameters") {
            self.given
                .get(name)
                .and_then(|given| given.get("value"))
                .or_else(|| self.parameters?.get(name)?.get("defaultValue"))
        } else {
            name("variables").and_then(|name| self.variables?.get(name))
        };
        match found {
            // A value that is an expression again could refer to itself.
            Some(Value::String(inner)) if inner.starts_with('[') => Err(text.to_owned()),
            Some(value @ (Value::String(_) | Value::Number(_))) => Ok(value.clone()),
            Some(Value::Array(items))
                if items.iter().all(|item| item.as_str().is_some_and(|text| !text.starts_with('['))) =>
            {
                Ok(Value::Array(items.clone()))
            }
            _ => Err(text.to_owned()),
        }
    }
}
