//! Azure Pipelines: `POST $SYSTEM_OIDCREQUESTURI?api-version=7.1&serviceConnectionId=...`.

use axum::Json;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, StatusCode};
use serde_json::json;

use super::job::{Refused, Variables, id_of, is_authorized, issuer, mint, refuse, secret_of};
use crate::guid;
use crate::issuers::Issuer;
use crate::mint::Order;
use crate::state::{Call, EmulatorState};

const PROJECT: &str = "Payments";

pub(super) fn environment(state: &EmulatorState, issuer: &Issuer) -> Variables {
    let collection = format!("{}/platforms/{}/contoso/", state.addresses.base, issuer.name);
    let [project, plan, job] = ["project", "plan", "job"].map(|what| id_of(issuer, what));
    let uri = format!("{collection}{project}/_apis/distributedtask/hubs/build/plans/{plan}/jobs/{job}/oidctoken");
    vec![
        ("TF_BUILD", "True".to_owned()),
        ("SYSTEM_OIDCREQUESTURI", uri),
        ("SYSTEM_ACCESSTOKEN", secret_of(state, issuer)),
        ("SYSTEM_COLLECTIONURI", collection),
        ("SYSTEM_TEAMPROJECT", PROJECT.to_owned()),
        ("SYSTEM_TEAMPROJECTID", project),
        ("SYSTEM_HOSTTYPE", "build".to_owned()),
        ("SYSTEM_PLANID", plan),
        ("SYSTEM_JOBID", job),
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", connection(issuer)),
    ]
}

pub(super) async fn answer(call: Call, Path((name, path)): Path<(String, String)>) -> Result<Response, Refused> {
    let Some(issuer) = issuer(&call, &name, "azure-pipelines").filter(|_| path.ends_with("/oidctoken")) else {
        return refuse(StatusCode::NOT_FOUND, "The controller for the path was not found.");
    };
    if !is_authorized(&call, "bearer", issuer) {
        return Ok(sign_in(&call));
    }
    if call.request.method != Method::POST {
        let text = format!("The requested resource does not support http method '{}'.", call.request.method);
        return refuse(StatusCode::METHOD_NOT_ALLOWED, &text);
    }
    if call.request.parameter("api-version").is_none() {
        return refuse(StatusCode::BAD_REQUEST, "No api-version was supplied for the \"POST\" request.");
    }
    let order = match call.request.parameter("serviceConnectionId") {
        // Without a connection, the subject is the pipeline.
        None => Order::of(&name).claim("sub", format!("p://contoso/{PROJECT}/deploy")),
        Some(id) if id.eq_ignore_ascii_case(&connection(issuer)) => Order::of(&name),
        Some(id) => {
            return refuse(StatusCode::NOT_FOUND, &format!("No service connection found with identifier {id}."));
        }
    };
    Ok(Json(json!({ "oidcToken": mint(&call, &order)? })).into_response())
}

/// Adds two ids to every response. Microsoft's support asks for them.
pub(super) async fn with_ids(mut response: Response) -> Response {
    for name in ["x-vss-e2eid", "x-msedge-ref"] {
        if let Ok(value) = HeaderValue::try_from(guid::random()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A client without a valid token gets a sign-in page, unless a header says it is no browser.
fn sign_in(call: &Call) -> Response {
    const HTML: (http::HeaderName, &str) = (CONTENT_TYPE, "text/html; charset=utf-8");
    const PAGE: &str =
        "<!DOCTYPE html>\n<html><head><title>Azure DevOps Services | Sign In</title></head><body></body></html>\n";
    let suppress = call.request.header("x-tfs-fedauthredirect");
    if suppress.is_some_and(|value| value.eq_ignore_ascii_case("suppress")) {
        return (StatusCode::UNAUTHORIZED, [HTML]).into_response();
    }
    if call.request.header("authorization").is_some() {
        return (StatusCode::NON_AUTHORITATIVE_INFORMATION, [HTML], PAGE).into_response();
    }
    let location = format!("{}/elsewhere/_signin", call.state.addresses.base);
    (StatusCode::FOUND, [HTML], [(LOCATION, location)], PAGE).into_response()
}

fn connection(issuer: &Issuer) -> String {
    id_of(issuer, "service connection")
}
