//! Requests an ID token from Azure DevOps and reads its answer.

use super::{Source, answer};
use crate::fault::{Category, Fault};
use crate::harmless::shown;
use crate::ports::{Method, Response};
use crate::secret::Secret;
use crate::shorten::LONGEST_ID;

pub(super) const ACCESS_TOKEN: &str = "SYSTEM_ACCESSTOKEN";
pub(super) const URI: &str = "SYSTEM_OIDCREQUESTURI";

const SERVICE: &str = "Azure DevOps";

/// The request for a token: for the service connection of this id, or for the pipeline.
pub(super) fn token_request(uri: String, bearer: &str, connection: Option<&str>) -> Source {
    let mut url = answer::with_query(uri, &[("api-version", "7.1")]);
    if let Some(id) = connection {
        url = answer::with_query(url, &[("serviceConnectionId", id)]);
    }
    let headers = vec![
        ("authorization", format!("Bearer {bearer}")),
        ("content-type", "application/json".to_owned()),
        ("accept", "application/json".to_owned()),
        ("x-tfs-fedauthredirect", "Suppress".to_owned()),
    ];
    let request = answer::request(Method::Post, url, headers, b"{}".to_vec());
    Source::Request { request, socket: None, read, attempts: 3 }
}

/// Adds how a step gets the access token.
pub(super) fn map_access_token(fault: Fault) -> Fault {
    fault.hint("add to the step: `env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }`")
}

/// Finds the token in the answer. Each kind of refusal has its own code and hint.
fn read(response: &Response) -> Result<Secret, Fault> {
    let is_json = response.header("content-type").is_none_or(|kind| kind.contains("json"));
    let fault = |code, message: String| Fault::new(Category::IdToken, code, message);
    let outlived = "use the value in the same job: it is not valid after the job has ended";
    let fault = match response.status {
        200 if is_json => {
            return answer::token(response, SERVICE, "oidcToken").map_err(|fault| support(fault, response));
        }
        200 | 203 | 301 | 302 | 303 | 307 | 308 => map_access_token(fault(
            "azure-pipelines-sign-in-page",
            format!(
                "Azure DevOps sent a sign-in page instead of a token (HTTP {}), because it does not accept `{ACCESS_TOKEN}`",
                response.status
            ),
        ))
        .hint(outlived),
        401 => map_access_token(fault(
            "azure-pipelines-access-token-refused",
            format!("Azure DevOps refused `{ACCESS_TOKEN}` (HTTP 401)"),
        ))
        .hint(outlived),
        405 => fault(
            "azure-pipelines-wrong-method",
            format!("Azure DevOps does not accept a POST at the address in `{URI}` (HTTP 405)"),
        )
        .hint("remove your own setting of this variable: it is the address of another service"),
        400 | 403 | 404 if answer::message(response).is_some_and(|text| text.contains("service connection")) => fault(
            "azure-pipelines-connection-refused",
            format!(
                "Azure DevOps does not know the service connection, or this pipeline may not use it (HTTP {})",
                response.status
            ),
        )
        .hint("set `AZURE_SERVICE_CONNECTION_ID` to the service connection's id, not its name")
        .hint("authorise the pipeline in the service connection's settings, under Security"),
        _ => return Err(support(answer::refused(response, SERVICE), response)),
    };
    let fault = match answer::message(response) {
        Some(message) => fault.fact("answer", message),
        None => fault,
    };
    Err(support(fault, response))
}

/// Adds the ids that Microsoft's support asks for.
fn support(fault: Fault, response: &Response) -> Fault {
    ["x-vss-e2eid", "x-msedge-ref"].into_iter().fold(fault, |fault, name| match response.header(name) {
        Some(value) => fault.fact(name, shown(value, LONGEST_ID)),
        None => fault,
    })
}
