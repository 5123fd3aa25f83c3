//! Azure Pipelines: `POST $SYSTEM_OIDCREQUESTURI?api-version=7.1&serviceConnectionId=...`, and the sign-in pages it answers with
//! when the job's token isn't good.

use http::header::{HeaderName, HeaderValue, LOCATION};
use http::{Method, StatusCode};
use serde_json::json;

use super::{Job, id_of, message, secret_of};
use crate::body::{self, Answer};
use crate::issuers::Issuer;
use crate::mint::Order;
use crate::world::World;

const PROJECT: &str = "Payments";

pub(super) fn environment(world: &World, issuer: &Issuer) -> Vec<(&'static str, String)> {
    let collection = format!("{}/platforms/{}/contoso/", world.base, issuer.name);
    let [project, plan, job] = ["project", "plan", "job"].map(|what| id_of(issuer, what));
    let uri = format!("{collection}{project}/_apis/distributedtask/hubs/build/plans/{plan}/jobs/{job}/oidctoken");
    vec![
        ("TF_BUILD", "True".to_owned()),
        ("SYSTEM_OIDCREQUESTURI", uri),
        ("SYSTEM_ACCESSTOKEN", secret_of(world, issuer)),
        ("SYSTEM_COLLECTIONURI", collection),
        ("SYSTEM_TEAMPROJECT", PROJECT.to_owned()),
        ("SYSTEM_TEAMPROJECTID", project),
        ("SYSTEM_HOSTTYPE", "build".to_owned()),
        ("SYSTEM_PLANID", plan),
        ("SYSTEM_JOBID", job),
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", connection(issuer)),
    ]
}

pub(super) fn answer(job: &Job<'_>) -> Answer {
    let mut answer = decide(job);
    // Microsoft's support asks for these two.
    for name in ["x-vss-e2eid", "x-msedge-ref"] {
        if let Ok(value) = HeaderValue::from_str(&job.world.keys.guid()) {
            answer.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    answer
}

fn decide(job: &Job<'_>) -> Answer {
    let Some(issuer) = job.issuer.filter(|_| job.path.ends_with("/oidctoken")) else {
        return message(StatusCode::NOT_FOUND, "The controller for the path was not found.");
    };
    if !job.is_authorized("bearer", issuer) {
        return sign_in(job);
    }
    if job.incoming.method != Method::POST {
        let text = format!("The requested resource does not support http method '{}'.", job.incoming.method);
        return message(StatusCode::METHOD_NOT_ALLOWED, &text);
    }
    if job.incoming.parameter("api-version").is_none() {
        return message(StatusCode::BAD_REQUEST, "No api-version was supplied for the \"POST\" request.");
    }
    let order = match job.incoming.parameter("serviceConnectionId") {
        // Without a connection the token is the pipeline's own.
        None => Order::of(&issuer.name).claim("sub", format!("p://contoso/{PROJECT}/deploy")),
        Some(id) if id.eq_ignore_ascii_case(&connection(issuer)) => Order::of(&issuer.name),
        Some(id) => {
            return message(StatusCode::NOT_FOUND, &format!("No service connection found with identifier {id}."));
        }
    };
    job.mint(&order, |token| body::json(StatusCode::OK, &json!({ "oidcToken": token })))
}

/// A job without a good token is taken for a browser, unless it says that it is none.
fn sign_in(job: &Job<'_>) -> Answer {
    const PAGE: &str =
        "<!DOCTYPE html>\n<html><head><title>Azure DevOps Services | Sign In</title></head><body></body></html>\n";
    if job.incoming.header("x-tfs-fedauthredirect").is_some_and(|value| value.eq_ignore_ascii_case("suppress")) {
        return body::typed(StatusCode::UNAUTHORIZED, "text/html; charset=utf-8", "");
    }
    if job.incoming.header("authorization").is_some() {
        return body::typed(StatusCode::NON_AUTHORITATIVE_INFORMATION, "text/html; charset=utf-8", PAGE);
    }
    let mut answer = body::typed(StatusCode::FOUND, "text/html; charset=utf-8", PAGE);
    if let Ok(location) = HeaderValue::from_str(&format!("{}/elsewhere/_signin", job.world.base)) {
        answer.headers_mut().insert(LOCATION, location);
    }
    answer
}

fn connection(issuer: &Issuer) -> String {
    id_of(issuer, "service connection")
}
