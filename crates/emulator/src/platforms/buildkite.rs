//! Buildkite: `POST $BUILDKITE_AGENT_ENDPOINT/jobs/$BUILDKITE_JOB_ID/oidc/tokens`.

use axum::Json;
use axum::extract::Path;
use http::StatusCode;
use serde_json::{Value, json};

use super::job::{Refused, Variables, claim, id_of, is_authorized, issuer, mint, refuse, secret_of};
use crate::issuers::Issuer;
use crate::mint::Order;
use crate::state::{Call, EmulatorState};

/// The claims that a job can choose as its subject.
const SUBJECTS: [&str; 4] = ["pipeline_id", "cluster_id", "queue_id", "organization_id"];

pub(super) fn environment(state: &EmulatorState, issuer: &Issuer) -> Variables {
    vec![
        ("BUILDKITE", "true".to_owned()),
        ("BUILDKITE_AGENT_ENDPOINT", format!("{}/platforms/{}/v3", state.addresses.base, issuer.name)),
        ("BUILDKITE_AGENT_ACCESS_TOKEN", secret_of(state, issuer)),
        ("BUILDKITE_JOB_ID", id_of(issuer, "job")),
    ]
}

pub(super) async fn answer(call: Call, Path((name, job)): Path<(String, String)>) -> Result<Json<Value>, Refused> {
    let Some(issuer) = issuer(&call, &name, "buildkite").filter(|issuer| job == id_of(issuer, "job")) else {
        return refuse(StatusCode::NOT_FOUND, "Not Found");
    };
    if !is_authorized(&call, "token", issuer) {
        return refuse(StatusCode::UNAUTHORIZED, "Authentication required");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&call.request.body) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is not JSON");
    };
    let text = |name: &str| body[name].as_str().filter(|value| !value.is_empty()).map(str::to_owned);
    let organization = || format!("https://buildkite.com/{}", claim(issuer, "organization_slug"));
    let mut order = Order {
        audience: Some(text("audience").unwrap_or_else(organization)),
        lifetime_seconds: body["lifetime"].as_i64().filter(|seconds| *seconds > 0),
        ..Order::of(&name)
    };
    if let Some(name) = text("subject_claim") {
        let value = claim(issuer, &name);
        if !SUBJECTS.contains(&name.as_str()) || value.is_empty() {
            return refuse(StatusCode::UNPROCESSABLE_ENTITY, &format!("subject_claim {name} is not available"));
        }
        order = order.claim("sub", value);
    }
    Ok(Json(json!({ "token": mint(&call, &order)? })))
}
