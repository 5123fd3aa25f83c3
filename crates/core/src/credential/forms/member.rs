//! Parses one credential from a JSON object; errors name the wrong member.

use std::fmt;

use serde_json::{Map, Value};

use super::{fault, identity};
use crate::Fault;
use crate::credential::{Credential, Matcher};
use crate::secret::is_certain_secret;

/// The member with the application that owns a credential, in documents of Terraform and Pulumi.
pub(super) const APPLICATION: &str = "application_id";

/// The members of a credential.
#[derive(Clone, Copy)]
enum Member {
    Name,
    Issuer,
    Subject,
    Audiences,
    Description,
    Expression,
    Properties,
}

/// The member with this name, and the rank of the name: first Graph's and Resource Manager's, then
/// PowerShell's, then Terraform's.
fn known(name: &str) -> Option<(Member, usize)> {
    Some(match name {
        "name" => (Member::Name, 0),
        "Name" => (Member::Name, 1),
        "display_name" => (Member::Name, 2),
        "issuer" => (Member::Issuer, 0),
        "Issuer" => (Member::Issuer, 1),
        "subject" => (Member::Subject, 0),
        "Subject" => (Member::Subject, 1),
        "audiences" => (Member::Audiences, 0),
        "Audiences" => (Member::Audiences, 1),
        "Audience" => (Member::Audiences, 2),
        "audience" => (Member::Audiences, 3),
        "description" => (Member::Description, 0),
        "Description" => (Member::Description, 1),
        "claimsMatchingExpression" => (Member::Expression, 0),
        "ClaimsMatchingExpression" => (Member::Expression, 1),
        "claims_matching_expression" => (Member::Expression, 2),
        "properties" => (Member::Properties, 0),
        "Properties" => (Member::Properties, 1),
        _ => return None,
    })
}

/// Whether an object looks like one credential.
pub(super) fn is_credential(object: &Map<String, Value>) -> bool {
    let is_specific =
        |name: &String| matches!(known(name), Some((Member::Issuer | Member::Subject | Member::Properties, _)));
    object.keys().any(is_specific)
}

/// The location of a credential in its document. It is formatted only for an error.
#[derive(Clone, Copy)]
pub(super) enum Location<'a> {
    /// An element of the list with this name.
    Item(&'a str, usize),
    /// An object with this name; empty for the document itself.
    Named(&'a str),
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(list, index) => write!(f, "{list}[{index}]"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// The members of an object that are not null, each under the name with the lowest rank.
type Members<'a> = [Option<(usize, &'a str, &'a Value)>; Member::Properties as usize + 1];

fn members(object: &Map<String, Value>) -> Members<'_> {
    let mut found = Members::default();
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let Some((member, rank)) = known(name) else { continue };
        let slot = &mut found[member as usize];
        if slot.is_none_or(|(earlier, ..)| rank < earlier) {
            *slot = Some((rank, name, value));
        }
    }
    found
}

/// An object that should contain a credential.
pub(super) struct Reader<'a> {
    object: &'a Map<String, Value>,
    members: Members<'a>,
    location: Location<'a>,
    origin: Origin,
}

/// The kind of document, where its texts or missing members have a special meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Any other document.
    Document,
    /// Terraform's JSON configuration, whose texts are templates: `$${` means `${`.
    TerraformConfiguration,
    /// Terraform's state or plan. A plan omits values that are known only after it is applied.
    TerraformState,
}

impl<'a> Reader<'a> {
    pub(super) fn of(object: &'a Map<String, Value>, location: Location<'a>) -> Self {
        let mut all = members(object);
        // Resource Manager writes everything but the name there.
        if let Some((_, _, Value::Object(properties))) = all[Member::Properties as usize] {
            for (slot, inner) in all.iter_mut().zip(members(properties)) {
                *slot = inner.or(*slot);
            }
        }
        Self { object, members: all, location, origin: Origin::Document }
    }

    pub(super) fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    pub(super) fn credential(&self) -> Result<Credential, Fault> {
        Ok(Credential {
            name: self.required(Member::Name, "name")?,
            issuer: self.required(Member::Issuer, "issuer")?,
            matcher: self.matcher()?,
            audiences: self.audiences()?,
            description: self.text(Member::Description)?.filter(|text| !text.is_empty()),
            application: self.object.get(APPLICATION).and_then(Value::as_str).map(str::to_owned),
            identity: identity::of(self.object),
        })
    }

    fn matcher(&self) -> Result<Matcher, Fault> {
        match (self.text(Member::Subject)?, self.expression()?) {
            (Some(subject), None) => Ok(Matcher::Subject(subject)),
            (None, Some(expression)) => Ok(expression),
            (None, None) => {
                Err(self.missing("subject").hint("or `claimsMatchingExpression`, for a flexible credential"))
            }
            (Some(subject), Some(expression)) if subject.is_empty() => Ok(expression),
            (Some(_), Some(_)) => {
                let message =
                    format!("{}both `subject` and `claimsMatchingExpression`, and Entra allows only one", self.owner());
                Err(fault("credential-subject-and-expression", message).hint("set `subject` to null"))
            }
        }
    }

    fn expression(&self) -> Result<Option<Matcher>, Fault> {
        let Some((name, value)) = self.get(Member::Expression) else { return Ok(None) };
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
        let Some((name, value)) = self.get(Member::Audiences) else { return Err(self.missing("audiences")) };
        match value {
            Value::Array(items) => {
                let text = |(index, item): (usize, &Value)| match item {
                    Value::String(text) if !self.has_templates() => Ok(without_wrapped_secret(text.clone())),
                    other => self.string(&format!("{name}[{index}]"), other),
                };
                items.iter().enumerate().map(text).collect()
            }
            // Graph and Resource Manager have an array here, other documents a string.
            Value::String(_) if name != "audiences" => Ok(vec![self.string(name, value)?]),
            other => Err(wrong_type(
                &self.member(name),
                r#"an array with one string, ["api://AzureADTokenExchange"]"#,
                other,
            )),
        }
    }

    fn required(&self, member: Member, name: &str) -> Result<String, Fault> {
        self.text(member)?.ok_or_else(|| self.missing(name))
    }

    fn text(&self, member: Member) -> Result<Option<String>, Fault> {
        self.get(member).map(|(name, value)| self.string(name, value)).transpose()
    }

    fn string(&self, name: &str, value: &Value) -> Result<String, Fault> {
        match value {
            Value::String(text) if self.has_templates() => {
                from_template(text).map(without_wrapped_secret).ok_or_else(|| self.computed(name))
            }
            Value::String(text) => Ok(without_wrapped_secret(text.clone())),
            other => Err(wrong_type(&self.member(name), "a string", other)),
        }
    }

    /// The member, with its name in this object.
    fn get(&self, member: Member) -> Option<(&'a str, &'a Value)> {
        self.members[member as usize].map(|(_, name, value)| (name, value))
    }

    fn missing(&self, member: &str) -> Fault {
        let fault = fault("credential-member-missing", format!("{}no member `{member}`", self.owner()))
            .fact("place", self.member(member));
        match self.origin {
            Origin::TerraformState => fault.hint("run `terraform apply` first: the value may be known only after it"),
            Origin::Document | Origin::TerraformConfiguration => fault,
        }
    }

    fn has_templates(&self) -> bool {
        self.origin == Origin::TerraformConfiguration
    }

    fn computed(&self, name: &str) -> Fault {
        let place = self.member(name);
        fault("credential-computed", format!("`{place}` is a Terraform expression, whose value is not in this file"))
            .fact("place", place)
            .hint("use the output of `terraform show -json` instead")
    }

    /// The beginning of a sentence about this object.
    fn owner(&self) -> String {
        match self.location {
            Location::Named("") => "the credential has ".to_owned(),
            place => format!("`{place}` has "),
        }
    }

    fn member(&self, name: &str) -> String {
        match self.location {
            Location::Named("") => name.to_owned(),
            place => format!("{place}.{name}"),
        }
    }
}

/// A value, or its mask if it is a secret that is wrapped over lines. What is shown is searched for
/// secrets line by line.
fn without_wrapped_secret(text: String) -> String {
    if text.contains(char::is_whitespace) && is_certain_secret(&text) { "[secret]".to_owned() } else { text }
}

pub(super) fn wrong_type(place: &str, expected: &str, found: &Value) -> Fault {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    fault("credential-member-type", format!("`{place}` must be {expected}, but is {found}")).fact("place", place)
}

fn present(value: &Value) -> Option<&Value> {
    (!value.is_null()).then_some(value)
}

/// The value of a Terraform template. None when the template computes a value.
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
    fn only_templates_without_computation_have_a_value() {
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
