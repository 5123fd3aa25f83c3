//! Commands that mend what a check found, ready to be pasted into a POSIX shell.

use super::Question;
use super::decision::wanted_audience;
use crate::cloud::Cloud;
use crate::credential::write::{Format, Owner, Target, name_for, write};
use crate::credential::{Credential, Matcher};
use crate::platform::text::shell_quote;
use crate::token::Token;

/// The command that makes a credential for exactly this token. None when no credential can hold what it says.
pub(super) fn create(question: &Question<'_>) -> Option<String> {
    create_for(question.token, question.client_id, question.cloud)
}

/// The command that makes a credential for exactly this token on that application. None when no credential can hold what it says.
pub(crate) fn create_for(token: &Token, client_id: Option<&str>, cloud: &'static Cloud) -> Option<String> {
    command(&exact(token, cloud), client_id, cloud)
}

/// The command that gives a credential these values. Its name says which one it is.
pub(super) fn update(question: &Question<'_>, changed: &Credential) -> String {
    const CREATE: &str = "az ad app federated-credential create ";
    let created = command(changed, question.client_id, question.cloud);
    match created.as_deref().and_then(|command| command.strip_prefix(CREATE)) {
        Some(options) => {
            let name = shell_quote(&changed.name);
            format!("az ad app federated-credential update --federated-credential-id {name} {options}")
        }
        None => format!(
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
    }
}

fn command(credential: &Credential, client_id: Option<&str>, cloud: &'static Cloud) -> Option<String> {
    let target = Target { owner: Owner::Application { client_id: client_id.map(str::to_owned) }, cloud };
    let text = write(std::slice::from_ref(credential), Format::Az, &target).ok()?;
    Some(text.trim_end().to_owned())
}
