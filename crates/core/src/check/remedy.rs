//! Writes the commands of remedies, ready to paste into a POSIX shell.

use super::Question;
use super::finding::Remedy;
use crate::cloud::Cloud;
use crate::credential::audience::wanted_audience;
use crate::credential::write::{Format, Owner, Target, name_for, update_command, write};
use crate::credential::{Credential, Identity, Matcher};
use crate::token::Token;

/// The command that creates a credential for exactly this token. None when no credential can hold
/// the token's values.
pub(super) fn create(question: &Question<'_>) -> Option<Remedy> {
    create_for(question.token, question.credentials, question.client_id, question.cloud).map(Remedy::Command)
}

/// As [`create`]. The credential belongs to the managed identity of the credentials `beside`, or
/// else to the application `client_id`.
pub(crate) fn create_for(
    token: &Token,
    beside: &[Credential],
    client_id: Option<&str>,
    cloud: &'static Cloud,
) -> Option<String> {
    let identity = beside.first().and_then(|credential| credential.identity.clone());
    let credential = Credential { identity, ..exact(token, cloud) };
    let (target, format) = target(&credential, client_id, cloud);
    let command = write(std::slice::from_ref(&credential), format, &target).ok()?;
    Some(command.trim_end().to_owned())
}

/// The command that sets the values of an existing credential, which is found by its name.
pub(super) fn update(question: &Question<'_>, changed: &Credential) -> Remedy {
    let (target, _) = target(changed, question.client_id, question.cloud);
    match update_command(changed, &target) {
        Some(command) => Remedy::Command(command),
        None => Remedy::Advice(format!(
            "set the issuer of the credential `{}` to `{}` and its audience to `{}`",
            changed.name,
            changed.issuer,
            changed.audience().unwrap_or_default()
        )),
    }
}

/// The credential that accepts this token and no other subject.
fn exact(token: &Token, cloud: &Cloud) -> Credential {
    let claims = token.claims();
    let (issuer, subject) = (claims.iss.clone().unwrap_or_default(), claims.sub.clone().unwrap_or_default());
    Credential {
        name: name_for(&issuer, &subject),
        issuer,
        matcher: Matcher::Subject(subject),
        audiences: vec![wanted_audience(claims, cloud)],
        description: None,
        identity: None,
    }
}

/// The application or managed identity that the credential belongs to, and the format of its
/// commands.
fn target(credential: &Credential, client_id: Option<&str>, cloud: &'static Cloud) -> (Target, Format) {
    let (owner, format) = match credential.identity.clone() {
        Some(Identity { name, resource_group }) => {
            (Owner::ManagedIdentity { name, resource_group }, Format::AzIdentity)
        }
        None => (Owner::Application { client_id: client_id.map(str::to_owned) }, Format::Az),
    };
    (Target { owner, cloud }, format)
}
