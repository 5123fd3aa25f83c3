//! Emulates the API server of a Kubernetes cluster that signs its users in with Entra, as AKS does.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use azure_oidc_core::cloud::AKS;
use http::StatusCode;
use serde_json::json;

use crate::registry;
use crate::state::{Call, EmulatorState};

/// The version of the API, and what its user may know without any role.
pub(crate) fn routes() -> Router<Arc<EmulatorState>> {
    Router::new()
        .route("/version", get(version))
        .route("/version/", get(version))
        .route("/api/{*path}", any(forbidden))
        .route("/apis/{*path}", any(forbidden))
}

async fn version(call: Call) -> Response {
    match user(&call) {
        Some(_) => Json(json!({
            "major": "1",
            "minor": "32",
            "gitVersion": "v1.32.0-emulator",
            "gitCommit": "",
            "gitTreeState": "clean",
            "buildDate": "2026-01-01T00:00:00Z",
            "goVersion": "none",
            "compiler": "none",
            "platform": "emulator",
        }))
        .into_response(),
        None => status(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized"),
    }
}

async fn forbidden(call: Call) -> Response {
    match user(&call) {
        Some(user) => {
            let message = format!("User \"{user}\" has no role in this cluster");
            status(StatusCode::FORBIDDEN, "Forbidden", &message)
        }
        None => status(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized"),
    }
}

/// The object id in a valid token for AKS.
fn user(call: &Call) -> Option<String> {
    let claims = registry::verified(call, call.request.header("authorization")?.strip_prefix("Bearer ")?)?;
    (claims["aud"] == AKS).then(|| claims["oid"].as_str().map(str::to_owned))?
}

fn status(code: StatusCode, reason: &str, message: &str) -> Response {
    let body = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code.as_u16(),
    });
    (code, Json(body)).into_response()
}
