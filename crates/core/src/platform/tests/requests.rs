//! Tests the requests to token services, and the meaning of each answer.

use serde_json::{Value, json};

use super::super::{Source, by_name};
use super::environment;
use crate::fault::Fault;
use crate::ports::{Request, Response};
use crate::secret::Secret;

type Read = fn(&Response) -> Result<Secret, Fault>;

fn request(name: &str, lines: &str, asked: Option<&str>) -> (Request, Read, u32) {
    let env = environment(lines);
    let platform = by_name(name).unwrap();
    let source = match asked {
        Some(audience) => platform.id_token_for(&env, audience),
        None => platform.id_token(&env, "api://AzureADTokenExchange"),
    };
    match source.unwrap() {
        Source::Request { request, read, attempts, .. } => (request, read, attempts),
        other => panic!("{other:?}"),
    }
}

const HARNESS: &str = "HARNESS_WI_HANDLE=handle\nHARNESS_WI_MINT_URL=unix:///s\nPLUGIN_WORKLOAD_IDENTITY=azure";
const AZURE: &str = "SYSTEM_ACCESSTOKEN=bearer\nSYSTEM_OIDCREQUESTURI=https://dev.azure.com/x";
const GITHUB: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN=bearer\nACTIONS_ID_TOKEN_REQUEST_URL=https://x/y";
const BUILDKITE: &str = "BUILDKITE_AGENT_ACCESS_TOKEN=agent\nBUILDKITE_JOB_ID=job";

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[test]
fn harness_receives_handle_identity_and_only_a_requested_audience() {
    let (request, ..) = request("harness", HARNESS, None);
    assert_eq!(body(&request), json!({ "handle": "handle", "name": "azure" }));
    let (request, ..) = self::request("harness", HARNESS, Some("api://other"));
    assert_eq!(body(&request), json!({ "handle": "handle", "name": "azure", "audience_override": "api://other" }));
}

#[test]
fn harness_needs_the_name_of_the_identity() {
    let env = environment("HARNESS_WI_HANDLE=handle\nHARNESS_WI_MINT_URL=unix:///s");
    let fault = by_name("harness").unwrap().id_token(&env, "").unwrap_err();
    assert!(fault.hints[0].contains("PLUGIN_WORKLOAD_IDENTITY"));
}

#[test]
fn azure_pipelines_receives_a_post_with_the_jobs_token() {
    let (request, _, attempts) = request("azure-pipelines", AZURE, None);
    assert_eq!(header(&request, "authorization"), Some("Bearer bearer"));
    assert_eq!(header(&request, "x-tfs-fedauthredirect"), Some("Suppress"));
    assert_eq!((body(&request), attempts), (json!({}), 3));
}

#[test]
fn the_first_service_connection_that_is_set_is_used() {
    for (lines, id) in [
        ("ARM_OIDC_AZURE_SERVICE_CONNECTION_ID=d", "d"),
        ("ARM_OIDC_AZURE_SERVICE_CONNECTION_ID=d\nARM_ADO_PIPELINE_SERVICE_CONNECTION_ID=c", "c"),
        ("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID=c\nAZURE_SERVICE_CONNECTION_ID=b", "b"),
        ("AZURE_SERVICE_CONNECTION_ID=b\nAZURESUBSCRIPTION_SERVICE_CONNECTION_ID=a", "a"),
    ] {
        let (request, ..) = request("azure-pipelines", &format!("{AZURE}\n{lines}"), None);
        assert_eq!(request.url, format!("https://dev.azure.com/x?api-version=7.1&serviceConnectionId={id}"));
    }
}

#[test]
fn buildkite_is_asked_for_a_stable_subject() {
    let (request, ..) = request("buildkite", BUILDKITE, None);
    assert_eq!(header(&request, "authorization"), Some("Token agent"));
    assert_eq!(body(&request), json!({ "audience": "api://AzureADTokenExchange", "subject_claim": "pipeline_id" }));
    let (request, ..) =
        self::request("buildkite", &format!("{BUILDKITE}\nAZURE_OIDC_BUILDKITE_SUBJECT_CLAIM=queue_id"), None);
    assert_eq!(body(&request)["subject_claim"], "queue_id");
}

#[test]
fn google_receives_the_audience_and_must_identify_itself() {
    let (request, read, _) = request("google-cloud", "", None);
    assert_eq!(
        request.url,
        "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=api%3A%2F%2FAzureADTokenExchange&format=full"
    );
    assert_eq!(header(&request, "metadata-flavor"), Some("Google"));
    assert_eq!(read(&answer(200, "jwt", &[("metadata-flavor", "Google")])).unwrap().reveal(), "jwt");
    assert_eq!(
        read(&answer(200, "jwt", &[])).unwrap_err().code,
        "id-token-answer-unexpected",
        "somebody else answered"
    );
    assert_eq!(read(&answer(404, "", &[])).unwrap_err().code, "id-token-missing");
}

fn answer(status: u16, body: &str, headers: &[(&str, &str)]) -> Response {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Response { status, headers, body: body.into() }
}

#[test]
fn each_service_has_its_own_member_for_the_token() {
    for (name, lines, member) in [
        ("harness", HARNESS, "oidc_token"),
        ("azure-pipelines", AZURE, "oidcToken"),
        ("github", GITHUB, "value"),
        ("buildkite", BUILDKITE, "token"),
    ] {
        let (_, read, _) = request(name, lines, None);
        let body = json!({ member: "jwt", "count": 1, "expires_at_unix": 1 }).to_string();
        assert_eq!(read(&answer(200, &body, &[])).unwrap().reveal(), "jwt", "{name}");
        let fault = read(&answer(200, "{}", &[])).unwrap_err();
        assert!(fault.is_transient, "{name}");
    }
}

#[test]
fn an_unknown_identity_has_its_own_code() {
    let (_, read, _) = request("harness", HARNESS, None);
    let fault = read(&answer(404, r#"{"error":"unknown workload identity"}"#, &[])).unwrap_err();
    assert_eq!(fault.code, "harness-identity-unknown");
}

/// What Azure DevOps answers when it does not answer with a token, and what that is taken for.
const AZURE_ANSWERS: &[(u16, &str, &str, &str)] = &[
    (200, "application/json; charset=utf-8", r#"{"oidcToken":null}"#, "id-token-null"),
    (200, "application/json", "null", "id-token-null"),
    (200, "text/html", "<html>Sign in</html>", "azure-pipelines-sign-in-page"),
    (203, "text/html", "<html>Sign in</html>", "azure-pipelines-sign-in-page"),
    (302, "text/html", "<html>Object moved</html>", "azure-pipelines-sign-in-page"),
    (401, "text/plain", "", "azure-pipelines-access-token-refused"),
    (
        405,
        "application/json",
        r#"{"message":"The requested resource does not support http method 'GET'."}"#,
        "azure-pipelines-wrong-method",
    ),
    (
        400,
        "application/json",
        r#"{"message":"No service connection found with identifier 0f1e."}"#,
        "azure-pipelines-connection-refused",
    ),
    (
        404,
        "application/json",
        r#"{"message":"No service connection found with identifier 0f1e."}"#,
        "azure-pipelines-connection-refused",
    ),
    (404, "application/json", r#"{"message":"The plan was not found."}"#, "id-token-answer-unexpected"),
    (403, "application/json", "{}", "id-token-refused"),
    (503, "text/html", "<html>", "id-token-service-busy"),
];

#[test]
fn each_refusal_of_azure_devops_has_its_own_code_and_the_id_for_support() {
    let (_, read, _) = request("azure-pipelines", AZURE, None);
    for (status, kind, body, code) in AZURE_ANSWERS {
        let headers = [("content-type", *kind), ("x-vss-e2eid", "e2e-1"), ("x-msedge-ref", "ref-1")];
        let fault = read(&answer(*status, body, &headers)).unwrap_err();
        assert_eq!(fault.code, *code, "{status} {body}");
        assert!(
            fault.facts.contains(&("x-vss-e2eid", "e2e-1".into()))
                && fault.facts.contains(&("x-msedge-ref", "ref-1".into()))
        );
    }
}

#[test]
fn what_azure_devops_is_taken_to_mean() {
    let (_, read, _) = request("azure-pipelines", AZURE, None);
    let texts: Vec<_> = AZURE_ANSWERS
        .iter()
        .map(|(status, kind, body, code)| {
            let fault = read(&answer(*status, body, &[("content-type", kind)])).unwrap_err();
            let facts: String = fault.facts.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
            let hints: String = fault.hints.iter().map(|hint| format!("hint: {hint}\n")).collect();
            format!("[{status} {kind}] {code}\n{}\n{facts}{hints}", fault.message)
        })
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}
