//! Emulates an Azure container registry, under every host name: it trades access tokens of Entra for
//! tokens of its own, and serves an image or a chart.

mod content;

use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::token::Token;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::inject::set;
use crate::keys::{ENTRA, sha256};
use crate::state::{Call, EmulatorState};
use crate::{guid, mint};

/// The resource that every registry takes access tokens for.
const RESOURCE: &str = "https://containerregistry.azure.net";
/// Seconds for which a refresh token is valid. It cannot be extended.
const REFRESH_TOKEN: i64 = 3 * 3600;
/// Seconds for which an access token of the registry is valid.
const ACCESS_TOKEN: i64 = 75 * 60;
/// The user name beside a refresh token.
const USER: &str = "00000000-0000-0000-0000-000000000000";
const ISSUER: &str = "Azure Container Registry";

const BLOB: &str = "application/octet-stream";

/// What clients of a registry call.
pub(crate) fn routes() -> Router<Arc<EmulatorState>> {
    Router::new()
        .route("/oauth2/exchange", post(exchange))
        .route("/oauth2/token", any(token))
        .route("/v2/", get(content_root))
        .route("/v2/{*path}", get(content))
}

/// `POST /oauth2/exchange`: an access token of Entra for a refresh token.
async fn exchange(call: Call) -> Response {
    let field = |name| call.request.field(name).unwrap_or_default();
    if field("grant_type") != "access_token" {
        return refused(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "grant_type is not supported");
    }
    let host = host(&call);
    if field("service") != host {
        return refused(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "service is not this registry");
    }
    let claims = match entra(&call, field("access_token")) {
        Ok(claims) => claims,
        Err(why) => return refused(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", why),
    };
    let tenant = field("tenant");
    let is_tenants = tenant.is_empty()
        || call.state.directory().tenant(tenant).is_some_and(|tenant| claims["tid"] == tenant.id.as_str());
    let own = call.state.registry_tenant(&host);
    if !is_tenants || own.is_some_and(|own| claims["tid"] != own.as_str()) {
        return refused(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "the token is not of the tenant of this registry");
    }
    let claims = json!({
        "grant_type": "refresh_token",
        "tenant": claims["tid"],
        "sub": claims["oid"],
        "permissions": { "actions": ["read", "write", "delete"] },
    });
    granted(&call, "refresh_token", claims, REFRESH_TOKEN)
}

/// `/oauth2/token`: a refresh token for an access token of the registry. It comes in a form, with
/// its own grant or as a password, or as Basic.
async fn token(call: Call) -> Response {
    let request = &call.request;
    let field = |name| request.field(name).unwrap_or_default();
    let basic = || {
        let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
        let (user, password) = pair.split_once(':')?;
        (user == USER).then(|| password.to_owned())
    };
    let secret = match (&request.method, field("grant_type")) {
        (&Method::POST, "refresh_token") => field("refresh_token").to_owned(),
        (&Method::POST, "password") if field("username") == USER => field("password").to_owned(),
        (&Method::GET, _) => basic().unwrap_or_default(),
        _ => String::new(),
    };
    match own(&call, &secret) {
        Some(claims) if claims["grant_type"] == "refresh_token" => {
            let scopes = request.form.iter().flatten().chain(&request.query).filter(|(name, _)| name == "scope");
            let access: Vec<_> = scopes.flat_map(|(_, value)| value.split(' ')).filter_map(access).collect();
            granted(&call, "access_token", json!({ "grant_type": "access_token", "access": access }), ACCESS_TOKEN)
        }
        _ => refused(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "authentication required"),
    }
}

/// `GET /v2/`: how to sign in, or nothing.
async fn content_root(call: Call) -> Response {
    match bearer(&call) {
        Some(_) => Json(json!({})).into_response(),
        None => challenge(&call, None),
    }
}

/// `GET /v2/NAME/manifests/REFERENCE` and `GET /v2/NAME/blobs/DIGEST`.
async fn content(call: Call, Path(path): Path<String>) -> Response {
    let parts = ["/manifests/", "/blobs/", "/tags/"].into_iter().find_map(|kind| {
        let (name, reference) = path.rsplit_once(kind)?;
        Some((name, kind, reference))
    });
    let Some((name, kind, reference)) = parts else {
        return refused(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "repository name not known to registry");
    };
    let may_read = bearer(&call).is_some_and(|claims| {
        let mut access = claims["access"].as_array().into_iter().flatten();
        access
            .any(|one| one["name"] == name && one["actions"].as_array().is_some_and(|all| all.contains(&"pull".into())))
    });
    if !may_read {
        return challenge(&call, Some(name));
    }
    if kind == "/tags/" {
        return Json(json!({ "name": name, "tags": [content::tag(name)] })).into_response();
    }
    let found = content::artifact(name).and_then(|artifact| match kind {
        "/manifests/" if reference.contains(':') && digest(&artifact.manifest) != reference => None,
        "/manifests/" => Some((content::MANIFEST, artifact.manifest)),
        _ => artifact.blobs.into_iter().find(|blob| digest(blob) == reference).map(|blob| (BLOB, blob)),
    });
    match found {
        Some((media_type, bytes)) => {
            let own = HeaderName::from_static("docker-content-digest");
            ([(CONTENT_TYPE, media_type), (own, &digest(&bytes))], bytes).into_response()
        }
        None => refused(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "manifest unknown"),
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256(bytes))
}

/// One scope, `repository:NAME:ACTIONS`, as the claim of an access token.
fn access(scope: &str) -> Option<Value> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    // With permissions for repositories, a pattern for all of them is ignored without an error.
    (!name.contains('*'))
        .then(|| json!({ "type": kind, "name": name, "actions": actions.split(',').collect::<Vec<_>>() }))
}

/// The claims of an access token of Entra for registries, if it is valid.
fn entra(call: &Call, text: &str) -> Result<Value, &'static str> {
    let claims = verified(call, text).ok_or("the token is not valid")?;
    let is_fit = claims["aud"].as_str().is_some_and(|audience| audience.trim_end_matches('/') == RESOURCE);
    is_fit.then_some(claims).ok_or("the token is for another audience")
}

/// The claims of a token of this registry, if it is valid.
fn own(call: &Call, text: &str) -> Option<Value> {
    verified(call, text).filter(|claims| claims["iss"] == ISSUER && claims["aud"] == host(call).as_str())
}

/// The claims of a token that this emulator has signed and that has not ended.
pub(crate) fn verified(call: &Call, text: &str) -> Option<Value> {
    let token = Token::parse(text).ok()?;
    let keys = KeySet::parse(&call.state.keys.set(&[ENTRA.to_owned()]).to_string()).ok()?;
    let is_valid = jwks::verify(token.jws(), &keys).reason.is_none();
    let is_live = token.claims().exp.is_some_and(|exp| mint::now() < exp);
    (is_valid && is_live).then(|| Value::Object(token.claims().raw.clone()))
}

fn bearer(call: &Call) -> Option<Value> {
    own(call, call.request.header("authorization")?.strip_prefix("Bearer ")?)
        .filter(|claims| claims["grant_type"] == "access_token")
}

fn granted(call: &Call, member: &str, mut claims: Value, life: i64) -> Response {
    let now = mint::now();
    for (name, value) in [
        ("iss", ISSUER.into()),
        ("aud", host(call).into()),
        ("iat", now.into()),
        ("nbf", now.into()),
        ("exp", (now + life).into()),
        ("jti", guid::random().into()),
        ("version", "1.0".into()),
    ] {
        let _: () = claims[name] = value;
    }
    match mint::access_token(&claims, &call.state.keys) {
        Some(token) => Json(json!({ member: token })).into_response(),
        None => refused(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", "the token can't be made"),
    }
}

fn challenge(call: &Call, repository: Option<&str>) -> Response {
    let host = host(call);
    let scope = repository.map(|name| format!(",scope=\"repository:{name}:pull\"")).unwrap_or_default();
    let mut response = refused(
        StatusCode::UNAUTHORIZED,
        "UNAUTHORIZED",
        "authentication required, visit https://aka.ms/acr/authorization",
    );
    set(
        &mut response,
        WWW_AUTHENTICATE,
        format!("Bearer realm=\"https://{host}/oauth2/token\",service=\"{host}\"{scope}"),
    );
    response
}

/// The host name that the client used.
fn host(call: &Call) -> String {
    call.base().trim_start_matches("https://").to_ascii_lowercase()
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({ "code": code, "message": message, "detail": null });
    let mut response = (status, Json(json!({ "errors": [error] }))).into_response();
    set(&mut response, HeaderName::from_static("docker-distribution-api-version"), "registry/2.0".to_owned());
    response
}
