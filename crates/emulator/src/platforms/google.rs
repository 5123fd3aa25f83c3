//! Google Cloud: the metadata server's `GET .../identity?audience=...` with `Metadata-Flavor: Google`.

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::Job;
use crate::body::{self, Answer};
use crate::issuers::Issuer;
use crate::mint::Order;
use crate::routes::not_allowed;
use crate::world::World;

pub(super) const PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/identity";
const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");

pub(super) fn environment(world: &World, _: &Issuer) -> Vec<(&'static str, String)> {
    vec![("GCE_METADATA_HOST", world.plain_host.clone())]
}

/// A machine has one metadata server: the first issuer of the platform answers.
pub(super) fn answer(job: &Job<'_>) -> Answer {
    let mut answer = decide(job);
    answer.headers_mut().insert(FLAVOR, HeaderValue::from_static("Google"));
    answer
}

fn decide(job: &Job<'_>) -> Answer {
    let plain = |status, text: String| body::typed(status, "text/html", text);
    let issuer = job.world.issuers.iter().find(|issuer| issuer.shape.platform == "google-cloud");
    let Some(issuer) = issuer.filter(|_| job.path == PATH) else {
        return plain(StatusCode::NOT_FOUND, "Not Found".to_owned());
    };
    if job.incoming.method != Method::GET {
        return not_allowed("GET");
    }
    if job.incoming.headers.get(FLAVOR).is_none_or(|value| value != "Google") {
        return plain(StatusCode::FORBIDDEN, "Missing Metadata-Flavor:Google header.".to_owned());
    }
    let Some(audience) = job.incoming.parameter("audience").filter(|audience| !audience.is_empty()) else {
        return plain(StatusCode::BAD_REQUEST, "non-empty audience parameter required".to_owned());
    };
    let order = Order { audience: Some(audience.to_owned()), ..Order::of(&issuer.name) };
    let order = match job.incoming.parameter("format") {
        Some("full") => order,
        _ => order.claim("email", serde_json::Value::Null).claim("email_verified", serde_json::Value::Null),
    };
    job.mint(&order, |token| plain(StatusCode::OK, token))
}
