//! Google Cloud: the metadata server's `GET .../identity?audience=...`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::Value;

use super::job::{Variables, mint};
use crate::mint::Order;
use crate::state::{Call, EmulatorState};

pub(super) const PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/identity";
const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");

pub(super) fn environment(state: &EmulatorState) -> Variables {
    vec![("GCE_METADATA_HOST", state.addresses.plain_host.clone())]
}

/// A machine has one metadata server, so the first issuer of the platform answers.
pub(super) async fn answer(call: Call) -> Response {
    let answer =
        |status: StatusCode, text: &str| (status, [(CONTENT_TYPE, "text/html")], text.to_owned()).into_response();
    let Some(issuer) = call.state.issuers.iter().find(|issuer| issuer.shape.platform == "google-cloud") else {
        return answer(StatusCode::NOT_FOUND, "Not Found");
    };
    if call.request.headers.get(FLAVOR).is_none_or(|value| value != "Google") {
        return answer(StatusCode::FORBIDDEN, "Missing Metadata-Flavor:Google header.");
    }
    let Some(audience) = call.request.parameter("audience").filter(|audience| !audience.is_empty()) else {
        return answer(StatusCode::BAD_REQUEST, "non-empty audience parameter required");
    };
    let mut order = Order { audience: Some(audience.to_owned()), ..Order::of(&issuer.name) };
    if call.request.parameter("format") != Some("full") {
        order = order.claim("email", Value::Null).claim("email_verified", Value::Null);
    }
    match mint(&call, &order) {
        Ok(token) => answer(StatusCode::OK, &token),
        Err(refused) => refused.into_response(),
    }
}

/// Adds the header by which clients recognise the metadata server.
pub(super) async fn with_flavor(mut response: Response) -> Response {
    response.headers_mut().insert(FLAVOR, HeaderValue::from_static("Google"));
    response
}
