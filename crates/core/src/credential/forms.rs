//! Parses credentials from the documents that Azure's tools and Terraform write.
//!
//! Known forms: Microsoft Graph's list, array or single object (`az ad app federated-credential`,
//! `az rest`, PowerShell with its capital letters), Resource Manager's with `properties` (`az
//! identity federated-credential`), Terraform's JSON configuration, its state, and what `terraform
//! show -json` prints, deployment templates, the state of Pulumi, and objects of Kubernetes
//! operators. Unknown members are ignored, and so are comments and text before the JSON.

use serde_json::{Map, Value};

use super::{Credential, CredentialProblem};
use crate::token::json;
use crate::{Category, Fault};

mod foreign;
mod identity;
mod lenient;
mod member;
mod terraform;
mod text;

use member::{Location, Reader};

/// The largest document that is read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The maximum number of credentials in a document. An application or identity has at most 20; an
/// export of a tenant can have hundreds.
pub const MAX_CREDENTIALS: usize = 1_000;

/// The content of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The credentials, in the order of the document. An application without credentials has an
    /// empty list.
    pub credentials: Vec<Credential>,
    /// Notes about the document, such as that it is one page of several.
    pub notes: Vec<CredentialProblem>,
}

impl Parsed {
    fn of(credentials: Vec<Credential>) -> Self {
        Self { credentials, notes: Vec::new() }
    }
}

/// Parses the credentials of a document.
///
/// # Errors
/// When the document has no known form. The message names the position, such as `value[2].subject`.
pub fn parse(json: &str) -> Result<Vec<Credential>, Fault> {
    parse_with_notes(json).map(|parsed| parsed.credentials)
}

/// As [`parse`], for the bytes of a file. Windows PowerShell writes UTF-16 for `>`, which is
/// accepted when it is ASCII.
///
/// # Errors
/// As [`parse`], and when the bytes are not text.
pub fn parse_bytes(bytes: &[u8]) -> Result<Parsed, Fault> {
    check_size(bytes.len())?;
    parse_with_notes(&text::decode(bytes)?)
}

/// As [`parse`], with notes about the document.
///
/// # Errors
/// As [`parse`].
pub fn parse_with_notes(document: &str) -> Result<Parsed, Fault> {
    check_size(document.len())?;
    let text = text::without_mark(document)?;
    let error = match json::lenient(text.as_bytes()) {
        Ok(document) => return read(&document),
        Err(error) => error,
    };
    let (document, note) = lenient::parse(text).ok_or_else(|| text::explain(text, &error))?;
    let mut parsed = read(&document)?;
    parsed.notes.extend(note);
    Ok(parsed)
}

/// As [`parse_with_notes`], for a value that is already parsed.
///
/// # Errors
/// When the document has no known form, or more than [`MAX_CREDENTIALS`] credentials.
pub fn read(document: &Value) -> Result<Parsed, Fault> {
    let parsed = read_form(document)?;
    let count = parsed.credentials.len();
    if count > MAX_CREDENTIALS {
        let message = format!("the document has {count} credentials, and at most {MAX_CREDENTIALS} are read at once");
        return Err(fault("credentials-beyond-limit", message)
            .hint("give the credentials of one application or managed identity, which has at most 20")
            .hint(LIST_HINT));
    }
    Ok(parsed)
}

fn read_form(document: &Value) -> Result<Parsed, Fault> {
    match document {
        Value::Array(items) => Ok(Parsed::of(list(items, "")?)),
        Value::Object(object) => object_form(object),
        _ => Err(unknown_form("the document is neither a JSON object nor an array")),
    }
}

fn check_size(bytes: usize) -> Result<(), Fault> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    let message = format!("the document with the credentials has {bytes} bytes, and at most {MAX_BYTES} are read");
    Err(fault("credential-too-large", message).hint(LIST_HINT))
}

/// Recognises the form by the members that only one form has.
fn object_form(object: &Map<String, Value>) -> Result<Parsed, Fault> {
    if let Some(parsed) = foreign::read(object)? {
        return Ok(parsed);
    }
    if let Some(credentials) = terraform::resources(object)? {
        return Ok(Parsed::of(credentials));
    }
    if let Some(Value::Object(error)) = object.get("error") {
        return Err(error_answer(error));
    }
    for name in ["value", "federatedIdentityCredentials"] {
        if let Some(Value::Array(items)) = object.get(name) {
            let notes = more_pages(object).into_iter().collect();
            return Ok(Parsed { notes, ..Parsed::of(list(items, name)?) });
        }
    }
    if member::is_credential(object) {
        return Ok(Parsed::of(vec![Reader::of(object, Location::Named("")).credential()?]));
    }
    Err(not_credentials(object))
}

fn list(items: &[Value], name: &str) -> Result<Vec<Credential>, Fault> {
    let read = |(index, item): (usize, &Value)| {
        let location = Location::Item(name, index);
        match item {
            Value::Object(object) => Reader::of(object, location).credential(),
            other => Err(member::wrong_type(&location.to_string(), "an object", other)),
        }
    };
    items.iter().enumerate().map(read).collect()
}

/// The note for a page that is not the last one.
fn more_pages(object: &Map<String, Value>) -> Option<CredentialProblem> {
    let link = ["nextLink", "@odata.nextLink"].into_iter().filter_map(|name| object.get(name)?.as_str()).next()?;
    let message = "the document is one page of a longer list, so credentials may be missing";
    let problem = (!link.is_empty()).then(|| CredentialProblem::advice("credentials-more-pages", message))?;
    Some(problem.remedy(
        "list them with `az ad app federated-credential list` or `az identity federated-credential list`, which read all pages",
    ))
}

fn error_answer(error: &Map<String, Value>) -> Fault {
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    let message =
        format!("the document is an error answer, not a list of credentials: {}: {}", text("code"), text("message"));
    if text("message").contains(text::NULL_SUBJECT) {
        return text::graph_v1_fault("").fact("answer", message);
    }
    fault("credential-error-answer", message).hint(LIST_HINT)
}

fn not_credentials(object: &Map<String, Value>) -> Fault {
    let has = |name: &str| object.contains_key(name);
    if has("iss") && has("sub") {
        let message = "the document contains the claims of a token, not credentials";
        return unknown_form(message);
    }
    if has("appId") || has("clientId") {
        return unknown_form("the document describes an application or identity without its credentials");
    }
    let names: Vec<_> = object.keys().take(5).map(|name| format!("`{name}`")).collect();
    let seen = if names.is_empty() { "is an empty object".to_owned() } else { format!("has {}", names.join(", ")) };
    unknown_form(format!("the document {seen}, and no member that a list of credentials has"))
}

fn unknown_form(message: impl Into<String>) -> Fault {
    fault("credential-form-unknown", message).hint(LIST_HINT)
}

/// How to get a document with credentials.
pub const LIST_HINT: &str = "list the credentials of an application with: az ad app federated-credential list --id CLIENT_ID --output json ; of a managed \
                         identity with: az identity federated-credential list --identity-name NAME --resource-group GROUP \
                         --output json";

#[cold]
fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(Category::Usage, code, message)
}

#[cfg(test)]
mod tests;
