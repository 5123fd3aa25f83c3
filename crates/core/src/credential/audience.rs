//! Compares audiences, and knows which audiences the tokens that Entra itself issues can have.

use super::Credential;
use crate::cloud::{CLOUDS, Cloud, PUBLIC};
use crate::token::Claims;

/// The GUID of the public cloud's exchange application. A managed identity's token that was
/// requested for `api://AzureADTokenExchange` has this GUID as its `aud`.
pub(crate) const EXCHANGE_APPLICATION: &str = "fb60f99c-7a34-4190-8149-302f77469936";

/// The audience that a credential must hold to accept this token.
pub fn wanted_audience(claims: &Claims, cloud: &Cloud) -> String {
    match cloud.exchange_audience {
        Some(uri) if is_entra_token_for_exchange(claims, cloud) => uri.to_owned(),
        _ => claims.aud.first().cloned().unwrap_or_default(),
    }
}

/// Whether a credential has the token's audience.
///
/// A token that Entra itself issued may name the exchange application by its GUID. The credential
/// must always name it by its URI.
pub fn matches_audience(credential: &Credential, claims: &Claims, cloud: &Cloud) -> bool {
    if is_entra_token_for_exchange(claims, cloud) {
        return credential.audience() == cloud.exchange_audience;
    }
    credential.matches_audience(claims)
}

/// Whether Entra, in any cloud, issues tokens under this `iss`.
pub fn is_entra_issuer(issuer: &str) -> bool {
    entra_cloud(issuer).is_some()
}

/// The cloud whose Entra issues tokens under this `iss`.
pub(crate) fn entra_cloud(issuer: &str) -> Option<&'static Cloud> {
    let host = issuer.strip_prefix("https://")?.split('/').next()?;
    CLOUDS.iter().find(|cloud| cloud.authority_hosts.contains(&host))
}

/// Whether Entra itself issued this token for the exchange of `cloud`, named by its URI or by its
/// GUID.
pub(crate) fn is_entra_token_for_exchange(claims: &Claims, cloud: &Cloud) -> bool {
    let [audience] = claims.aud.as_slice() else { return false };
    let guid = cloud.name == PUBLIC.name && audience == EXCHANGE_APPLICATION;
    claims.iss.as_deref().is_some_and(is_entra_issuer) && (guid || cloud.exchange_audience == Some(audience))
}
