//! Harness: `POST /mint_workload_token` over a Unix socket or, on Windows, plain HTTP.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::job::{Variables, mint, secret_of};
use crate::issuers::Issuer;
use crate::mint::{self as tokens, Order};
use crate::state::{Call, EmulatorState};

pub(super) const PATH: &str = "/mint_workload_token";

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    handle: String,
    #[serde(default)]
    name: String,
    audience_override: Option<String>,
}

pub(super) fn environment(state: &EmulatorState, issuer: &Issuer) -> Variables {
    let mint_url = match &state.addresses.socket {
        Some(socket) => format!("unix://{}", socket.display()),
        None => format!("http://{}{PATH}", state.addresses.plain_host),
    };
    vec![
        ("HARNESS_WI_HANDLE", secret_of(state, issuer)),
        ("HARNESS_WI_MINT_URL", mint_url),
        // The identity that a step chooses.
        ("PLUGIN_WORKLOAD_IDENTITY", issuer.name.clone()),
    ]
}

pub(super) async fn answer(call: Call) -> Response {
    let refuse = |status: StatusCode, text: &str| (status, Json(json!({ "error": text }))).into_response();
    let Ok(body) = serde_json::from_slice::<Body>(&call.request.body) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid request body");
    };
    // A pipeline declares identities by name; here each issuer is one.
    let own = |issuer: &&Issuer| {
        issuer.shape.platform == "harness" && issuer.name == body.name && secret_of(&call.state, issuer) == body.handle
    };
    let Some(issuer) = call.state.issuers.iter().find(own) else {
        return refuse(StatusCode::NOT_FOUND, "unknown workload identity");
    };
    let audience = body.audience_override.clone().filter(|audience| !audience.is_empty());
    let expires = tokens::now() + issuer.lifetime;
    match mint(&call, &Order { audience, ..Order::of(&issuer.name) }) {
        Ok(token) => Json(json!({ "oidc_token": token, "expires_at_unix": expires })).into_response(),
        Err(refused) => refused.into_response(),
    }
}
