//! The extra rules for tokens that Entra itself issued: those of managed identities and of new Azure DevOps connections.

use super::Refusal;
use crate::cloud::Cloud;
use crate::credential::audience::{entra_cloud, is_entra_token_for_exchange};
use crate::token::Claims;

/// The issuer of v1 tokens, which several clouds share.
const SHARED: &str = "https://sts.windows.net/";

/// What Entra asks of its own tokens, beyond what it asks of all.
pub(in crate::check) fn rules(claims: &Claims, cloud: &Cloud) -> Result<(), Refusal> {
    let iss = claims.iss.as_deref().unwrap_or_default();
    let Some(home) = entra_cloud(iss) else { return Ok(()) };
    if home.name != cloud.name && !iss.starts_with(SHARED) {
        return Err(Refusal::new(700238).with("issuer", iss));
    }
    if claims.text("idtyp") == Some("user") || claims.raw.contains_key("scp") {
        return Err(Refusal::new(700229));
    }
    if claims.raw.contains_key("xms_ficinfo") {
        return Err(Refusal::new(700231));
    }
    if cloud.exchange_audience.is_some() && !is_entra_token_for_exchange(claims, cloud) {
        return Err(Refusal::new(7002206));
    }
    Ok(())
}
