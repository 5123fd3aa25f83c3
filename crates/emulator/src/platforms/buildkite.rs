//! Buildkite: `POST $BUILDKITE_AGENT_ENDPOINT/jobs/$BUILDKITE_JOB_ID/oidc/tokens` with the agent's token.

use http::{Method, StatusCode};
use serde_json::json;

use super::{Job, claim, id_of, message, secret_of};
use crate::body::{self, Answer};
use crate::issuers::Issuer;
use crate::mint::Order;
use crate::routes::not_allowed;
use crate::world::World;

/// The claims that can be the subject.
const SUBJECTS: [&str; 4] = ["pipeline_id", "cluster_id", "queue_id", "organization_id"];

pub(super) fn environment(world: &World, issuer: &Issuer) -> Vec<(&'static str, String)> {
    vec![
        ("BUILDKITE", "true".to_owned()),
        ("BUILDKITE_AGENT_ENDPOINT", format!("{}/platforms/{}/v3", world.base, issuer.name)),
        ("BUILDKITE_AGENT_ACCESS_TOKEN", secret_of(world, issuer)),
        ("BUILDKITE_JOB_ID", id_of(issuer, "job")),
    ]
}

pub(super) fn answer(job: &Job<'_>) -> Answer {
    let of_job = |issuer: &&Issuer| job.path == format!("/v3/jobs/{}/oidc/tokens", id_of(issuer, "job"));
    let Some(issuer) = job.issuer.filter(of_job) else { return message(StatusCode::NOT_FOUND, "Not Found") };
    if job.incoming.method != Method::POST {
        return not_allowed("POST");
    }
    if !job.is_authorized("token", issuer) {
        return message(StatusCode::UNAUTHORIZED, "Authentication required");
    }
    let Some(wish) = job.json() else { return message(StatusCode::BAD_REQUEST, "the body is not JSON") };
    let text = |name: &str| wish[name].as_str().filter(|value| !value.is_empty()).map(str::to_owned);
    let audience =
        text("audience").unwrap_or_else(|| format!("https://buildkite.com/{}", claim(issuer, "organization_slug")));
    let lifetime = wish["lifetime"].as_i64().filter(|seconds| *seconds > 0);
    let mut order = Order { audience: Some(audience), lifetime_seconds: lifetime, ..Order::of(&issuer.name) };
    if let Some(name) = text("subject_claim") {
        let value = claim(issuer, &name);
        if !SUBJECTS.contains(&name.as_str()) || value.is_empty() {
            return message(StatusCode::UNPROCESSABLE_ENTITY, &format!("subject_claim {name} is not available"));
        }
        order = order.claim("sub", value);
    }
    job.mint(&order, |token| body::json(StatusCode::OK, &json!({ "token": token })))
}
