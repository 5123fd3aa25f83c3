//! GitHub Actions: `GET $ACTIONS_ID_TOKEN_REQUEST_URL&audience=...` with the job's bearer token.

use http::{Method, StatusCode};
use serde_json::json;

use super::{Job, claim, message, secret_of};
use crate::body::{self, Answer};
use crate::issuers::Issuer;
use crate::mint::Order;
use crate::routes::not_allowed;
use crate::world::World;

const PATH: &str = "/idtoken";

pub(super) fn environment(world: &World, issuer: &Issuer) -> Vec<(&'static str, String)> {
    vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        // The query is there already: clients add `&audience=`.
        ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/platforms/{}{PATH}?api-version=2.0", world.base, issuer.name)),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", secret_of(world, issuer)),
    ]
}

pub(super) fn answer(job: &Job<'_>) -> Answer {
    let Some(issuer) = job.issuer.filter(|_| job.path == PATH) else {
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    if job.incoming.method != Method::GET {
        return not_allowed("GET");
    }
    if !job.is_authorized("bearer", issuer) {
        return message(StatusCode::UNAUTHORIZED, "Bad credentials");
    }
    let audience = job
        .incoming
        .parameter("audience")
        .filter(|audience| !audience.is_empty())
        .map_or_else(|| format!("https://github.com/{}", claim(issuer, "repository_owner")), str::to_owned);
    let order = Order { audience: Some(audience), ..Order::of(&issuer.name) };
    job.mint(&order, |token| body::json(StatusCode::OK, &json!({ "count": token.len(), "value": token })))
}
