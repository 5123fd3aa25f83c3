//! Writes credentials as request bodies, Azure CLI commands, Terraform or Bicep.
//!
//! Every value is escaped for its language, so that Azure receives it byte for byte. Credentials of
//! managed identities have no description; only Bicep keeps one, as a decorator.

use super::{Credential, CredentialProblem, Identity, Matcher, limits};
use crate::cloud::Cloud;
use crate::secret::without_secrets;
use crate::shell::Shell;
use crate::{Category, Fault};

mod az;
mod bicep;
mod json;
mod name;
pub mod setup;
mod terraform;

pub use name::{name_for, name_with_hash};

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Bodies for Microsoft Graph, `POST /applications/{id}/federatedIdentityCredentials`; for an
    /// expression, its beta.
    GraphJson,
    /// Bodies for Resource Manager, `PUT .../federatedIdentityCredentials/{name}`; for an
    /// expression, version 2025-01-31-preview of its API or a later one.
    ArmJson,
    /// `az ad app federated-credential create`, one line each; `az rest` for an expression.
    Az,
    /// `az identity federated-credential create`, one line each.
    AzIdentity,
    /// Terraform's own language.
    Terraform,
    /// Terraform's JSON configuration (`.tf.json`).
    TerraformJson,
    /// Bicep.
    Bicep,
}

impl Format {
    /// All formats, in the order of the help.
    pub const ALL: [Self; 7] =
        [Self::Az, Self::AzIdentity, Self::GraphJson, Self::ArmJson, Self::Terraform, Self::TerraformJson, Self::Bicep];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GraphJson => "graph",
            Self::ArmJson => "arm",
            Self::Az => "az",
            Self::AzIdentity => "az-identity",
            Self::Terraform => "terraform",
            Self::TerraformJson => "terraform-json",
            Self::Bicep => "bicep",
        }
    }

    /// This format, or the one like it for the other kind of owner.
    pub const fn for_owner(self, owner: &Owner) -> Self {
        match (self, owner) {
            (Self::Az, Owner::ManagedIdentity { .. }) => Self::AzIdentity,
            (Self::GraphJson, Owner::ManagedIdentity { .. }) => Self::ArmJson,
            (Self::AzIdentity, Owner::Application { .. }) => Self::Az,
            (Self::ArmJson, Owner::Application { .. }) => Self::GraphJson,
            _ => self,
        }
    }

    /// The format of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// The owner of the credentials, its cloud, and the shell for commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The application or identity.
    pub owner: Owner,
    /// The cloud, which decides the address of Microsoft Graph.
    pub cloud: &'static Cloud,
    /// The shell that commands are for.
    pub shell: Shell,
}

/// An owner of credentials. A value that is not known becomes a variable in the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// An application.
    Application {
        /// Its client id (`appId`).
        client_id: Option<String>,
    },
    /// A user-assigned managed identity.
    ManagedIdentity {
        /// Its name.
        name: Option<String>,
        /// Its resource group.
        resource_group: Option<String>,
        /// The id of its subscription. When it is not known, commands use the current one.
        subscription: Option<String>,
    },
}

impl Target {
    /// The owner of a credential, and the format of the Azure CLI's commands for it.
    pub fn of(credential: &Credential, client_id: Option<&str>, cloud: &'static Cloud, shell: Shell) -> (Self, Format) {
        let (owner, format) = match credential.identity.clone() {
            Some(Identity { name, resource_group, subscription }) => {
                (Owner::ManagedIdentity { name, resource_group, subscription }, Format::AzIdentity)
            }
            None => (Owner::Application { client_id: client_id.map(str::to_owned) }, Format::Az),
        };
        (Self { owner, cloud, shell }, format)
    }
}

/// Writes the credentials. The text ends with a line feed.
///
/// # Errors
/// When Entra would refuse a credential ([`limits`]), when the format is for the other kind of
/// owner, or when the format cannot express a value of a credential.
pub fn write(credentials: &[Credential], format: Format, target: &Target) -> Result<String, Fault> {
    check(credentials)?;
    unchecked(credentials, format, target)
}

/// As [`write`], for credentials that were checked one by one and are not all that their owner has.
pub(crate) fn unchecked(credentials: &[Credential], format: Format, target: &Target) -> Result<String, Fault> {
    let lines = |command: &dyn Fn(&Credential) -> Result<String, Fault>| {
        credentials.iter().map(|credential| Ok(command(credential)? + "\n")).collect()
    };
    match (format, &target.owner) {
        (Format::GraphJson, Owner::Application { .. }) => Ok(json::graph(credentials)),
        (Format::ArmJson, Owner::ManagedIdentity { .. }) => Ok(json::arm(credentials)),
        (Format::Az, Owner::Application { client_id }) => {
            let id = client_id.as_deref();
            lines(&|credential| az::create_of_application(credential, id, target.cloud, target.shell))
        }
        (Format::AzIdentity, owner @ Owner::ManagedIdentity { .. }) => {
            let identity = identity(owner, target.shell);
            lines(&|credential| identity.set("create", credential))
        }
        (Format::Bicep, Owner::ManagedIdentity { name, .. }) => Ok(bicep::bicep(credentials, name.as_deref())),
        (Format::Terraform, owner) => terraform::blocks(credentials, owner).map(|blocks| terraform::native(&blocks)),
        (Format::TerraformJson, owner) => terraform::blocks(credentials, owner).map(|blocks| terraform::json(&blocks)),
        (format, owner) => Err(for_other_owner(format, owner)),
    }
}

/// The Azure CLI command that sets the values of the existing credential of this name. None when
/// the CLI has no such command, as for an application's expression, when Entra would refuse the
/// values, or when the shell cannot pass them.
pub fn update_command(credential: &Credential, target: &Target) -> Option<String> {
    check(std::slice::from_ref(credential)).ok()?;
    match (&target.owner, &credential.matcher) {
        (Owner::Application { .. }, Matcher::Expression { .. }) => None,
        (Owner::Application { client_id }, Matcher::Subject(_)) => {
            az::update_of_application(credential, client_id.as_deref(), target.shell).ok()
        }
        (owner @ Owner::ManagedIdentity { .. }, _) => identity(owner, target.shell).set("update", credential).ok(),
    }
}

/// The Azure CLI command that deletes the credential of this name. None when the shell cannot pass a
/// value.
pub fn delete_command(credential: &Credential, target: &Target) -> Option<String> {
    let command = match &target.owner {
        Owner::Application { client_id } => az::delete_of_application(credential, client_id.as_deref(), target.shell),
        owner @ Owner::ManagedIdentity { .. } => identity(owner, target.shell).delete(credential),
    };
    command.ok()
}

fn identity(owner: &Owner, shell: Shell) -> az::Identity<'_> {
    let (name, resource_group, subscription) = match owner {
        Owner::ManagedIdentity { name, resource_group, subscription } => (name, resource_group, subscription),
        Owner::Application { .. } => (&None, &None, &None),
    };
    let (name, resource_group) = (name.as_deref(), resource_group.as_deref());
    az::Identity { name, resource_group, subscription: subscription.as_deref(), shell }
}

/// Whether a text of this credential would be changed before it is shown, so that a command would set
/// another value.
pub(crate) fn holds_secret(credential: &Credential) -> bool {
    let Credential { name, issuer, matcher, audiences, description, .. } = credential;
    let texts = [name.as_str(), issuer, matcher.text()].into_iter();
    let texts = texts.chain(audiences.iter().chain(description).map(String::as_str));
    texts.into_iter().any(|text| without_secrets(text) != text)
}

fn check(credentials: &[Credential]) -> Result<(), Fault> {
    if credentials.is_empty() {
        return Err(fault("credential-missing", "there are no credentials to write"));
    }
    if credentials.iter().any(holds_secret) {
        let message = "a value of the credential looks like a secret, so it is not shown, and no credential is written";
        return Err(fault("credential-holds-secret", message)
            .hint("compare the value with the claims of a token: `azure-oidc inspect` shows them"));
    }
    let Some(problem) = limits::shape(credentials).into_iter().find(|problem| problem.fatal) else { return Ok(()) };
    let which = problem.index.map(|index| format!(" (credential {})", index + 1)).unwrap_or_default();
    let message = problem.message.clone() + &which;
    Err(CredentialProblem { message, ..problem }.into())
}

fn for_other_owner(format: Format, owner: &Owner) -> Fault {
    let (kind, formats) = match owner {
        Owner::Application { .. } => ("an application", "az, graph, terraform, terraform-json"),
        Owner::ManagedIdentity { .. } => ("a managed identity", "az-identity, arm, bicep, terraform, terraform-json"),
    };
    let message = format!("the format `{}` cannot express credentials of {kind}", format.name());
    fault("format-for-other-owner", message).hint(format!("use one of the formats for {kind}: {formats}"))
}

#[cold]
fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(Category::Usage, code, message)
}

#[cfg(test)]
mod tests;
