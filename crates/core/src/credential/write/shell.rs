//! Commands of the Azure CLI for a POSIX shell.
//!
//! A value passes two readers. The shell is one. The other is the CLI itself, which takes `@name` for the content of a file,
//! and, in its newer commands, `null`, `??` and single quotes as a notation of its own.

use super::fault;
use super::json::graph_body;
use crate::Fault;
use crate::cloud::Cloud;
use crate::credential::{Credential, Matcher};

/// `az ad app federated-credential create`, and `az rest` where that command has no way to say it: it insists on a subject.
pub(super) fn application(credentials: &[Credential], client_id: Option<&str>, cloud: &Cloud) -> String {
    let graph = cloud.resource("graph").unwrap_or("https://graph.microsoft.com");
    let mut lines = String::new();
    for credential in credentials {
        // The CLI splits an argument at its first `=`, and would read a file if `@` came next.
        let body = word(&graph_body(credential).to_string().replace("=@", "=\\u0040"));
        lines += &match &credential.matcher {
            Matcher::Subject(_) => {
                let id = client_id.map_or_else(|| variable("AZURE_CLIENT_ID"), word);
                format!("az ad app federated-credential create --id {id} --parameters {body}\n")
            }
            Matcher::Expression { .. } => {
                let url = |id: &str| format!("{graph}/beta/applications(appId='{id}')/federatedIdentityCredentials");
                let url = client_id.map_or_else(|| format!("\"{}\"", url("${AZURE_CLIENT_ID:?}")), |id| word(&url(id)));
                format!("az rest --method post --url {url} --body {body}\n")
            }
        };
    }
    lines
}

/// `az identity federated-credential create`.
pub(super) fn identity(
    credentials: &[Credential],
    name: Option<&str>,
    resource_group: Option<&str>,
) -> Result<String, Fault> {
    let mut lines = String::new();
    for credential in credentials {
        lines += "az identity federated-credential create";
        lines += &option("--identity-name", name, "IDENTITY_NAME")?;
        lines += &option("--resource-group", resource_group, "RESOURCE_GROUP")?;
        lines += &argument("--name", &notation(&credential.name))?;
        lines += &argument("--issuer", &notation(&credential.issuer))?;
        match &credential.matcher {
            Matcher::Subject(subject) => lines += &argument("--subject", &notation(subject))?,
            Matcher::Expression { value, language_version } => {
                lines += &argument("--claims-matching-expression-value", &notation(value))?;
                lines += &argument("--claims-matching-expression-version", &language_version.to_string())?;
            }
        }
        lines += &argument("--audiences", &list_notation(credential.audience().unwrap_or_default()))?;
        lines.push('\n');
    }
    Ok(lines)
}

fn option(name: &str, value: Option<&str>, otherwise: &str) -> Result<String, Fault> {
    match value {
        Some(value) => argument(name, &notation(value)),
        None => Ok(format!(" {name} {}", variable(otherwise))),
    }
}

/// An option and its value; as one word where the value could be taken for an option or a file.
fn argument(name: &str, value: &str) -> Result<String, Fault> {
    if value.contains('\0') {
        let message = format!("the value for `{name}` holds the character NUL, which no command line can carry");
        return Err(fault("value-not-for-shell", message).hint("write it with --format arm"));
    }
    let as_one_word = value.starts_with('-') || value.contains("=@");
    Ok(format!(" {name}{}{}", if as_one_word { '=' } else { ' ' }, word(value)))
}

/// A text in the notation of the CLI's newer commands, which take most texts as they are.
fn notation(value: &str) -> String {
    let special = value.starts_with(['\'', '@']) || value == "null" || value == "??";
    if special { quoted(value) } else { value.to_owned() }
}

/// A list of one text; without brackets where it can't be taken for anything else, such as the name of a file.
fn list_notation(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_');
    if value.contains("://") && value.chars().all(plain) { value.to_owned() } else { format!("[{}]", quoted(value)) }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'/"))
}

/// One word of a POSIX shell, whatever the text. It picks the quotes that leave the text readable.
fn word(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_' | ',' | '@' | '+');
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else if !text.contains('\'') {
        format!("'{text}'")
    } else if !text.contains(['"', '$', '`', '\\', '!']) {
        format!("\"{text}\"")
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A variable that must be set: the shell stops with its name when it isn't.
fn variable(name: &str) -> String {
    format!("\"${{{name}:?}}\"")
}
