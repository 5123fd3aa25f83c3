//! Commands that mend what a check found, ready to be pasted into a POSIX shell.

use super::Question;
use super::decision::wanted_audience;
use crate::cloud::Cloud;
use crate::credential::write::{Format, Owner, Target, name_for, write};
use crate::credential::{Credential, Identity, Matcher};
use crate::platform::text::shell_quote;
use crate::token::Token;

/// The command that makes a credential for exactly this token. None when no credential can hold what it says.
pub(super) fn create(question: &Question<'_>) -> Option<String> {
    create_for(question.token, question.credentials, question.client_id, question.cloud)
}

/// The command that makes a credential for exactly this token where those credentials live, or on that application. None when no
/// credential can hold what it says.
pub(crate) fn create_for(
    token: &Token,
    beside: &[Credential],
    client_id: Option<&str>,
    cloud: &'static Cloud,
) -> Option<String> {
    let identity = beside.first().and_then(|credential| credential.identity.clone());
    command(&Credential { identity, ..exact(token, cloud) }, client_id, cloud)
}

/// The command that gives a credential these values. Its name says which one it is.
pub(super) fn update(question: &Question<'_>, changed: &Credential) -> String {
    const CREATE: &str = " federated-credential create ";
    let created = command(changed, question.client_id, question.cloud);
    match created.as_deref().and_then(|command| command.split_once(CREATE)) {
        // The name is among the options already.
        Some((az @ "az identity", options)) => format!("{az} federated-credential update {options}"),
        Some((az @ "az ad app", options)) => {
            let name = shell_quote(&changed.name);
            format!("{az} federated-credential update --federated-credential-id {name} {options}")
        }
        _ => format!(
            "set the credential `{}` to the issuer `{}` and the audience `{}`",
            changed.name,
            changed.issuer,
            changed.audience().unwrap_or_default()
        ),
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

fn command(credential: &Credential, client_id: Option<&str>, cloud: &'static Cloud) -> Option<String> {
    let (owner, format) = match credential.identity.clone() {
        Some(Identity { name, resource_group }) => {
            (Owner::ManagedIdentity { name, resource_group }, Format::AzIdentity)
        }
        None => (Owner::Application { client_id: client_id.map(str::to_owned) }, Format::Az),
    };
    let text = write(std::slice::from_ref(credential), format, &Target { owner, cloud }).ok()?;
    Some(text.trim_end().to_owned())
}
