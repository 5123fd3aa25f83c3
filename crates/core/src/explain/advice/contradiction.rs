//! Says so when the credentials at hand cannot be those that Entra looked at.

use super::Refused;

/// That the credentials are not those that Entra looked at, when it says so.
pub(super) fn contradiction(refused: &Refused<'_>, issuer: Option<&str>, audience: Option<&str>) -> Option<String> {
    let credentials = refused.credentials;
    let said = match refused.code {
        70_025 if !credentials.is_empty() => {
            format!("Entra finds no credential at all, and here are {}", credentials.len())
        }
        700_211 => {
            let same = credentials.iter().find(|one| Some(one.issuer.as_str()) == issuer)?;
            format!("Entra finds no credential with the token's issuer, and here `{}` has it", same.name)
        }
        700_212 if audience.is_some() && credentials.iter().all(|one| one.audience() == audience) => {
            "Entra finds no credential with the token's audience, and here all have it".to_owned()
        }
        _ => return None,
    };
    Some(format!(
        "compare the client id of the job with the application or identity that the credentials are from: {said}, so the file is \
         another application's, or the client id is wrong"
    ))
}

/// The other reason why Entra does not find a credential of the list.
pub(super) const FRESH: &str = "if the list is of this application, and the credential was created or changed a short time ago, try again, with \
                     pauses of some seconds, up to ten minutes";
