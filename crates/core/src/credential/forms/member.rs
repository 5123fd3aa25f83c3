//! Reads one credential from an object, and names the member that stands in the way.

use std::fmt;

use serde_json::{Map, Value};

use super::{fault, identity};
use crate::Fault;
use crate::credential::{Credential, Matcher};

/// What is read of a credential.
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

/// Which member a name means, and its place among that member's names: Graph's and Resource Manager's, then PowerShell's, then
/// Terraform's.
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

/// Whether an object looks like one credential, rather than like something else.
pub(super) fn is_credential(object: &Map<String, Value>) -> bool {
    let telling =
        |name: &String| matches!(known(name), Some((Member::Issuer | Member::Subject | Member::Properties, _)));
    object.keys().any(telling)
}

/// Where a credential stands in its document. Nothing is written down until somebody asks.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// An element of the list of this name.
    Item(&'a str, usize),
    /// Known by this name; empty for the document itself.
    Named(&'a str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(list, index) => write!(f, "{list}[{index}]"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// The members of an object that are there and not null, each by the first of its names.
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

/// An object that should hold a credential, and where it stands.
pub(super) struct Reader<'a> {
    object: &'a Map<String, Value>,
    members: Members<'a>,
    place: Place<'a>,
    /// Whether texts are Terraform templates, in which `$${` stands for `${`.
    templates: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn of(object: &'a Map<String, Value>, place: Place<'a>) -> Self {
        let mut all = members(object);
        // Where Resource Manager keeps everything but the name.
        if let Some((_, _, Value::Object(properties))) = all[Member::Properties as usize] {
            for (slot, inner) in all.iter_mut().zip(members(properties)) {
                *slot = inner.or(*slot);
            }
        }
        Self { object, members: all, place, templates: false }
    }

    /// A block of Terraform's JSON configuration.
    pub(super) fn of_templates(object: &'a Map<String, Value>, place: Place<'a>) -> Self {
        Self { templates: true, ..Self::of(object, place) }
    }

    pub(super) fn credential(&self) -> Result<Credential, Fault> {
        Ok(Credential {
            name: self.required(Member::Name, "name")?,
            issuer: self.required(Member::Issuer, "issuer")?,
            matcher: self.matcher()?,
            audiences: self.audiences()?,
            description: self.text(Member::Description)?.filter(|text| !text.is_empty()),
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
                    format!("{}both `subject` and `claimsMatchingExpression`, and Entra allows one", self.owner());
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

    fn required(&self, member: Member, name: &str) -> Result<String, Fault> {
        self.text(member)?.ok_or_else(|| self.missing(name))
    }

    fn text(&self, member: Member) -> Result<Option<String>, Fault> {
        self.get(member).map(|(name, value)| self.string(name, value)).transpose()
    }

    fn string(&self, name: &str, value: &Value) -> Result<String, Fault> {
        match value {
            Value::String(text) if self.templates => from_template(text).ok_or_else(|| self.computed(name)),
            Value::String(text) => Ok(text.clone()),
            other => Err(wrong_type(&self.member(name), "a text", other)),
        }
    }

    /// The member by the name that it has here.
    fn get(&self, member: Member) -> Option<(&'a str, &'a Value)> {
        self.members[member as usize].map(|(_, name, value)| (name, value))
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
        match self.place {
            Place::Named("") => "the credential has ".to_owned(),
            place => format!("`{place}` has "),
        }
    }

    fn member(&self, name: &str) -> String {
        match self.place {
            Place::Named("") => name.to_owned(),
            place => format!("{place}.{name}"),
        }
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
