//! The control API under `/_emulator/`, for tests in any language.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use azure_oidc_core::{Category, Fault};
use http::{StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::directory::Change;
use crate::injections::Injections;
use crate::mint::{self, Order};
use crate::state::EmulatorState;

type Shared = State<Arc<EmulatorState>>;
type Answer = Result<Json<Value>, Refused>;

/// The routes below `/_emulator`.
pub(crate) fn routes() -> Router<Arc<EmulatorState>> {
    let of_injections = get(injections).post(add_injection).delete(clear_injections);
    Router::new()
        .route("/health", get(|| async { Json(json!({ "status": "ready" })) }))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/injections", of_injections.clone())
        // The older name of the path.
        .route("/faults", of_injections)
        .route("/mint", post(mint))
        .route("/credentials", post(set_credentials))
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
}

async fn requests(State(state): Shared) -> Json<Value> {
    Json(json!({ "requests": state.log().entries() }))
}

async fn clear_requests(State(state): Shared) -> Json<Value> {
    state.log().clear();
    Json(json!({}))
}

async fn injections(State(state): Shared) -> Json<Value> {
    Json(list(&state.injections()))
}

async fn add_injection(State(state): Shared, body: Bytes) -> Answer {
    let mut injections = state.injections();
    injections.add(read(&body)?)?;
    Ok(Json(list(&injections)))
}

async fn clear_injections(State(state): Shared) -> Json<Value> {
    state.injections().clear();
    Json(json!({}))
}

async fn mint(State(state): Shared, body: Bytes) -> Answer {
    let order: Order = read(&body)?;
    Ok(Json(json!({ "token": mint::mint(&order, &state.issuers, &state.keys)? })))
}

async fn set_credentials(State(state): Shared, body: Bytes) -> Answer {
    let change: Change = read(&body)?;
    state.directory().change(&change, &state.issuers)?;
    Ok(Json(json!({})))
}

async fn unknown(uri: Uri) -> Response {
    let command = uri.path().trim_start_matches('/');
    failure(StatusCode::NOT_FOUND, "not-found", &format!("there is no command `{command}`"))
}

/// 405; `axum` adds the header with the methods that are allowed (RFC 9110 §15.5.6).
pub(crate) async fn not_allowed() -> Response {
    failure(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "the `Allow` header lists the methods of this path")
}

/// An error of the emulator itself.
pub(crate) fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "error": { "code": code, "message": message } }))).into_response()
}

fn list(injections: &Injections) -> Value {
    json!({ "injections": injections.iter().collect::<Vec<_>>() })
}

/// Reads JSON, whatever the content type is: `curl -d` sends the type of a form.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body)
        .map_err(|error| Fault::new(Category::Usage, "body-invalid", format!("the body can't be read: {error}")))
}

/// A command that failed.
struct Refused(Fault);

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(fault) = self;
        let error = json!({ "code": fault.code, "message": fault.message, "hint": fault.hints.first() });
        (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
    }
}
