//! The documents that MSAL fetches before a token request.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use azure_oidc_core::check::decision::Refusal;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Value, json};

use super::answers::Trace;
use super::form;
use crate::keys::ENTRA;
use crate::state::Call;

/// `GET /{tenant}/v2.0/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4).
///
/// The URLs contain the host name that the client used, because MSAL compares the two.
pub(crate) async fn configuration(call: Call, Path(tenant): Path<String>) -> Response {
    // Unlike the token endpoint, this document is served for `common` and the like too.
    let shared = form::SHARED_TENANTS.contains(&tenant.as_str());
    let id = if shared { Ok("{tenantid}".to_owned()) } else { tenant_id(&call, &tenant) };
    let id = match id {
        Ok(id) => id,
        // The same code has another `error` here than at the token endpoint.
        Err(refusal) if refusal.aadsts == 90002 => {
            return Trace::new(&call, &tenant).refusal_as("invalid_tenant", 400, &refusal);
        }
        Err(refusal) => return Trace::new(&call, &tenant).refusal(&refusal),
    };
    let base = call.base();
    let endpoint = if shared { &tenant } else { &id };
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
pub(crate) async fn keys(call: Call) -> Response {
    cached(&call.state.keys.set(&[ENTRA.to_owned()]))
}

/// `GET /common/discovery/instance`: whether a host belongs to Entra. Only the emulator does.
pub(crate) async fn instance(call: Call) -> Response {
    let asked = call.request.parameter("authorization_endpoint").and_then(|url| url.strip_prefix("https://"));
    let base = call.base();
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
        _ => Trace::new(&call, "common").refusal(&Refusal::new(50049)),
    }
}

fn tenant_id(call: &Call, tenant: &str) -> Result<String, Refusal> {
    form::tenant_syntax(tenant)?;
    let known = call.state.directory().tenant(tenant).map(|tenant| tenant.id.clone());
    known.ok_or_else(|| Refusal::new(90002).with("tenant", tenant))
}

fn cached(document: &Value) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json; charset=utf-8"),
        (CACHE_CONTROL, "max-age=86400, private"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, Json(document)).into_response()
}
