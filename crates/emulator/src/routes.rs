//! The routes of the emulator, and the layers around them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Path;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use http::StatusCode;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::control::{failure, not_allowed};
use crate::entra::{discovery, token};
use crate::state::{Call, EmulatorState};
use crate::{arm, cluster, control, inject, platforms, registry};

/// The largest body that the emulator reads. Entra itself refuses forms of more than 64 KiB.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// The largest body for the control API, which lists of credentials need.
const MAX_CONTROL_BODY: usize = 1024 * 1024;
/// How long the emulator waits for the next part of a request body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Everything: Entra, Resource Manager, container registries, a cluster, the issuers, the platforms'
/// token endpoints, and the control API.
pub(crate) fn over_tls(state: &Arc<EmulatorState>) -> Router {
    let emulated = platforms::routes()
        .merge(arm::routes())
        .merge(registry::routes())
        .merge(cluster::routes())
        .route("/common/discovery/instance", get(discovery::instance))
        .route("/{tenant}/oauth2/v2.0/token", any(token::answer))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(discovery::configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(discovery::keys))
        .route("/issuers/{issuer}/{*document}", get(issuer_document));
    let control = finish(control::routes(), state, MAX_CONTROL_BODY);
    with_injections(emulated, state).nest("/_emulator", control)
}

/// What jobs reach over plain HTTP and the Unix socket: the platforms' token endpoints.
pub(crate) fn plain(state: &Arc<EmulatorState>) -> Router {
    with_injections(platforms::routes(), state)
}

fn with_injections(routes: Router<Arc<EmulatorState>>, state: &Arc<EmulatorState>) -> Router {
    let routes = routes
        .fallback(|| async { nothing() })
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn_with_state(state.clone(), inject::layer));
    finish(routes, state, MAX_BODY)
}

fn finish(routes: Router<Arc<EmulatorState>>, state: &Arc<EmulatorState>, max_body: usize) -> Router {
    routes
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(RequestBodyLimitLayer::new(max_body))
        .with_state(state.clone())
}

/// `GET /issuers/NAME/...`: the discovery document and the key set of an issuer.
async fn issuer_document(call: Call, Path((name, path)): Path<(String, String)>) -> Response {
    let issuer = call.state.issuers.by_name(&name);
    match issuer.and_then(|issuer| Some(issuer.content(issuer.document(&path)?, &call.state.addresses.base))) {
        Some(content) => Json(content).into_response(),
        None => nothing(),
    }
}

fn nothing() -> Response {
    failure(StatusCode::NOT_FOUND, "not-found", "nothing is served here")
}
