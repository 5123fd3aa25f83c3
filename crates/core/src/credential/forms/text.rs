//! Decodes the bytes of a document, and recognises documents that are not JSON.

use std::borrow::Cow;

use serde_json::error::Category as Kind;

use super::{LIST_HINT, fault};
use crate::Fault;
use crate::cloud::CLOUDS;

/// The text with which Graph v1.0 ends a list at a credential without a subject.
pub(super) const NULL_SUBJECT: &str = "subject[Nullable=False]";

/// The text of these bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xFF, 0xFE, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] => u16::from_be_bytes,
        _ => return std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| not_utf8()),
    };
    let (pairs, rest) = bytes[2..].as_chunks::<2>();
    let text = String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>());
    // PowerShell decodes the text with some code page before it writes UTF-16, so only ASCII is
    // certainly unchanged.
    text.ok().filter(|text| text.is_ascii() && rest.is_empty()).map(Cow::Owned).ok_or_else(not_utf8)
}

/// Removes the byte order mark that Windows tools write before UTF-8.
pub(super) fn without_mark(text: &str) -> Result<&str, Fault> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // UTF-16 that was decoded as UTF-8: every other byte is 0, and the mark became two replacement
    // characters.
    if text.contains('\0') || text.starts_with('\u{FFFD}') { Err(not_utf8()) } else { Ok(text) }
}

/// The fault for a document that is not JSON. Never shows its content, which may be a token.
pub(super) fn explain(text: &str, error: &serde_json::Error) -> Fault {
    let start = text.trim_start();
    if start.is_empty() {
        return fault("credential-empty", "the document with the credentials is empty").hint(LIST_HINT);
    }
    if is_cut_by_graph(start) {
        return graph_v1_fault(start);
    }
    let (what, hint) = if start.starts_with("eyJ") {
        ("looks like a token", LIST_HINT)
    } else if start.contains("resource \"") && start.contains("federated_identity_credential\"") {
        ("is written in Terraform's language", "use the output of `terraform show -json` instead")
    } else if start.contains("'Microsoft.ManagedIdentity/") || start.contains("'Microsoft.Graph/") {
        ("is a Bicep file", LIST_HINT)
    } else if start.starts_with("ERROR:") {
        ("looks like an error message of the Azure CLI", LIST_HINT)
    } else if is_table(start) {
        ("looks like the table that the Azure CLI prints with `--output table`", LIST_HINT)
    } else if is_tsv(start) {
        ("looks like the lines that the Azure CLI prints with `--output tsv`", LIST_HINT)
    } else if is_yaml(start) {
        ("looks like YAML, as the Azure CLI prints it with `--output yaml`", YAML_HINT)
    } else {
        return not_json(error);
    };
    let message = format!("the document with the credentials {what}, not JSON");
    fault("credential-not-json", message).hint(hint)
}

/// For YAML, which the Azure CLI and kubectl print.
const YAML_HINT: &str = "print the same with `--output json`, with the Azure CLI as with kubectl; the Azure CLI lists credentials with: az ad app \
                         federated-credential list --id CLIENT_ID --output json ; az identity federated-credential list \
                         --identity-name NAME --resource-group GROUP --output json";

/// Whether a line under the first one consists of dashes, a group for each column. Some tables have
/// frames.
fn is_table(text: &str) -> bool {
    let is_rule =
        |line: &str| line.contains("---") && line.trim().chars().all(|c| matches!(c, '-' | ' ' | '+' | '|' | '='));
    text.lines().take(3).any(is_rule) || (text.starts_with("Audiences") && !text.contains(": "))
}

fn is_tsv(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    line.contains('\t') && !line.starts_with(['{', '[', '"'])
}

/// Whether lines have the form `name: value`, in a list or not.
fn is_yaml(text: &str) -> bool {
    let is_member = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        let name =
            line.split_once(':').filter(|(_, rest)| rest.is_empty() || rest.starts_with(' ')).map(|(name, _)| name);
        name.is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '@'))
        })
    };
    let start = text.trim_start_matches("---").trim_start();
    start.starts_with("- ") || (start.lines().take(2).filter(|line| is_member(line)).count() == 2)
}

fn not_json(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    let message = if error.classify() == Kind::Eof {
        format!("the JSON with the credentials is incomplete: it ends at line {line}, column {column}")
    } else {
        format!("the document with the credentials is not valid JSON at line {line}, column {column}")
    };
    fault("credential-not-json", message).hint(LIST_HINT)
}

/// Whether an error object is in the middle of a list, where JSON allows no value.
fn is_cut_by_graph(text: &str) -> bool {
    text.contains(NULL_SUBJECT) || (text.contains("@odata.context") && text.contains("\"{\"error\":"))
}

/// The fault for a list that Graph v1.0 broke off. Its schema requires a subject, and flexible
/// credentials have none.
pub(super) fn graph_v1_fault(text: &str) -> Fault {
    let hosts = CLOUDS.iter().filter_map(|cloud| cloud.resource("graph"));
    let host =
        hosts.into_iter().find(|host| text.contains(&format!("{host}/"))).unwrap_or("https://graph.microsoft.com");
    // Parentheses, as in `applications(appId='...')`, do not reach the Azure CLI from PowerShell.
    let application = application(text).unwrap_or("$(az ad app show --id CLIENT_ID --query id --output tsv)");
    let message = "Microsoft Graph v1.0 broke off the list, because it does not support flexible credentials, and the \
                   application has one";
    fault("credential-graph-v1", message)
        .hint(format!("az rest --url \"{host}/beta/applications/{application}/federatedIdentityCredentials\""))
}

/// The object id in `applications('...')` of a list's context, when it is a GUID.
fn application(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("applications('")?;
    let (id, _) = after.split_once('\'')?;
    (id.len() == 36 && id.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-')).then_some(id)
}

fn not_utf8() -> Fault {
    fault("credential-not-utf8", "the document with the credentials is not UTF-8")
        .hint("write the file with cmd instead of Windows PowerShell, whose > writes UTF-16: cmd /c \"az ... --output json > credentials.json\"")
}
