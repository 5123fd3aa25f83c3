//! The endpoints where jobs of a CI system get an ID token, and the variables of such jobs.
//!
//! Most are under `/platforms/ISSUER/`. Harness and Google have fixed paths, which jobs reach
//! over plain HTTP or a Unix socket.

mod azure_pipelines;
mod buildkite;
mod github;
mod google;
mod harness;
mod job;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::middleware::map_response;
use axum::routing::{any, get, post};

use crate::issuers::Issuer;
use crate::state::EmulatorState;

/// The token endpoints of all platforms.
pub(crate) fn routes() -> Router<Arc<EmulatorState>> {
    let azure_pipelines = any(azure_pipelines::answer).layer(map_response(azure_pipelines::with_ids));
    Router::new()
        .route("/platforms/{issuer}/contoso/{*path}", azure_pipelines)
        .route("/platforms/{issuer}/v3/jobs/{job}/oidc/tokens", post(buildkite::answer))
        .route("/platforms/{issuer}/idtoken", get(github::answer))
        .route(google::PATH, get(google::answer).layer(map_response(google::with_flavor)))
        .route(harness::PATH, post(harness::answer))
}

/// The variables of a job of this issuer; none if its platform has no endpoint.
pub(crate) fn environment(state: &EmulatorState, issuer: &Issuer) -> Option<BTreeMap<&'static str, String>> {
    issuer.signs_with.as_ref()?;
    let variables = match issuer.shape.platform {
        "azure-pipelines" => azure_pipelines::environment(state, issuer),
        "buildkite" => buildkite::environment(state, issuer),
        "github" => github::environment(state, issuer),
        "google-cloud" => google::environment(state),
        "harness" => harness::environment(state, issuer),
        _ => return None,
    };
    Some(variables.into_iter().collect())
}
