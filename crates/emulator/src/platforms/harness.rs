//! Harness: `POST /mint_workload_token`, over a Unix socket or, on Windows, plain HTTP. The handle in the body is the capability.

use http::{Method, StatusCode};
use serde_json::json;

use super::{Job, secret_of};
use crate::body::{self, Answer};
use crate::issuers::Issuer;
use crate::mint::{self, Order};
use crate::routes::not_allowed;
use crate::world::World;

pub(super) const PATH: &str = "/mint_workload_token";

pub(super) fn environment(world: &World, issuer: &Issuer) -> Vec<(&'static str, String)> {
    let mint_url = match &world.socket {
        Some(socket) => format!("unix://{}", socket.display()),
        None => format!("http://{}{PATH}", world.plain_host),
    };
    vec![("HARNESS_WI_HANDLE", secret_of(world, issuer)), ("HARNESS_WI_MINT_URL", mint_url)]
}

pub(super) fn answer(job: &Job<'_>) -> Answer {
    let error = |status, text: &str| body::json(status, &json!({ "error": text }));
    if job.path != PATH {
        return error(StatusCode::NOT_FOUND, "not found");
    }
    if job.incoming.method != Method::POST {
        return not_allowed("POST");
    }
    let Some(wish) = job.json().filter(serde_json::Value::is_object) else {
        return error(StatusCode::BAD_REQUEST, "invalid request body");
    };
    // A pipeline declares identities by name; here each issuer is one.
    let own = |issuer: &&Issuer| wish["handle"] == secret_of(job.world, issuer) && wish["name"] == issuer.name.as_str();
    let mut harness = job.world.issuers.iter().filter(|issuer| issuer.shape.platform == "harness");
    let Some(issuer) = harness.find(own) else { return error(StatusCode::NOT_FOUND, "unknown workload identity") };
    let audience = wish["audience_override"].as_str().filter(|audience| !audience.is_empty());
    let order = Order { audience: audience.map(str::to_owned), ..Order::of(&issuer.name) };
    let expires = mint::now() + issuer.lifetime;
    job.mint(&order, |token| body::json(StatusCode::OK, &json!({ "oidc_token": token, "expires_at_unix": expires })))
}
