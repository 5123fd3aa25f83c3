//! What the token endpoints of several platforms share.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::guid;
use crate::issuers::Issuer;
use crate::mint::{self, Order};
use crate::state::{Call, EmulatorState};

/// Environment variables of a job.
pub(super) type Variables = Vec<(&'static str, String)>;

/// A refusal: a status and `{"message": ...}`.
pub(super) struct Refused(pub(super) StatusCode, pub(super) String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}

/// Refuses with a text that does not depend on the request.
pub(super) fn refuse<T>(status: StatusCode, message: &str) -> Result<T, Refused> {
    Err(Refused(status, message.to_owned()))
}

/// The issuer of that name, if it is on that platform.
pub(super) fn issuer<'a>(call: &'a Call, name: &str, platform: &str) -> Option<&'a Issuer> {
    call.state.issuers.by_name(name).filter(|issuer| issuer.shape.platform == platform)
}

/// Creates the token that a job requested.
pub(super) fn mint(call: &Call, order: &Order) -> Result<String, Refused> {
    mint::mint(order, &call.state.issuers, &call.state.keys)
        .map_err(|fault| Refused(StatusCode::INTERNAL_SERVER_ERROR, fault.message.clone()))
}

/// Whether the request has the job's secret with this scheme (RFC 9110 §11.4).
pub(super) fn is_authorized(call: &Call, scheme: &str, issuer: &Issuer) -> bool {
    let header = call.request.header("authorization").and_then(|header| header.split_once(' '));
    header.is_some_and(|(given, secret)| given.eq_ignore_ascii_case(scheme) && secret == secret_of(&call.state, issuer))
}

/// The secret of the jobs of an issuer. Every start of the emulator has new ones.
pub(super) fn secret_of(state: &EmulatorState, issuer: &Issuer) -> String {
    guid::of(&format!("{} {}", state.secret, issuer.name))
}

/// An invented id that is always the same.
pub(super) fn id_of(issuer: &Issuer, what: &str) -> String {
    guid::of(&format!("{what} {}", issuer.name))
}

/// A claim of the issuer's tokens before a job changes it.
pub(super) fn claim(issuer: &Issuer, name: &str) -> String {
    let value = issuer.claims.get(name).cloned().or_else(|| issuer.shape.claims().remove(name));
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
