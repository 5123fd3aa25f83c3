//! `git-credential`: answers git in the protocol of its credential helpers.

use azure_oidc_core::git::Asked;
use azure_oidc_core::plan::STANDARD_INPUT;
use azure_oidc_core::{Fault, Secret};

use crate::Context;
use crate::exchange::Request;
use crate::helper::{Call, unreadable};

/// The user name beside the token. Azure DevOps takes any that is not empty; one with a colon would
/// end early, and one that is not UTF-8 text was not read byte for byte.
const USERNAME: &str = "azure-oidc";

/// What this helper can do beyond user names and passwords.
pub const CAPABILITIES: &str = "version 0\ncapability authtype\n";

/// The attribute lines for the server on standard input; none for a server that is not of Azure
/// DevOps.
///
/// # Errors
///
/// When the server is one of Azure DevOps and no credential can be had.
pub fn get(request: &Request<'_>, context: Context<'_>) -> Result<Secret, Fault> {
    let bytes = context.files.read(STANDARD_INPUT).map_err(|why| unreadable("Standard input", &why))?;
    // Git decodes escapes, so that paths and user names can have any bytes.
    let asked = Asked::read(&String::from_utf8_lossy(&bytes));
    if !asked.is_served() {
        return Ok(Secret::new(""));
    }
    let granted = Call::new(request, context)?.access_token()?;
    let token = granted.token.reveal();
    let credential = match asked.takes_authtype {
        true => format!("capability[]=authtype\nauthtype=Bearer\ncredential={token}\nephemeral=1\n"),
        false => {
            let is_usable = !asked.username.is_empty() && !asked.username.contains([':', char::REPLACEMENT_CHARACTER]);
            let username = if is_usable { asked.username.as_str() } else { USERNAME };
            format!("username={username}\npassword={token}\n")
        }
    };
    Ok(Secret::new(format!("{credential}password_expiry_utc={}\n", granted.expires_on)))
}
