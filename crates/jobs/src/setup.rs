//! `setup`: writes the script that creates an identity, its credentials and its roles.
//!
//! Nothing is created here, and nothing is sent.

use azure_oidc_core::credential::normal::uuid_places;
use azure_oidc_core::credential::write::name_with_hash;
use azure_oidc_core::credential::write::setup::{self, Home, Setup, Tool};
use azure_oidc_core::platform::text::defuse;
use azure_oidc_core::platform::{self, Platform};
use azure_oidc_core::secret::without_secrets;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::{Category, Fault};

use crate::credential::{self, Needed};

/// The pipeline, and what it may do.
pub struct Request {
    /// The pipeline. Its members for an owner and a format are not used.
    pub pipeline: credential::Request,
    /// The tool to write for.
    pub tool: Tool,
    /// The name of the application or managed identity; made from the pipeline when absent.
    pub name: Option<String>,
    /// Whether to create a managed identity instead of an application.
    pub identity: bool,
    /// The resource group of the managed identity, which exists; a new one when absent.
    pub identity_group: Option<String>,
    /// The region of a new resource group.
    pub location: Option<String>,
    /// The id of the subscription.
    pub subscription: String,
    /// The resource group that the roles are for; the subscription when absent.
    pub resource_group: Option<String>,
    /// The id of the resource that the roles are for.
    pub resource: Option<String>,
    /// Names or ids of roles.
    pub roles: Vec<String>,
}

/// A script.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// What to know about it, a line each.
    pub notes: Vec<String>,
    /// What to save, to read and to run.
    pub text: String,
}

/// Writes the script.
///
/// # Errors
/// When something is missing or unknown, or when the tool cannot do it.
pub fn run(request: &Request) -> Result<Answer, Fault> {
    let pipeline = &request.pipeline;
    let has_parts = pipeline.parts.as_ref().is_some_and(|parts| !parts.0.is_empty());
    if pipeline.token.is_some() && (has_parts || pipeline.issuer.is_some() || pipeline.subject.is_some()) {
        return Err(usage("A token says which pipeline it is, and so do parts, `--issuer` and `--subject`")
            .hint("give the token alone (`--from-token`), or leave it out"));
    }
    let Needed { platform, mut credentials, cloud, mut notes } =
        credential::needed(&request.pipeline).map_err(|fault| {
            let of_request = request.pipeline.platform.as_deref().and_then(platform::by_name);
            match of_request.filter(|_| fault.code == "subject-part-missing") {
                Some(platform) => with_places(fault, platform),
                None => fault,
            }
        })?;
    for credential in &mut credentials {
        credential.name = name_with_hash(&credential.issuer, credential.matcher.text());
    }
    let roles = setup::distinct_roles(&request.roles);
    let group = &request.resource_group;
    let subscription = &setup::normal_id(&request.subscription);
    let scope = match (&request.resource, group) {
        (Some(resource), _) => resource.clone(),
        (None, Some(group)) => format!("/subscriptions/{subscription}/resourceGroups/{group}"),
        (None, None) => {
            notes.push("note: the role is for the whole subscription; `--resource-group NAME` limits it".to_owned());
            format!("/subscriptions/{subscription}")
        }
    };
    if request.identity && scope.trim_end_matches('/').matches('/').count() == 2 {
        notes.push(
            "warning: the identity's own resource group is in the subscription: with a role that may write there, such as \
             Contributor, the pipeline may change who signs in as it"
                .to_owned(),
        );
    }
    let name = match (&request.name, credentials.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, [first, ..]) => name_of(platform, &request.pipeline, first),
        (None, []) => String::new(),
    };
    let is_bicep = request.tool == Tool::Bicep;
    if is_bicep && (group.is_none() || request.resource.is_some() || request.identity_group.is_some()) {
        return Err(usage("A Bicep file puts the identity and its roles into one resource group")
            .hint("add `--resource-group NAME`, and leave `--resource` and `--identity-group` out"));
    }
    let location = request.location.as_deref().or_else(|| location_of(cloud.name));
    let home = match (&request.identity_group, group) {
        (_, Some(group)) if is_bicep => Some(Home::Existing(group)),
        _ if !request.identity => None,
        (Some(group), _) => Some(Home::Existing(group)),
        (None, _) => {
            let none = || usage("No region is known for a new resource group").hint("add `--location NAME`");
            Some(Home::New { location: location.ok_or_else(none)? })
        }
    };
    let text = setup::write(
        &Setup {
            platform,
            credentials: &credentials,
            name: &name,
            home,
            subscription,
            group: group.as_deref(),
            scope: &scope,
            roles: &roles,
            cloud,
            shell: request.pipeline.shell.unwrap_or(Shell::Bash),
        },
        request.tool,
    )?;
    // What is printed has no secrets and no commands of a CI system: a script would hold other values.
    if defuse(&without_secrets(&text)) != text {
        let message = "A value looks like a secret or like a command of a CI system, which no output holds";
        return Err(usage(message).hint("take it out of the subject, the issuer, the scope and the roles"));
    }
    Ok(Answer { notes, text })
}

/// Adds where people find the missing ids.
fn with_places(fault: Fault, platform: &dyn Platform) -> Fault {
    uuid_places(platform.name()).fold(fault, |fault, (part, place)| fault.hint(format!("`--{part}`: {place}")))
}

/// A name that is short, says what signs in, and stays the same for the same pipeline.
fn name_of(
    platform: Option<&'static dyn Platform>,
    pipeline: &credential::Request,
    first: &azure_oidc_core::credential::Credential,
) -> String {
    const LONGEST: usize = 40;
    let made = name_with_hash(&first.issuer, first.matcher.text());
    let (readable, hash) = made.rsplit_once('-').unwrap_or((&made, "0"));
    let parts = pipeline.parts.as_ref().map(|parts| parts.0.as_slice()).unwrap_or_default();
    let mut name = platform.map_or("oidc", |platform| platform.name()).to_owned();
    // A person recognises names, not UUIDs.
    for (_, value) in parts.iter().filter(|(_, value)| value.len() < 30) {
        name += "-";
        name += value;
    }
    if parts.is_empty() {
        name = format!("{name}-{readable}");
    }
    let mut plain = String::new();
    for c in name.chars() {
        match c.is_ascii_alphanumeric() {
            true => plain.push(c),
            false if !plain.ends_with('-') => plain.push('-'),
            false => {}
        }
    }
    plain.truncate(LONGEST);
    format!("{}-{hash}", plain.trim_end_matches('-'))
}

/// A region of a cloud.
fn location_of(cloud: &str) -> Option<&'static str> {
    match cloud {
        "public" => Some("westeurope"),
        "usgov" => Some("usgovvirginia"),
        "china" => Some("chinanorth3"),
        _ => None,
    }
}

#[cold]
fn usage(message: &str) -> Fault {
    Fault::new(Category::Usage, "usage", message)
}
