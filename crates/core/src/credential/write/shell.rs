//! Writes commands of the Azure CLI for a POSIX shell.
//!
//! Two programs read each value: the shell, and the CLI. The CLI replaces `@name` by the content of
//! a file. Its newer commands also have a notation of their own, in which `null`, `??` and single
//! quotes have a meaning.

use super::fault;
use super::json::graph_body;
use crate::Fault;
use crate::cloud::Cloud;
use crate::credential::{Credential, Matcher};
use crate::platform::text::{json_text, separated, shell_quote};

/// `az ad app federated-credential create`; for an expression `az rest`, because that command
/// requires a subject.
pub(super) fn application(credentials: &[Credential], client_id: Option<&str>, cloud: &Cloud) -> String {
    let graph = cloud.resource("graph").unwrap_or("https://graph.microsoft.com");
    let mut lines = String::new();
    for credential in credentials {
        let body = body(credential);
        lines += &match &credential.matcher {
            Matcher::Subject(_) => {
                format!("az ad app federated-credential create --id {} --parameters {body}\n", id(client_id))
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

/// `az ad app federated-credential update`, for a credential with a subject.
pub(super) fn update_of_application(credential: &Credential, client_id: Option<&str>) -> String {
    let (id, body) = (id(client_id), body(credential));
    // Entra's rules for names allow no quote.
    let name = format!("'{}'", credential.name);
    format!("az ad app federated-credential update --federated-credential-id {name} --id {id} --parameters {body}")
}

/// `az ad app federated-credential delete`.
pub(super) fn delete_of_application(credential: &Credential, client_id: Option<&str>) -> String {
    let name = word(&credential.name);
    format!("az ad app federated-credential delete --federated-credential-id {name} --id {}", id(client_id))
}

/// `az identity federated-credential delete`, which asks for confirmation unless told otherwise.
pub(super) fn delete_of_identity(credential: &Credential, name: Option<&str>, resource_group: Option<&str>) -> String {
    let known = |value: Option<&str>, variable_name| value.map_or_else(|| variable(variable_name), word);
    format!(
        "az identity federated-credential delete --yes --identity-name {} --resource-group {} --name {}",
        known(name, "IDENTITY_NAME"),
        known(resource_group, "RESOURCE_GROUP"),
        word(&credential.name)
    )
}

fn id(client_id: Option<&str>) -> String {
    client_id.map_or_else(|| variable("AZURE_CLIENT_ID"), word)
}

/// The request body as one word of the shell. The CLI splits an argument at its first `=`, and
/// would read a file if `@` came next.
fn body(credential: &Credential) -> String {
    word(&json_text(&graph_body(credential)).replace("=@", "=\\u0040"))
}

/// `az identity federated-credential create`, one line for each credential.
pub(super) fn identity(
    credentials: &[Credential],
    name: Option<&str>,
    resource_group: Option<&str>,
) -> Result<String, Fault> {
    let line = |credential| Ok(identity_command("create", credential, name, resource_group)? + "\n");
    credentials.iter().map(line).collect()
}

/// `az identity federated-credential VERB`, where the verb is `create` or `update`.
pub(super) fn identity_command(
    verb: &str,
    credential: &Credential,
    name: Option<&str>,
    resource_group: Option<&str>,
) -> Result<String, Fault> {
    let mut line = format!("az identity federated-credential {verb}");
    line += &option("--identity-name", name, "IDENTITY_NAME")?;
    line += &option("--resource-group", resource_group, "RESOURCE_GROUP")?;
    line += &argument("--name", &notation(&credential.name))?;
    line += &argument("--issuer", &notation(&credential.issuer))?;
    match &credential.matcher {
        Matcher::Subject(subject) => line += &argument("--subject", &notation(subject))?,
        Matcher::Expression { value, language_version } => {
            line += &argument("--claims-matching-expression-value", &notation(value))?;
            line += &argument("--claims-matching-expression-version", &language_version.to_string())?;
        }
    }
    line += &argument("--audiences", &list_notation(credential.audience().unwrap_or_default()))?;
    Ok(line)
}

fn option(name: &str, value: Option<&str>, otherwise: &str) -> Result<String, Fault> {
    match value {
        Some(value) => argument(name, &notation(value)),
        None => Ok(format!(" {name} {}", variable(otherwise))),
    }
}

/// An option and its value; one word where the CLI could mistake the value for an option or a file.
fn argument(name: &str, value: &str) -> Result<String, Fault> {
    if value.contains('\0') {
        let message = format!("the value for `{name}` contains the character NUL, which a command line cannot pass");
        return Err(fault("value-not-for-shell", message).hint("use --format arm"));
    }
    let as_one_word = value.starts_with('-') || value.contains("=@");
    Ok(format!(" {name}{}{}", if as_one_word { '=' } else { ' ' }, word(value)))
}

/// A text in the notation of the CLI's newer commands, in which most texts stand for themselves.
fn notation(value: &str) -> String {
    let special = value.starts_with(['\'', '@']) || value == "null" || value == "??";
    if special { quoted(value) } else { value.to_owned() }
}

/// A list of one text. Brackets are left out where the text cannot be mistaken for something else,
/// such as a file name.
fn list_notation(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_');
    if value.contains("://") && value.chars().all(plain) { value.to_owned() } else { format!("[{}]", quoted(value)) }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'/"))
}

/// One word of a POSIX shell for any text, with the quotes that leave the text most readable.
fn word(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_' | ',' | '@' | '+');
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else if text.contains('\'') && !text.contains(['"', '$', '`', '\\', '!']) {
        format!("\"{}\"", separated(text, "\"\""))
    } else {
        shell_quote(text)
    }
}

/// A variable that must be set: otherwise the shell stops and names it.
fn variable(name: &str) -> String {
    format!("\"${{{name}:?}}\"")
}
