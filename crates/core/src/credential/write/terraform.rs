//! Writes Terraform, in its own language and in JSON.

use serde_json::{Map, Value};

use super::{Owner, fault};
use crate::Fault;
use crate::credential::{Credential, Matcher};
use crate::platform::text::{JSON_SIGN, is_unprintable, with_escaped_signs};

/// A block: `kind "label" "label" { ... }`.
pub(super) struct Block {
    remark: Option<&'static str>,
    kind: &'static str,
    labels: Vec<String>,
    attributes: Vec<(&'static str, Attribute)>,
}

/// The value of an attribute.
enum Attribute {
    Text(String),
    Texts(Vec<String>),
    /// The value at another address of the configuration.
    Reference(&'static str),
    /// Another resource, for `depends_on`.
    Dependency(String),
    /// The type `string`.
    TextType,
}

/// The data source of the owner, then one resource for each credential.
pub(super) fn blocks(credentials: &[Credential], owner: &Owner) -> Result<Vec<Block>, Fault> {
    match owner {
        Owner::Application { client_id } => {
            let mut blocks = Vec::new();
            let client_id = known(client_id.as_deref(), "client_id", "var.client_id", &mut blocks);
            blocks.push(block("data", &["azuread_application", "this"], vec![("client_id", client_id)]));
            blocks.extend(credentials_of(credentials, false, false)?);
            Ok(blocks)
        }
        Owner::ManagedIdentity { name, resource_group, .. } => {
            let mut blocks = Vec::new();
            let name = known(name.as_deref(), "identity_name", "var.identity_name", &mut blocks);
            let group = known(resource_group.as_deref(), "resource_group_name", "var.resource_group_name", &mut blocks);
            let attributes = vec![("name", name), ("resource_group_name", group)];
            blocks.push(block("data", &["azurerm_user_assigned_identity", "this"], attributes));
            blocks.extend(credentials_of(credentials, true, false)?);
            Ok(blocks)
        }
    }
}

/// A resource for each credential of an application or a managed identity, which this configuration
/// makes or finds.
pub(super) fn credentials_of(
    credentials: &[Credential],
    is_of_identity: bool,
    is_made: bool,
) -> Result<Vec<Block>, Fault> {
    let owner = |address: &'static str| match is_made {
        true => address.trim_start_matches("data."),
        false => address,
    };
    let of_previous = |at: usize| at.checked_sub(1).and_then(|before| credentials.get(before));
    let block = |(at, credential): (usize, &Credential)| match is_of_identity {
        true => of_identity(credential, of_previous(at), owner("data.azurerm_user_assigned_identity.this.id")),
        false => Ok(of_application(credential, owner("data.azuread_application.this.id"))),
    };
    credentials.iter().enumerate().map(block).collect()
}

/// The blocks in Terraform's own language, formatted like `terraform fmt`.
pub(super) fn native(blocks: &[Block]) -> String {
    blocks.iter().map(Block::native).collect::<Vec<_>>().join("\n")
}

/// The blocks in JSON.
pub(super) fn json(blocks: &[Block]) -> String {
    let mut document = Map::new();
    for block in blocks {
        let path: Vec<_> = std::iter::once(block.kind).chain(block.labels.iter().map(String::as_str)).collect();
        let mut members = Map::new();
        for (name, value) in &block.attributes {
            members.insert((*name).to_owned(), value.json());
        }
        insert(&mut document, &path, members);
    }
    format!("{:#}\n", Value::Object(document))
}

/// Inserts members into the object at this path, and creates missing objects.
fn insert(object: &mut Map<String, Value>, path: &[&str], members: Map<String, Value>) {
    let [first, rest @ ..] = path else { return object.extend(members) };
    if let Value::Object(inner) = object.entry(*first).or_insert_with(|| Value::Object(Map::new())) {
        insert(inner, rest, members);
    }
}

/// The value if it is known, otherwise a new variable.
fn known(value: Option<&str>, name: &str, reference: &'static str, blocks: &mut Vec<Block>) -> Attribute {
    match value {
        Some(value) => Attribute::Text(value.to_owned()),
        None => {
            blocks.push(block("variable", &[name], vec![("type", Attribute::TextType)]));
            Attribute::Reference(reference)
        }
    }
}

fn of_application(credential: &Credential, owner: &'static str) -> Block {
    let audience = credential.audience().unwrap_or_default().to_owned();
    let mut attributes = vec![
        ("application_id", Attribute::Reference(owner)),
        ("display_name", Attribute::Text(credential.name.clone())),
    ];
    attributes.extend(credential.description.clone().map(|text| ("description", Attribute::Text(text))));
    attributes.push(("issuer", Attribute::Text(credential.issuer.clone())));
    let kind = match &credential.matcher {
        Matcher::Subject(subject) => {
            attributes.push(("subject", Attribute::Text(subject.clone())));
            attributes.push(("audiences", Attribute::Texts(vec![audience])));
            "azuread_application_federated_identity_credential"
        }
        Matcher::Expression { value, .. } => {
            attributes.push(("claims_matching_expression", Attribute::Text(value.clone())));
            attributes.push(("audience", Attribute::Text(audience)));
            "azuread_application_flexible_federated_identity_credential"
        }
    };
    block("resource", &[kind, &label(credential)], attributes)
}

/// Each resource depends on the one before, because the service refuses to write two credentials of
/// an identity at the same time.
fn of_identity(credential: &Credential, previous: Option<&Credential>, owner: &'static str) -> Result<Block, Fault> {
    let Matcher::Subject(subject) = &credential.matcher else {
        let message =
            format!("Terraform's azurerm provider does not support expressions, and {} has one", credential.name);
        return Err(fault("format-without-expressions", message).hint("use --format bicep, arm or az-identity"));
    };
    let audience = credential.audience().unwrap_or_default().to_owned();
    let mut attributes = vec![
        ("user_assigned_identity_id", Attribute::Reference(owner)),
        ("name", Attribute::Text(credential.name.clone())),
        ("issuer", Attribute::Text(credential.issuer.clone())),
        ("subject", Attribute::Text(subject.clone())),
        ("audience", Attribute::Texts(vec![audience])),
    ];
    let dependency = previous.map(|previous| format!("{OF_IDENTITY}.{}", label(previous)));
    attributes.extend(dependency.map(|address| ("depends_on", Attribute::Dependency(address))));
    let remark =
        previous.is_none().then_some("azurerm 5; before it, parent_id and resource_group_name name the identity");
    Ok(Block { remark, ..block("resource", &[OF_IDENTITY, &label(credential)], attributes) })
}

const OF_IDENTITY: &str = "azurerm_federated_identity_credential";

/// The name of the resource, which, unlike the credential's, cannot begin with a digit.
fn label(credential: &Credential) -> String {
    let digit = credential.name.starts_with(|first: char| first.is_ascii_digit());
    format!("{}{}", if digit { "_" } else { "" }, credential.name)
}

fn block(kind: &'static str, labels: &[&str], attributes: Vec<(&'static str, Attribute)>) -> Block {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Block { remark: None, kind, labels, attributes }
}

impl Block {
    fn native(&self) -> String {
        let mut text = self.remark.map(|remark| format!("# {remark}\n")).unwrap_or_default();
        text += self.kind;
        for label in &self.labels {
            text += &format!(" \"{label}\"");
        }
        text += " {\n";
        let width = self.attributes.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, value) in &self.attributes {
            text += &format!("  {name:width$} = {}\n", value.native());
        }
        text + "}\n"
    }
}

impl Attribute {
    fn native(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Texts(texts) => format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")),
            Self::Reference(address) => (*address).to_owned(),
            Self::Dependency(address) => format!("[{address}]"),
            Self::TextType => "string".to_owned(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(template(text)),
            Self::Texts(texts) => texts.iter().map(|text| Value::String(template(text))).collect(),
            Self::Reference(address) => Value::String(format!("${{{address}}}")),
            Self::Dependency(address) => Value::Array(vec![Value::String(address.clone())]),
            Self::TextType => Value::String("string".to_owned()),
        }
    }
}

/// A string literal of Terraform's own language.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in template(text).chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            c if is_unprintable(c) && c > '\u{ffff}' => quoted += &format!("\\U{:08x}", u32::from(c)),
            c if is_unprintable(c) => quoted += &format!("\\u{:04x}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    with_escaped_signs(quoted, JSON_SIGN)
}

/// A template with this value. Escapes `${` and `%{`, which begin a computation.
fn template(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        for (text, expected) in [
            ("", r#""""#),
            ("claims['sub'] eq \"a\"", r#""claims['sub'] eq \"a\"""#),
            ("${x} %{ if } $x %x $ {", r#""$${x} %%{ if } $x %x $ {""#),
            ("$${x}", r#""$$${x}""#),
            ("##vso[x]", r#""\u0023#vso[x]""#),
            ("a\\\n\t\r\u{1}\u{85}é", r#""a\\\n\t\r\u0001\u0085é""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
