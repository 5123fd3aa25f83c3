//! Azure Resource Manager, as far as sign-in needs it: tenants, subscriptions, and a subscription's
//! resource groups, of which there are none.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::token::Token;
use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};

use crate::directory::Tenant;
use crate::guid;
use crate::keys::ENTRA;
use crate::mint;
use crate::state::{Call, EmulatorState};

/// The name of each tenant's only subscription.
const NAME: &str = "Emulated subscription";

/// The routes. Their base is the `resourceManager` endpoint of a cloud.
pub(crate) fn routes() -> Router<Arc<EmulatorState>> {
    Router::new()
        .route("/tenants", get(tenants))
        .route("/subscriptions", get(subscriptions))
        .route("/subscriptions/{subscription}", get(subscription))
        .route("/subscriptions/{subscription}/resourcegroups", get(resource_groups))
}

async fn tenants(call: Call) -> Response {
    answer(&call, |tenant| {
        Ok(list(&[json!({
            "id": format!("/tenants/{}", tenant.id),
            "tenantId": tenant.id,
            "countryCode": "US",
            "displayName": "Emulated tenant",
            "domains": tenant.domains,
            "defaultDomain": tenant.domains.first(),
            "tenantType": "AAD",
            "tenantCategory": "Home",
        })]))
    })
}

async fn subscriptions(call: Call) -> Response {
    answer(&call, |tenant| Ok(list(&[subscription_of(tenant)])))
}

async fn subscription(call: Call, Path(id): Path<String>) -> Response {
    answer(&call, |tenant| require(tenant, &id).map(|()| subscription_of(tenant)))
}

async fn resource_groups(call: Call, Path(id): Path<String>) -> Response {
    answer(&call, |tenant| require(tenant, &id).map(|()| list(&[])))
}

fn subscription_of(tenant: &Tenant) -> Value {
    let id = guid::of(&tenant.id);
    json!({
        "id": format!("/subscriptions/{id}"),
        "subscriptionId": id,
        "tenantId": tenant.id,
        "displayName": NAME,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

fn list(values: &[Value]) -> Value {
    json!({ "value": values, "count": { "type": "Total", "value": values.len() } })
}

fn require(tenant: &Tenant, subscription: &str) -> Result<(), Refused> {
    match subscription == guid::of(&tenant.id) {
        true => Ok(()),
        false => Err(Refused(StatusCode::NOT_FOUND, "SubscriptionNotFound", "The subscription could not be found.")),
    }
}

/// A refusal in the form of Resource Manager.
struct Refused(StatusCode, &'static str, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(status, code, message) = self;
        let body = Json(json!({ "error": { "code": code, "message": message } }));
        match status {
            StatusCode::UNAUTHORIZED => {
                let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{message}\"");
                (status, [(WWW_AUTHENTICATE, challenge)], body).into_response()
            }
            _ => (status, body).into_response(),
        }
    }
}

/// Answers for the tenant of the access token.
fn answer(call: &Call, answer: impl Fn(&Tenant) -> Result<Value, Refused>) -> Response {
    let answered = || {
        let directory = call.state.directory();
        let token = bearer(call)?;
        let issued = token.claims().text("tid");
        let tenant = issued.and_then(|id| directory.tenant(id)).ok_or_else(invalid)?;
        let is_for_us = |aud: &String| tenant.cloud.management(&format!("{aud}/.default")).is_some();
        if !token.claims().aud.iter().any(is_for_us) {
            let message = "The access token has been obtained for wrong audience or resource.";
            return Err(Refused(StatusCode::UNAUTHORIZED, "InvalidAuthenticationTokenAudience", message));
        }
        answer(tenant)
    };
    answered().map_or_else(IntoResponse::into_response, |body| Json(body).into_response())
}

/// The access token of the request, if the emulator issued it and it has not ended.
fn bearer(call: &Call) -> Result<Token, Refused> {
    let missing = || {
        let message = "Authentication failed. The 'Authorization' header is missing.";
        Refused(StatusCode::UNAUTHORIZED, "AuthenticationFailed", message)
    };
    let (scheme, token) =
        call.request.header("authorization").and_then(|text| text.split_once(' ')).ok_or_else(missing)?;
    let token = Token::parse(token.trim()).map_err(|_| invalid())?;
    let keys = KeySet::parse(&call.state.keys.set(&[ENTRA.to_owned()]).to_string()).map_err(|_| invalid())?;
    let is_ours = scheme.eq_ignore_ascii_case("bearer") && jwks::verify(token.jws(), &keys).valid;
    match token.claims().exp {
        Some(end) if is_ours && mint::now() < end => Ok(token),
        Some(_) if is_ours => Err(Refused(
            StatusCode::UNAUTHORIZED,
            "ExpiredAuthenticationToken",
            "The access token expiry UTC time is earlier than current UTC time.",
        )),
        _ => Err(invalid()),
    }
}

fn invalid() -> Refused {
    Refused(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", "The access token is invalid.")
}
