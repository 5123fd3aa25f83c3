//! GitHub Actions: `GET $ACTIONS_ID_TOKEN_REQUEST_URL&audience=...` with the job's bearer token.

use axum::Json;
use axum::extract::Path;
use http::StatusCode;
use serde_json::{Value, json};

use super::job::{Refused, Variables, claim, is_authorized, issuer, mint, refuse, secret_of};
use crate::issuers::Issuer;
use crate::mint::Order;
use crate::state::{Call, EmulatorState};

pub(super) fn environment(state: &EmulatorState, issuer: &Issuer) -> Variables {
    let url = format!("{}/platforms/{}/idtoken?api-version=2.0", state.addresses.base, issuer.name);
    vec![
        ("GITHUB_ACTIONS", "true".to_owned()),
        // Clients append `&audience=`, so the URL needs a query.
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", secret_of(state, issuer)),
    ]
}

pub(super) async fn answer(call: Call, Path(name): Path<String>) -> Result<Json<Value>, Refused> {
    let Some(issuer) = issuer(&call, &name, "github") else { return refuse(StatusCode::NOT_FOUND, "Not Found") };
    if !is_authorized(&call, "bearer", issuer) {
        return refuse(StatusCode::UNAUTHORIZED, "Bad credentials");
    }
    let audience = call.request.parameter("audience").filter(|audience| !audience.is_empty()).map(str::to_owned);
    let owner = || format!("https://github.com/{}", claim(issuer, "repository_owner"));
    let order = Order { audience: Some(audience.unwrap_or_else(owner)), ..Order::of(&name) };
    let token = mint(&call, &order)?;
    Ok(Json(json!({ "count": token.len(), "value": token })))
}
