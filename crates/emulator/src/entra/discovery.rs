//! What MSAL asks for before it sends anything: the tenant's OpenID configuration, and which cloud a host belongs to.

use azure_oidc_core::check::decision::Refusal;
use http::StatusCode;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, HeaderValue};
use serde_json::{Value, json};

use super::request;
use crate::body::{self, Answer};
use crate::keys::ENTRA;
use crate::log::Entry;
use crate::server::Incoming;
use crate::world::World;

/// `GET /{tenant}/v2.0/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4).
///
/// The URLs name the host that was asked: MSAL compares the two.
pub(crate) fn configuration(world: &World, incoming: &Incoming, tenant: &str, entry: &mut Entry) -> Answer {
    let known = || world.directory().tenant(tenant).map(|tenant| tenant.id.clone());
    // Unlike the token endpoint, this document is served for `common` and the like too.
    let shared = ["common", "organizations", "consumers"].contains(&tenant);
    let id = match request::tenant_syntax(tenant) {
        Err(refusal) if !shared => return refuse(world, incoming, tenant, refusal, entry),
        _ if shared => "{tenantid}".to_owned(),
        _ => match known() {
            Some(id) => id,
            None => return refuse(world, incoming, tenant, Refusal::new(90002).with("tenant", tenant), entry),
        },
    };
    let base = world.base_for(incoming);
    let endpoint = if shared { tenant } else { id.as_str() };
    cached(&json!({
        "issuer": format!("{base}/{id}/v2.0"),
        "token_endpoint": format!("{base}/{endpoint}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "authorization_endpoint": format!("{base}/{endpoint}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/{endpoint}/oauth2/v2.0/devicecode"),
        "end_session_endpoint": format!("{base}/{endpoint}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{base}/{endpoint}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nbf", "tid", "ver"],
        "tenant_region_scope": null,
        "cloud_instance_name": "microsoftonline.com",
    }))
}

/// `GET /{tenant}/discovery/v2.0/keys`: the keys that sign access tokens.
pub(crate) fn keys(world: &World) -> Answer {
    cached(&world.keys.set(&[ENTRA.to_owned()]))
}

/// `GET /common/discovery/instance`: whether a host is one of Entra's. This emulator knows itself only.
pub(crate) fn instance(world: &World, incoming: &Incoming, entry: &mut Entry) -> Answer {
    let asked = incoming.parameter("authorization_endpoint").and_then(|url| url.strip_prefix("https://"));
    let base = world.base_for(incoming);
    let own = base.strip_prefix("https://").unwrap_or(&base);
    match asked.and_then(|asked| asked.split_once('/')) {
        Some((host, path)) if host.eq_ignore_ascii_case(own) => {
            let tenant = path.split('/').next().unwrap_or("common");
            cached(&json!({
                "tenant_discovery_endpoint": format!("{base}/{tenant}/v2.0/.well-known/openid-configuration"),
                "api-version": "1.1",
                "metadata": [{ "preferred_network": own, "preferred_cache": own, "aliases": [own] }],
            }))
        }
        _ => refuse(world, incoming, "common", Refusal::new(50049), entry),
    }
}

fn refuse(world: &World, incoming: &Incoming, tenant: &str, refusal: Refusal, entry: &mut Entry) -> Answer {
    entry.aadsts = Some(refusal.aadsts);
    let trace = super::token::trace(world, incoming, tenant);
    match refusal.aadsts {
        // The same code has another `error` here than at the token endpoint.
        90002 => trace.refusal_as("invalid_tenant", 400, &refusal),
        _ => trace.refusal(&refusal),
    }
}

fn cached(document: &Value) -> Answer {
    let mut answer = body::json(StatusCode::OK, document);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=86400, private"));
    answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}
