//! Issues access tokens: real RS256 JWTs with the claims of an application's token from Entra.

use serde_json::{Value, json};

use crate::config::Kind;
use crate::directory::{Application, Tenant};
use crate::keys::Keys;
use crate::{guid, mint};

/// Entra dates its tokens five minutes back.
const BACKDATED: i64 = 300;

/// The content of an access token.
pub(super) struct Grant<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) application: &'a Application,
    pub(super) resource: &'a str,
    /// The version of the token, 1 or 2, which the resource decides.
    pub(super) version: u8,
    /// The authority's URL.
    pub(super) base: &'a str,
}

/// Signs an access token.
pub(super) fn access_token(grant: &Grant<'_>, keys: &Keys) -> Option<String> {
    mint::access_token(&claims(grant, mint::now(), &guid::random()), keys)
}

fn claims(grant: &Grant<'_>, now: i64, unique: &str) -> Value {
    let Grant { tenant, application, resource, .. } = grant;
    let v1_issuer = format!("https://sts.windows.net/{}/", tenant.id);
    let mut claims = json!({
        "aud": resource,
        "iat": now - BACKDATED,
        "nbf": now - BACKDATED,
        "exp": now + tenant.access_token_seconds,
        "idtyp": "app",
        "oid": application.object_id,
        "sub": application.object_id,
        "tid": tenant.id,
        "uti": unique,
        // Entra does not accept a token with this claim in another exchange.
        "xms_ficinfo": "emulator",
    });
    let own = match grant.version {
        1 => {
            json!({ "iss": v1_issuer, "appid": application.client_id, "appidacr": "2", "idp": v1_issuer, "ver": "1.0" })
        }
        _ => json!({
            "iss": format!("{}/{}/v2.0", grant.base, tenant.id),
            "azp": application.client_id,
            "azpacr": "2",
            "ver": "2.0",
        }),
    };
    if let (Some(claims), Value::Object(own)) = (claims.as_object_mut(), own) {
        claims.extend(own);
        if application.kind == Kind::ManagedIdentity {
            let identity = format!(
                "/subscriptions/{}/resourcegroups/emulator/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}",
                guid::of(&tenant.id),
                application.name
            );
            claims.insert("xms_mirid".to_owned(), identity.into());
        }
    }
    claims
}
