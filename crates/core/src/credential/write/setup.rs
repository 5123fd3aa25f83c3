//! Writes the whole set-up of a pipeline: identity, credentials, roles, and the way back.

use crate::cloud::Cloud;
use crate::credential::Credential;
use crate::guid::is_guid;
use crate::harmless::is_unprintable;
use crate::platform::Platform;
use crate::shell::Shell;
use crate::{Fault, docs};

use super::fault;

mod advice;
mod az;
mod bicep;
mod powershell;
mod roles;
mod terraform;

pub use roles::distinct as distinct_roles;

/// The tool that a set-up is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// The Azure CLI, in a script for a shell.
    Az,
    /// The Az modules of PowerShell.
    Powershell,
    /// Terraform, with the providers azuread and azurerm.
    Terraform,
    /// Bicep, for a managed identity.
    Bicep,
}

impl Tool {
    /// The tools by their names.
    pub const VALUES: &'static [(&'static str, Self)] =
        &[("az", Self::Az), ("powershell", Self::Powershell), ("terraform", Self::Terraform), ("bicep", Self::Bicep)];
}

/// Where a managed identity is.
#[derive(Debug, Clone, Copy)]
pub enum Home<'a> {
    /// In a new resource group of its own, which has its name.
    New {
        /// The region.
        location: &'a str,
    },
    /// In this resource group, which exists.
    Existing(&'a str),
}

/// What to set up.
#[derive(Clone, Copy)]
pub struct Setup<'a> {
    /// The CI platform, if it is known.
    pub platform: Option<&'static dyn Platform>,
    /// What the pipeline signs in with.
    pub credentials: &'a [Credential],
    /// The name of the application or managed identity.
    pub name: &'a str,
    /// Where the managed identity is; none for an application.
    pub home: Option<Home<'a>>,
    /// The id of the subscription.
    pub subscription: &'a str,
    /// The resource group that the roles are for, if it is known.
    pub group: Option<&'a str>,
    /// The path of what the roles are for.
    pub scope: &'a str,
    /// Names or ids of roles.
    pub roles: &'a [String],
    /// The cloud.
    pub cloud: &'static Cloud,
    /// The shell of a script for the Azure CLI.
    pub shell: Shell,
}

/// Writes the set-up for a tool. The text ends with a line feed.
///
/// # Errors
/// When Entra would refuse a credential, when a name is not allowed, or when the tool cannot do it.
pub fn write(setup: &Setup<'_>, tool: Tool) -> Result<String, Fault> {
    super::check(setup.credentials)?;
    // The Az modules are for PowerShell only.
    let shell = if tool == Tool::Powershell { Shell::Powershell } else { setup.shell };
    let setup = &Setup { shell, ..*setup };
    setup.check(tool)?;
    match tool {
        Tool::Az => az::script(setup),
        Tool::Powershell => powershell::script(setup),
        Tool::Terraform => terraform::configuration(setup),
        Tool::Bicep => bicep::template(setup),
    }
}

/// An id as Azure writes it: a GUID in lower case. Another text stays, and is refused where an id is
/// expected.
pub fn normal_id(id: &str) -> String {
    if is_guid(id) { id.to_ascii_lowercase() } else { id.to_owned() }
}

impl Setup<'_> {
    /// The group of the managed identity.
    fn identity_group(&self) -> &str {
        match self.home {
            Some(Home::Existing(group)) => group,
            _ => self.name,
        }
    }

    fn check(&self, tool: Tool) -> Result<(), Fault> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_name = (3..=90).contains(&self.name.len())
            && self.name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && self.name.chars().all(plain);
        if !is_name {
            return Err(wrong(
                "name",
                self.name,
                "3 to 90 letters, digits, `-` and `_`, of which the first is a letter or digit",
            ));
        }
        if !is_guid(self.subscription) {
            return Err(wrong("subscription", self.subscription, "the subscription's id, a GUID")
                .hint("`az account list --query \"[].{name:name, id:id}\" --output table` prints the ids"));
        }
        let in_group = |c: char| plain(c) || matches!(c, '.' | '(' | ')');
        let is_wrong = |group: &&str| group.is_empty() || group.len() > 90 || !group.chars().all(in_group);
        if let Some(group) = [Some(self.identity_group()), self.group].into_iter().flatten().find(is_wrong) {
            return Err(wrong("resource group", group, "1 to 90 letters, digits and `-_.()`"));
        }
        if !self.scope.starts_with("/subscriptions/") {
            return Err(wrong("resource", self.scope, "the resource's whole id, which begins with `/subscriptions/`"));
        }
        // A role that may write to its own identity's group may change who signs in as it.
        let is_apart = self.home.is_some() && tool != Tool::Bicep;
        let mut segments = self.scope.split('/').skip(3);
        let of_role = segments.next().filter(|kind| kind.eq_ignore_ascii_case("resourceGroups")).and(segments.next());
        if is_apart && of_role.is_some_and(|group| group.eq_ignore_ascii_case(self.identity_group())) {
            let message = "The role's resource group is the identity's, so that the role reaches its own identity";
            return Err(fault("setup-value", message).hint("give the identity another `--name` or `--identity-group`"));
        }
        let mut names = self.roles.iter().map(|role| ("role", role.as_str())).chain([("resource", self.scope)]);
        if let Some((what, text)) = names.find(|(_, text)| text.is_empty() || text.contains(is_unprintable)) {
            return Err(wrong(what, text, "a text that can be printed"));
        }
        Ok(())
    }

    /// Why the script stops before it has created anything.
    fn exists(&self) -> String {
        let what = match self.home {
            None => "An application",
            Some(Home::New { .. }) => "A resource group",
            Some(Home::Existing(_)) => "A managed identity",
        };
        format!(
            "{what} {} exists already. Choose another --name; only if this script made it, undo it with the lines at the end.",
            self.name
        )
    }

    /// Why nothing is undone.
    fn not_one(&self) -> String {
        format!("There is not exactly one identity {}. Nothing was deleted.", self.name)
    }

    /// Why the resource group stays.
    fn not_made(&self) -> String {
        format!("The resource group {} holds more, or this script did not create it. It stays.", self.name)
    }

    /// What the script is for and who may run it, a line each.
    fn introduction(&self) -> Vec<String> {
        let (kind, maker) = match self.home {
            None => ("application", "Application Developer in Entra"),
            Some(Home::New { .. }) => ("managed identity", "Contributor in the subscription"),
            Some(Home::Existing(_)) => ("managed identity", "Contributor on its resource group"),
        };
        let title = self.platform.map_or("a pipeline", |platform| platform.title());
        let mut lines = vec![
            format!("Lets {title} sign in to Azure as the {kind} `{}`.", self.name),
            format!("Needs {maker}, and Role Based Access Control Administrator where the role is for:"),
            self.scope.to_owned(),
        ];
        if self.home.is_some() {
            lines.push("An Azure Policy can limit issuers: `Managed Identity Federated Credentials should be from allowed issuer types`.".to_owned());
        }
        if let Some(platform) = self.platform {
            let issuer = self.credentials.first().map(|credential| credential.issuer.as_str()).unwrap_or_default();
            lines.extend(advice::of(platform, issuer, self.shell));
            lines.push(format!("More: {}", docs::page(platform)));
        }
        lines
    }

    /// The lines as comments.
    fn header(&self, prefix: &str) -> String {
        commented(&self.introduction(), prefix)
    }
}

/// Above the commands of a script.
const AGAIN: &str =
    "# If it stops after it created something: undo that with the lines at its end, then run it again.\n";

/// The tag of a resource group that a script created. Its value is the group's name.
const TAG: &str = "azure_oidc_setup";

/// The line above the commands that undo a script.
const UNDO: &str = "\n# To undo it:\n";

/// The template with values in place of their names in angle brackets. Values stay as they are.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut parts = template.split('<');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('>').unwrap_or((part, ""));
        let value = values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        debug_assert!(value.is_some(), "no value for <{name}>");
        text.extend([value.unwrap_or_default(), rest]);
    }
    text
}

fn commented(lines: &[String], prefix: &str) -> String {
    let line = |line: &String| {
        let text: String = line.chars().map(|c| if is_unprintable(c) { '\u{fffd}' } else { c }).collect();
        format!("{prefix} {text}\n")
    };
    lines.iter().map(line).collect()
}

#[cold]
fn wrong(what: &str, value: &str, expected: &str) -> Fault {
    fault("setup-value", format!("`{}` cannot be the {what}: give {expected}", value.escape_debug()))
}
