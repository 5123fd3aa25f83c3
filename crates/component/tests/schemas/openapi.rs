//! Generates the OpenAPI document. Paths and responses are here, schemas come from the types, and
//! example answers from the service.

use azure_oidc_component::service::{self, Head, Health, ProblemDetails};
use azure_oidc_core::ports::fixed::Offline;
use azure_oidc_jobs::{audit, check, credential, exchange, explain, inspect, verify};
use serde_json::{Map, Value, json};

use super::{answer, request};

const DESCRIPTION: &str = "Trades a CI job's OIDC ID token for an Azure access token, says whether Microsoft Entra will accept it, and \
explains what Entra answers.\n\nStateless: nothing is kept between two calls. A body is one JSON object of at most 256 KiB, with no \
member named twice; an unknown member is refused, and one that is `null` counts as absent, unless it is required. Failures are problem \
details (RFC 9457): `code` is stable. Only `/v1/exchange` uses the network, to reach Entra. No page of another origin may read answers, \
unless the service is configured with its origin.";

const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImV4YW1wbGUifQ.eyJpc3MiOiJodHRwczovL2dpdGxhYi5jb20iLCJzdWIiOiJwcm9qZWN0X3BhdGg6bXktZ3JvdXAvbXktcHJvamVjdDpyZWZfdHlwZTpicmFuY2g6cmVmOm1haW4iLCJhdWQiOiJhcGk6Ly9BenVyZUFEVG9rZW5FeGNoYW5nZSIsImlhdCI6MTc2MDAwMDAwMCwibmJmIjoxNzYwMDAwMDAwLCJleHAiOjE3NjAwMDM2MDAsInByb2plY3RfcGF0aCI6Im15LWdyb3VwL215LXByb2plY3QifQ.bjQLnP-zepicpUTmu3gKLHiQHT-zNzh2hRGjBhevoB1L9RIvNEVUxTveLruM0rfj0WAK1jHDhaXXzOI8d4VFmtvBtMkA_-SNV1tdpcY4BAEl9l2w_j4kSUt26phkV9mGCE_tCLl4r019GWp0RqhrWACeY2thHbFiEbZamq3_KcXlLZxQjFAjRzRNjAetkcvWBor8df9ikvBioJyjgcieced7mprp4wsNvbb1EKJk753ngVAde2uSronrBZxat0PbZ1humPrSfaC5lovAOaHvNMk5ubjlI6i--J1HhgjF7PbKNYdY9tJ-bPRScpN5d6dI_Yg5HbZ5ztp9x78fAF7oeQ";
const SUBJECT: &str = "project_path:my-group/my-project:ref_type:branch:ref:main";

pub(crate) fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "azure-oidc",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": DESCRIPTION,
        },
        "servers": [{ "url": "/" }],
        "paths": paths(),
        "components": {
            "securitySchemes": { "idToken": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The CI job's ID token. It is sent only to Entra and is not stored.",
            } },
            "headers": {
                "NoStore": header("Caches must not store the answer.", json!({ "const": "no-store" })),
                "RetryAfter": header("Seconds to wait.", json!({ "type": "integer", "minimum": 1 })),
                "Challenge": header("See RFC 6750.", json!({ "type": "string" })),
            },
            "responses": responses(),
            "schemas": {
                "Problem": answer::<ProblemDetails>(),
                "Health": answer::<Health>(),
                "Audit": answer::<audit::Answer>(),
                "Check": answer::<check::Answer>(),
                "Inspection": answer::<inspect::Answer>(),
                "Verification": answer::<verify::Answer>(),
                "Explanations": answer::<explain::Answer>(),
                "Credential": answer::<credential::Answer>(),
                "Exchange": answer::<exchange::Answer>(),
            },
        },
    })
}

fn header(description: &str, schema: Value) -> Value {
    json!({ "description": description, "required": true, "schema": schema })
}

fn paths() -> Value {
    let credential = json!({ "name": "main", "issuer": "https://gitlab.com", "subject": SUBJECT,
        "audiences": ["api://AzureADTokenExchange"] });
    let mut exchange = post(
        Operation {
            id: "exchange",
            summary: "Trade the caller's ID token for access tokens",
            description: "The ID token is the bearer token. The service's configuration names tenant, clients, scopes and authority; \
                a request cannot change them.",
            answer: "Exchange",
            failures: &["Unauthorized", "Forbidden", "BadGateway"],
        },
        request::<exchange::Body>(),
        json!({ "scopes": ["https://management.azure.com/.default"] }),
        json!({
            "platform": "gitlab",
            "issuer": "https://gitlab.com",
            "subject": SUBJECT,
            "audience": "api://AzureADTokenExchange",
            "tenant_id": "contoso.onmicrosoft.com",
            "client_id": "22222222-2222-4222-8222-222222222222",
            "tokens": [{
                "scope": "https://management.azure.com/.default",
                "access_token": "ACCESS_TOKEN",
                "token_type": "Bearer",
                "expires_on": "2026-01-01T00:00:00Z",
            }],
        }),
    );
    exchange["post"]["security"] = json!([{ "idToken": [] }]);
    json!({
        "/healthz": get(
            "health",
            "Check the health of the service",
            json!({
                "description": "The service runs.",
                "headers": { "Cache-Control": { "$ref": "#/components/headers/NoStore" } },
                "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Health" },
                    "example": { "status": "ok", "version": env!("CARGO_PKG_VERSION") },
                } },
            }),
        ),
        "/openapi.json": get(
            "document",
            "Get this document",
            json!({
                "description": "OpenAPI 3.1.",
                "content": { "application/json": { "schema": {
                    "type": "object",
                    "required": ["openapi", "info", "paths"],
                    "properties": { "openapi": { "const": "3.1.0" } },
                } } },
            }),
        ),
        "/v1/check": local(
            Operation {
                id: "check",
                summary: "Predict whether Entra accepts a token for these credentials",
                description: "Compares byte for byte, as Entra does, and reports the claim and the position that differ. If Entra \
                    would refuse the token, that is an answer and not a failure. No request is sent.",
                answer: "Check",
                failures: &[],
            },
            request::<check::Request>(),
            json!({ "issuer": "https://gitlab.com", "subject": SUBJECT, "credentials": [credential] }),
        ),
        "/v1/inspect": local(
            Operation {
                id: "inspect",
                summary: "Decode a token",
                description: "Decodes a token and names the CI platform and the meaning of each part of the subject. Verifies nothing.",
                answer: "Inspection",
                failures: &[],
            },
            request::<inspect::Request>(),
            json!({ "token": TOKEN }),
        ),
        "/v1/verify": local(
            Operation {
                id: "verify",
                summary: "Verify the signature of a token",
                description: "Verifies a JWS with the keys of a JWK Set. An invalid signature is an answer. No keys are fetched.",
                answer: "Verification",
                failures: &[],
            },
            request::<verify::Request>(),
            json!({ "token": TOKEN, "jwks": { "keys": [{ "kty": "RSA", "kid": "example", "n": "AQ", "e": "AQAB" }] } }),
        ),
        "/v1/explain": local(
            Operation {
                id: "explain",
                summary: "Explain AADSTS codes",
                description: "Explains each code in the text once, with its causes and remedies.",
                answer: "Explanations",
                failures: &[],
            },
            request::<explain::Request>(),
            json!({ "text": "AADSTS90002" }),
        ),
        "/v1/credential": local(
            Operation {
                id: "credential",
                summary: "Write the credentials that a pipeline needs",
                description: "Writes federated identity credentials in the format of a tool.",
                answer: "Credential",
                failures: &[],
            },
            request::<credential::Request>(),
            json!({ "platform": "github", "parts": { "repo": "octo-org/octo-repo", "branch": "main" }, "format": "graph" }),
        ),
        "/v1/audit": local(
            Operation {
                id: "audit",
                summary: "Find credentials that can never match, let in too much or must be migrated",
                description: "Audits federated identity credentials without a token, and proposes new ones. Credentials with errors \
                    are an answer and not a failure. No request is sent.",
                answer: "Audit",
                failures: &[],
            },
            request::<audit::Request>(),
            json!({ "documents": [{ "file": "app.json", "credentials": [{ "name": "main", "issuer": "https://gitlab.com/",
                "subject": SUBJECT, "audiences": ["api://AzureADTokenExchange"] }] }] }),
        ),
        "/v1/exchange": exchange,
    })
}

/// An operation: POST to a path.
struct Operation {
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    /// Its schema under `components`.
    answer: &'static str,
    /// The responses that only some operations have.
    failures: &'static [&'static str],
}

/// An operation that needs no network. The service itself gives the example answer.
fn local(operation: Operation, body: Value, example: Value) -> Value {
    let offline = Offline { now: 0 };
    let head = Head {
        method: "POST".to_owned(),
        path: format!("/v1/{}", operation.id),
        content_type: Some("application/json".to_owned()),
        ..Head::default()
    };
    let reply = service::answer(&head, &mut || Ok(example.to_string().into_bytes()), offline.ports());
    assert_eq!(reply.status, 200, "{}: {}", operation.id, reply.body);
    let answered = serde_json::from_str(&reply.body).expect("the service answers with JSON");
    post(operation, body, example, answered)
}

fn post(operation: Operation, body: Value, example: Value, answered: Value) -> Value {
    let ok = json!({
        "description": "The answer.",
        "headers": { "Cache-Control": { "$ref": "#/components/headers/NoStore" } },
        "content": { "application/json": {
            "schema": { "$ref": format!("#/components/schemas/{}", operation.answer) },
            "example": answered,
        } },
    });
    let always = ["BadRequest", "TooLarge", "MediaType", "Failed", "Busy", "Late"];
    let failures: Vec<_> = always.iter().chain(operation.failures).copied().collect();
    json!({ "post": {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "requestBody": { "required": true, "content": { "application/json": { "schema": body, "example": example } } },
        "responses": with_failures(ok, &failures),
    } })
}

fn get(id: &str, summary: &str, ok: Value) -> Value {
    json!({ "get": { "operationId": id, "summary": summary, "responses": with_failures(ok, &["Busy", "Late"]) } })
}

fn with_failures(ok: Value, names: &[&str]) -> Value {
    let failure = |failure: &Failure| {
        (failure.status.to_string(), json!({ "$ref": format!("#/components/responses/{}", failure.name) }))
    };
    let failures = FAILURES.iter().filter(|failure| names.contains(&failure.name)).map(failure);
    Value::Object([("200".to_owned(), ok)].into_iter().chain(failures).collect())
}

/// A response with problem details, and an example of one.
struct Failure {
    name: &'static str,
    status: u16,
    title: &'static str,
    description: &'static str,
    code: &'static str,
    detail: &'static str,
    hint: Option<&'static str>,
}

#[rustfmt::skip]
const FAILURES: [Failure; 9] = [
    Failure { name: "BadRequest", status: 400, title: "Bad Request", code: "member-missing", detail: "The body has no `token`", hint: None,
        description: "The body has another form than the operation expects, or one of its values is invalid." },
    Failure { name: "Unauthorized", status: 401, title: "Unauthorized", code: "id-token-missing", hint: None,
        detail: "The request has no `Authorization: Bearer` with the caller's ID token",
        description: "There is no usable ID token." },
    Failure { name: "Forbidden", status: 403, title: "Forbidden", code: "entra-refused", hint: Some("no credential has this subject"),
        detail: "Entra refused with 401 invalid_client: AADSTS700213: No matching federated identity record found ...",
        description: "Entra refused, or the service's configuration does not allow this client, scope or issuer, or no exchange at all." },
    Failure { name: "TooLarge", status: 413, title: "Content Too Large", code: "body-too-large", hint: None,
        detail: "The body is longer than 262144 bytes", description: "The body is longer than 256 KiB." },
    Failure { name: "MediaType", status: 415, title: "Unsupported Media Type", code: "content-type", hint: None,
        detail: "The body must be `application/json` in UTF-8", description: "The body is not plain JSON in UTF-8." },
    Failure { name: "Failed", status: 500, title: "Internal Server Error", code: "tenant-id-malformed", hint: None,
        detail: "`AZURE_TENANT_ID` is no GUID and no domain name", description: "A defect in the service, or a wrong configuration of it." },
    Failure { name: "BadGateway", status: 502, title: "Bad Gateway", code: "authority-unreachable", detail: "No connection to the authority",
        hint: Some("check that the runner may reach it, directly or through `HTTPS_PROXY`"),
        description: "After retries, Entra could not be reached or its answer could not be used." },
    Failure { name: "Busy", status: 503, title: "Service Unavailable", code: "busy", hint: None,
        detail: "The service is already answering as many requests as it may",
        description: "The host of the service is already answering as many requests as it may, or has no connection left." },
    Failure { name: "Late", status: 504, title: "Gateway Timeout", code: "request-deadline", hint: None,
        detail: "The request was not answered within 30 s",
        description: "The request took longer than the host of the service allows. `azure-oidc serve` sends this." },
];

fn responses() -> Value {
    let response = |failure: &Failure| {
        let hints: Vec<_> = failure.hint.into_iter().collect();
        let mut example = json!({ "type": "about:blank", "title": failure.title, "status": failure.status,
            "detail": failure.detail, "code": failure.code, "hints": hints });
        let mut response = json!({ "description": failure.description });
        match failure.name {
            "Unauthorized" => {
                response["headers"] = json!({ "WWW-Authenticate": { "$ref": "#/components/headers/Challenge" } })
            }
            "Busy" => response["headers"] = json!({ "Retry-After": { "$ref": "#/components/headers/RetryAfter" } }),
            "Forbidden" => {
                example["aadsts"] = "AADSTS700213".into();
                example["trace_id"] = "4dcb530a-a0be-46a7-9547-361eaa474184".into();
                example["correlation_id"] = "2f0b6ad3-6f5c-4d0a-9d5a-2c1b3e4f5a6b".into();
            }
            _ => {}
        }
        response["content"] = json!({ "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "example": example,
        } });
        (failure.name.to_owned(), response)
    };
    Value::Object(FAILURES.iter().map(response).collect::<Map<_, _>>())
}
