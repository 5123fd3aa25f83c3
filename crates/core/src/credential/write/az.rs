//! Writes commands of the Azure CLI for a shell.
//!
//! Two programs read each value: the shell, and the CLI. The CLI replaces `@name` by the content of
//! a file. Its newer commands also have a notation of their own, in which `null`, `??` and single
//! quotes have a meaning.
//!
//! PowerShell does not pass double quotes on, so a body goes through a file. Its bytes are ASCII,
//! because versions of PowerShell differ in how they encode other characters.

use serde_json::Value;

use super::json::{arm_body, graph_body};
use super::{bicep, fault};
use crate::Fault;
use crate::cloud::Cloud;
use crate::credential::{Credential, Matcher};
use crate::platform::text::{defuse, json_text};
use crate::shell::Shell;

/// The file for a body, in the current folder.
const FILE: &str = "federated-credential.json";

const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const IDENTITY_NAME: &str = "IDENTITY_NAME";
const RESOURCE_GROUP: &str = "RESOURCE_GROUP";

/// `az ad app federated-credential create`; for an expression `az rest`, because that command
/// requires a subject.
pub(super) fn create_of_application(
    credential: &Credential,
    client_id: Option<&str>,
    cloud: &Cloud,
    shell: Shell,
) -> Result<String, Fault> {
    let mut line = Line::new(shell);
    let body = match &credential.matcher {
        Matcher::Subject(_) => {
            line.words += "az ad app federated-credential create";
            line.known("--id", client_id.map(str::to_owned), CLIENT_ID)?;
            "--parameters"
        }
        Matcher::Expression { .. } => {
            let graph = cloud.resource("graph").unwrap_or("https://graph.microsoft.com");
            line.words += "az rest --method post --url ";
            line.graph_url(&format!("{graph}/beta/applications"), client_id)?;
            "--body"
        }
    };
    line.body(body, &graph_body(credential));
    Ok(line.finish())
}

/// `az ad app federated-credential update`, for a credential with a subject.
pub(super) fn update_of_application(
    credential: &Credential,
    client_id: Option<&str>,
    shell: Shell,
) -> Result<String, Fault> {
    let mut line = Line::new(shell);
    // Entra's rules for names allow no quote.
    line.words += &format!("az ad app federated-credential update --federated-credential-id '{}'", credential.name);
    line.known("--id", client_id.map(str::to_owned), CLIENT_ID)?;
    line.body("--parameters", &graph_body(credential));
    Ok(line.finish())
}

/// `az ad app federated-credential delete`.
pub(super) fn delete_of_application(
    credential: &Credential,
    client_id: Option<&str>,
    shell: Shell,
) -> Result<String, Fault> {
    let mut line = Line::new(shell);
    line.words += "az ad app federated-credential delete";
    line.argument("--federated-credential-id", &credential.name)?;
    line.known("--id", client_id.map(str::to_owned), CLIENT_ID)?;
    Ok(line.finish())
}

/// A managed identity, in the words of the Azure CLI.
#[derive(Clone, Copy)]
pub(super) struct Identity<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) resource_group: Option<&'a str>,
    pub(super) subscription: Option<&'a str>,
    pub(super) shell: Shell,
}

impl Identity<'_> {
    /// `az identity federated-credential VERB`, where the verb is `create` or `update`; `az rest`,
    /// which does both, when the shell does not pass a value to that command.
    pub(super) fn set(self, verb: &str, credential: &Credential) -> Result<String, Fault> {
        match self.shell {
            Shell::Bash => self.by_options(verb, credential),
            Shell::Powershell => {
                self.by_options(verb, credential).or_else(|fault| self.by_file(credential).ok_or(fault))
            }
        }
    }

    /// `az identity federated-credential delete`, which asks for confirmation without `--yes`.
    pub(super) fn delete(self, credential: &Credential) -> Result<String, Fault> {
        let mut line = self.start("delete --yes")?;
        line.argument("--name", &credential.name)?;
        Ok(line.finish())
    }

    fn start(self, verb: &str) -> Result<Line, Fault> {
        let mut line = Line::new(self.shell);
        line.words += &format!("az identity federated-credential {verb}");
        line.known("--identity-name", self.name.map(notation), IDENTITY_NAME)?;
        line.known("--resource-group", self.resource_group.map(notation), RESOURCE_GROUP)?;
        if let Some(subscription) = self.subscription {
            line.argument("--subscription", subscription)?;
        }
        Ok(line)
    }

    fn by_options(self, verb: &str, credential: &Credential) -> Result<String, Fault> {
        let mut line = self.start(verb)?;
        line.argument("--name", &notation(&credential.name))?;
        line.argument("--issuer", &notation(&credential.issuer))?;
        match &credential.matcher {
            Matcher::Subject(subject) => line.argument("--subject", &notation(subject))?,
            Matcher::Expression { value, language_version } => {
                line.argument("--claims-matching-expression-value", &notation(value))?;
                line.argument("--claims-matching-expression-version", &language_version.to_string())?;
            }
        }
        line.argument("--audiences", &list_notation(credential.audience().unwrap_or_default()))?;
        Ok(line.finish())
    }

    /// None when the URL cannot hold the name of the identity or of its resource group.
    fn by_file(self, credential: &Credential) -> Option<String> {
        let mut line = Line::new(self.shell);
        let mut segment = |value: Option<&str>, variable: &str| {
            let Some(value) = value else {
                line.require(variable);
                return Some(format!("${{env:{variable}}}"));
            };
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            (!value.is_empty() && value.chars().all(fits)).then(|| value.to_owned())
        };
        let (name, group) = (segment(self.name, IDENTITY_NAME)?, segment(self.resource_group, RESOURCE_GROUP)?);
        let subscription = self.subscription.unwrap_or("{subscriptionId}");
        line.words += &format!(
            "az rest --method put --url \"/subscriptions/{subscription}/resourceGroups/{group}/providers/{}/{name}/\
             federatedIdentityCredentials/{}?api-version={}\"",
            bicep::IDENTITIES,
            credential.name,
            bicep::api(&credential.matcher)
        );
        line.body("--body", &arm_body(credential));
        Some(line.finish())
    }
}

/// The managed identity of this name.
pub(super) const fn identity_of<'a>(name: &'a str, resource_group: &'a str, shell: Shell) -> Identity<'a> {
    Identity { name: Some(name), resource_group: Some(resource_group), subscription: None, shell }
}

/// A command while it is written.
pub(super) struct Line {
    shell: Shell,
    /// What must be done before it.
    before: String,
    words: String,
}

impl Line {
    const fn new(shell: Shell) -> Self {
        Self { shell, before: String::new(), words: String::new() }
    }

    /// The value of an option as one word of the shell.
    pub(super) fn word(shell: Shell, option: &str, value: &str) -> Result<String, Fault> {
        Self::new(shell).require_passing(option, value)?;
        Ok(shell.word(value))
    }

    fn finish(self) -> String {
        self.before + &self.words
    }

    /// An option and its value; one word where the CLI could mistake the value for an option or a
    /// file.
    fn argument(&mut self, option: &str, value: &str) -> Result<(), Fault> {
        self.require_passing(option, value)?;
        let is_one_word = value.starts_with('-') || value.contains("=@");
        self.words += &match self.shell {
            Shell::Bash if is_one_word => format!(" {option}={}", self.shell.word(value)),
            Shell::Powershell if is_one_word => format!(" {}", self.shell.word(&format!("{option}={value}"))),
            shell => format!(" {option} {}", shell.word(value)),
        };
        Ok(())
    }

    /// An option and its value, or a variable.
    fn known(&mut self, option: &str, value: Option<String>, variable: &str) -> Result<(), Fault> {
        let Some(value) = value else {
            let variable = self.variable(variable);
            self.words += &format!(" {option} {variable}");
            return Ok(());
        };
        self.argument(option, &value)
    }

    /// The URL of an application's credentials in Microsoft Graph. PowerShell does not pass the
    /// parentheses of a key such as `(appId='...')`.
    fn graph_url(&mut self, applications: &str, client_id: Option<&str>) -> Result<(), Fault> {
        const END: &str = "federatedIdentityCredentials";
        match (self.shell, client_id) {
            (Shell::Bash, Some(id)) => {
                self.require_passing("--id", id)?;
                self.words += &self.shell.word(&format!("{applications}(appId='{id}')/{END}"));
            }
            (Shell::Bash, None) => self.words += &format!("\"{applications}(appId='${{{CLIENT_ID}:?}}')/{END}\""),
            (Shell::Powershell, id) => {
                self.words += &format!("\"{applications}/$(az ad app show");
                self.known("--id", id.map(str::to_owned), CLIENT_ID)?;
                self.words += &format!(" --query id --output tsv)/{END}\"");
            }
        }
        Ok(())
    }

    /// An option and a request body. The CLI splits an argument at its first `=`, and would read a
    /// file if `@` came next.
    fn body(&mut self, option: &str, body: &Value) {
        let word = match self.shell {
            Shell::Bash => self.shell.word(&json_text(body).replace("=@", "=\\u0040")),
            Shell::Powershell => {
                let text = self.shell.word(&ascii(&json_text(body)));
                self.before += &format!("Set-Content {FILE} -ErrorAction Stop -Encoding ascii -Value {text}; ");
                self.shell.word(&format!("@{FILE}"))
            }
        };
        self.words += &format!(" {option} {word}");
    }

    /// A variable that must be set: otherwise the shell stops and names it.
    fn variable(&mut self, name: &str) -> String {
        self.require(name);
        match self.shell {
            Shell::Bash => format!("\"${{{name}:?}}\""),
            Shell::Powershell => format!("$env:{name}"),
        }
    }

    fn require(&mut self, name: &str) {
        if self.shell == Shell::Powershell {
            self.before += &format!("if (!$env:{name}) {{ throw 'set {name}' }}; ");
        }
    }

    fn require_passing(&self, option: &str, value: &str) -> Result<(), Fault> {
        // A word of PowerShell cannot keep the characters of a CI system's logging command apart.
        let is_safe = self.shell == Shell::Bash || defuse(value) == value;
        // The CLI would read a file; only its newer commands have a notation against that.
        if self.shell.passes(value) && is_safe && !value.starts_with('@') {
            return Ok(());
        }
        let message = format!("a command cannot pass the value for `{option}` unchanged");
        let hint = "use `--format graph` for an application, or `--format arm` for a managed identity";
        Err(fault("value-not-for-shell", message).hint(hint))
    }
}

/// JSON with escapes for all characters outside ASCII.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
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
