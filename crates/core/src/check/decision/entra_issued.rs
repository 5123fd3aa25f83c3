//! The extra rules for tokens that Entra itself issued: those of managed identities and of new
//! Azure DevOps connections.

use super::Refusal;
use crate::cloud::{CLOUDS, Cloud, PUBLIC};
use crate::token::Claims;

/// The exchange application of the public cloud: `aud` of tokens that were requested for
/// `api://AzureADTokenExchange`.
const PUBLIC_EXCHANGE: &str = "fb60f99c-7a34-4190-8149-302f77469936";

/// The issuer of v1 tokens, which several clouds share.
const SHARED: &str = "https://sts.windows.net/";

/// Whether this is an issuer of Entra, in any cloud.
pub fn is_entra_issuer(issuer: &str) -> bool {
    cloud_of(issuer).is_some()
}

/// Applies the rules that hold only for Entra's own tokens.
pub(in crate::check) fn rules(claims: &Claims, cloud: &Cloud) -> Result<(), Refusal> {
    let iss = claims.iss.as_deref().unwrap_or_default();
    let Some(home) = cloud_of(iss) else { return Ok(()) };
    if home.name != cloud.name && !iss.starts_with(SHARED) {
        return Err(Refusal::new(700238).with("issuer", iss));
    }
    if claims.text("idtyp") == Some("user") || claims.raw.contains_key("scp") {
        return Err(Refusal::new(700229));
    }
    if claims.raw.contains_key("xms_ficinfo") {
        return Err(Refusal::new(700231));
    }
    if cloud.exchange_audience.is_some() && !names_the_exchange(claims, cloud) {
        return Err(Refusal::new(7002206));
    }
    Ok(())
}

/// Whether a token that Entra issued names the exchange of this cloud as its audience, by URI or
/// GUID.
pub(super) fn names_the_exchange(claims: &Claims, cloud: &Cloud) -> bool {
    let [audience] = claims.aud.as_slice() else { return false };
    let guid = cloud.name == PUBLIC.name && audience == PUBLIC_EXCHANGE;
    claims.iss.as_deref().is_some_and(is_entra_issuer) && (guid || cloud.exchange_audience == Some(audience))
}

fn cloud_of(issuer: &str) -> Option<&'static Cloud> {
    let host = issuer.strip_prefix("https://")?.split('/').next()?;
    CLOUDS.iter().find(|cloud| cloud.authority_hosts.contains(&host))
}
