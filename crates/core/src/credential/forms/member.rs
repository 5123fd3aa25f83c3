//! Reads one credential from an object, and names the member that stands in the way.

use serde_json::{Map, Value};

use super::{fault, identity};
use crate::Fault;
use crate::credential::{Credential, Matcher};

/// Names of a member: Graph's and Resource Manager's, then PowerShell's, then Terraform's.
type Names = &'static [&'static str];

const NAME: Names = &["name", "Name", "display_name"];
const ISSUER: Names = &["issuer", "Issuer"];
const SUBJECT: Names = &["subject", "Subject"];
const AUDIENCES: Names = &["audiences", "Audiences", "Audience", "audience"];
const DESCRIPTION: Names = &["description", "Description"];
const EXPRESSION: Names = &["claimsMatchingExpression", "ClaimsMatchingExpression", "claims_matching_expression"];
const PROPERTIES: Names = &["properties", "Properties"];

/// Whether an object looks like one credential, rather than like something else.
pub(super) fn is_credential(object: &Map<String, Value>) -> bool {
    let has = |names: Names| names.iter().any(|name| object.contains_key(*name));
    has(ISSUER) || has(SUBJECT) || has(PROPERTIES)
}

/// An object that should hold a credential, and where it stands.
pub(super) struct Reader<'a> {
    object: &'a Map<String, Value>,
    /// `properties`, where Resource Manager keeps everything but the name.
    properties: Option<&'a Map<String, Value>>,
    place: String,
    /// Whether texts are Terraform templates, in which `$${` stands for `${`.
    templates: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn of(object: &'a Map<String, Value>, place: String) -> Self {
        let properties = PROPERTIES.iter().find_map(|name| object.get(*name)?.as_object());
        Self { object, properties, place, templates: false }
    }

    /// A block of Terraform's JSON configuration.
    pub(super) fn of_templates(object: &'a Map<String, Value>, place: String) -> Self {
        Self { templates: true, ..Self::of(object, place) }
    }

    pub(super) fn credential(&self) -> Result<Credential, Fault> {
        Ok(Credential {
            name: self.required(NAME)?,
            issuer: self.required(ISSUER)?,
            matcher: self.matcher()?,
            audiences: self.audiences()?,
            description: self.text(DESCRIPTION)?.filter(|text| !text.is_empty()),
            identity: identity::of(self.object),
        })
    }

    fn matcher(&self) -> Result<Matcher, Fault> {
        match (self.text(SUBJECT)?, self.expression()?) {
            (Some(subject), None) => Ok(Matcher::Subject(subject)),
            (None, Some(expression)) => Ok(expression),
            (None, None) => {
                Err(self.missing("subject").hint("or `claimsMatchingExpression`, for a flexible credential"))
            }
            (Some(subject), Some(expression)) if subject.is_empty() => Ok(expression),
            (Some(_), Some(_)) => {
                let message =
                    format!("{}both `subject` and `claimsMatchingExpression`, and Entra allows one", self.owner());
                Err(fault("credential-subject-and-expression", message).hint("set `subject` to null"))
            }
        }
    }

    fn expression(&self) -> Result<Option<Matcher>, Fault> {
        let Some((name, value)) = self.get(EXPRESSION) else { return Ok(None) };
        if name == "claims_matching_expression" {
            let value = self.string(name, value)?;
            return Ok(Some(Matcher::Expression { value, language_version: 1 }));
        }
        let place = self.member(name);
        let Value::Object(object) = value else {
            let form = r#"an object, {"value": "claims['sub'] ...", "languageVersion": 1}"#;
            return Err(wrong_type(&place, form, value));
        };
        let part =
            |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, present(object.get(name)?)?)));
        match (part(["value", "Value"]), part(["languageVersion", "LanguageVersion"])) {
            // PowerShell prints an object of nulls for a credential without an expression.
            (None, None) => Ok(None),
            (None, Some(_)) => Err(self.missing(&format!("{name}.value"))),
            (Some(_), None) => Err(self.missing(&format!("{name}.languageVersion")).hint("the only version is 1")),
            (Some((inner, value)), Some((version_name, version))) => {
                let value = self.string(&format!("{name}.{inner}"), value)?;
                let language_version = version.as_u64().and_then(|version| u32::try_from(version).ok());
                let wrong = || wrong_type(&format!("{place}.{version_name}"), "the number 1", version);
                Ok(Some(Matcher::Expression { value, language_version: language_version.ok_or_else(wrong)? }))
            }
        }
    }

    fn audiences(&self) -> Result<Vec<String>, Fault> {
        let Some((name, value)) = self.get(AUDIENCES) else { return Err(self.missing("audiences")) };
        match value {
            Value::Array(items) => {
                let text = |(index, item): (usize, &Value)| match item {
                    Value::String(text) if !self.templates => Ok(text.clone()),
                    other => self.string(&format!("{name}[{index}]"), other),
                };
                items.iter().enumerate().map(text).collect()
            }
            // Graph and Resource Manager want an array; others have a text here.
            Value::String(_) if name != "audiences" => Ok(vec![self.string(name, value)?]),
            other => {
                Err(wrong_type(&self.member(name), r#"an array of one text, ["api://AzureADTokenExchange"]"#, other))
            }
        }
    }

    fn required(&self, names: Names) -> Result<String, Fault> {
        self.text(names)?.ok_or_else(|| self.missing(names[0]))
    }

    fn text(&self, names: Names) -> Result<Option<String>, Fault> {
        self.get(names).map(|(name, value)| self.string(name, value)).transpose()
    }

    fn string(&self, name: &str, value: &Value) -> Result<String, Fault> {
        match value {
            Value::String(text) if self.templates => from_template(text).ok_or_else(|| self.computed(name)),
            Value::String(text) => Ok(text.clone()),
            other => Err(wrong_type(&self.member(name), "a text", other)),
        }
    }

    /// The first of these members that is there and not null, in `properties` before outside.
    fn get(&self, names: Names) -> Option<(&'static str, &'a Value)> {
        let objects = [self.properties, Some(self.object)];
        objects
            .into_iter()
            .flatten()
            .find_map(|object| names.iter().find_map(|name| Some((*name, present(object.get(*name)?)?))))
    }

    fn missing(&self, member: &str) -> Fault {
        fault("credential-member-missing", format!("{}no member `{member}`", self.owner()))
            .fact("place", self.member(member))
    }

    fn computed(&self, name: &str) -> Fault {
        let place = self.member(name);
        fault("credential-computed", format!("`{place}` is an expression of Terraform, whose value isn't in this file"))
            .fact("place", place)
            .hint("give what `terraform show -json` prints instead")
    }

    /// The beginning of a sentence about this credential.
    fn owner(&self) -> String {
        if self.place.is_empty() { "the credential has ".to_owned() } else { format!("`{}` has ", self.place) }
    }

    fn member(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }
}

pub(super) fn wrong_type(place: &str, expected: &str, found: &Value) -> Fault {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    fault("credential-member-type", format!("`{place}` must be {expected}, and is {found}")).fact("place", place)
}

fn present(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

/// The text that a Terraform template stands for, unless it computes something.
fn from_template(template: &str) -> Option<String> {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['$', '%']) {
        let (before, sign) = rest.split_at(at);
        text.push_str(before);
        let (kept, read) = match sign.as_bytes() {
            [first, second, b'{', ..] if first == second => (2, 3),
            [_, b'{', ..] => return None,
            _ => (1, 1),
        };
        text.push_str(&sign[read - kept..read]);
        rest = &sign[read..];
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read_unless_they_compute() {
        for (template, text) in [
            ("", Some("")),
            ("repo:a/b", Some("repo:a/b")),
            ("$${x}", Some("${x}")),
            ("a$$${x}é%%{ y", Some("a$${x}é%{ y")),
            ("$ % $$ %% $a $", Some("$ % $$ %% $a $")),
            ("%$${", Some("%${")),
            ("${var.x}", None),
            ("a%{ if x }b", None),
            ("$${a}${b}", None),
        ] {
            assert_eq!(from_template(template).as_deref(), text, "{template}");
        }
    }
}
