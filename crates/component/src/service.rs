//! The HTTP service: runs the same jobs, and keeps nothing between requests.
//!
//! `openapi.json` describes it, and the service serves that file. Errors are problem details (RFC
//! 9457). Variables of the host decide which tenants, clients and scopes an exchange may use and
//! which web pages may read answers; a request cannot change them. The service logs nothing.

use azure_oidc_core::ports::Ports;
use azure_oidc_core::secret::looks_secret;
use azure_oidc_core::settings::{SERVICE_EXCHANGE, SERVICE_LIVENESS};
use azure_oidc_core::{Fault, Secret};
use azure_oidc_jobs::json::line;
use azure_oidc_jobs::{audit, check, credential, explain, inspect, verify};
use serde::Serialize;
use serde_json::{Map, Value};

mod body;
mod cors;
mod exchange;
mod reply;
#[cfg(test)]
mod tests;

pub use reply::{ProblemDetails, Reply};

use body::parse;
use reply::Problem;

/// The largest accepted body, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// The OpenAPI 3.1 document, without white space.
const OPENAPI: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// The head of a request. A repeated header that may occur only once counts as absent.
#[derive(Default)]
pub struct Head {
    /// The method, in upper case.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Length`, in bytes.
    pub content_length: Option<u64>,
    /// The token of `Authorization: Bearer`.
    pub bearer: Option<Secret>,
    /// `Origin`: the web page that sends the request.
    pub origin: Option<String>,
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// The body is longer than [`MAX_BODY`].
    TooLong,
    /// The caller closed the connection.
    Cut,
    /// It did not arrive in time.
    TooSlow,
}

/// The answer to `GET /healthz`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// Always `ok`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = "ok")))]
    pub status: &'static str,
    /// The version of azure-oidc.
    pub version: &'static str,
}

type Read<'a> = &'a mut dyn FnMut() -> Result<Vec<u8>, Unread>;

/// Answers one request. `read` reads the body, at most [`MAX_BODY`] bytes of it. It is called only
/// if the request needs its body.
pub fn answer(head: &Head, read: Read<'_>, ports: Ports<'_>) -> Reply {
    let now = || Some(ports.clock.now());
    let reply = match head.path.as_str() {
        SERVICE_LIVENESS => document(head, &line(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })),
        "/openapi.json" => document(head, OPENAPI),
        "/v1/check" => posted(head, read, ports, |body| check::run(parse(body)?, ports)),
        "/v1/inspect" => posted(head, read, ports, |body| inspect::run(&parse(body)?)),
        "/v1/verify" => posted(head, read, ports, |body| verify::run(&parse(body)?)),
        "/v1/explain" => posted(head, read, ports, |body| explain::run(&parse(body)?, now())?.found_in("`text`")),
        "/v1/credential" => posted(head, read, ports, |body| credential::run(&parse(body)?)),
        "/v1/audit" => posted(head, read, ports, |body| audit::run(&parse(body)?)),
        SERVICE_EXCHANGE => post(head, read, ports, |body| exchange::exchange(head, &parse(body)?, ports)),
        _ => Problem::new(404, "not-found", "There is nothing at this path")
            .hint("`GET /openapi.json` describes what there is")
            .into(),
    };
    cors::apply(reply, head, ports.env)
}

/// A path for GET.
fn document(head: &Head, text: &str) -> Reply {
    const METHODS: &str = "GET, HEAD, OPTIONS";
    match head.method.as_str() {
        "GET" => Reply::json(text.to_owned()),
        "HEAD" => Reply::json(String::new()),
        method => other_method(method, METHODS),
    }
}

/// A path for POST, with JSON in both directions.
fn posted<A: Serialize>(
    head: &Head,
    read: Read<'_>,
    ports: Ports<'_>,
    job: impl FnOnce(Map<String, Value>) -> Result<A, Fault>,
) -> Reply {
    post(head, read, ports, |body| job(body).map(|answer| line(&answer)).map_err(Problem::of_body))
}

fn post(
    head: &Head,
    read: Read<'_>,
    ports: Ports<'_>,
    job: impl FnOnce(Map<String, Value>) -> Result<String, Problem>,
) -> Reply {
    const METHODS: &str = "POST, OPTIONS";
    if head.method != "POST" {
        return other_method(&head.method, METHODS);
    }
    let mut given = Vec::new();
    let body = body::read(head, read).inspect(|body| given = suspects(body));
    match body.and_then(job) {
        Ok(text) => Reply::json(text),
        Err(problem) => {
            given.iter().chain(head.bearer.as_ref()).for_each(|secret| ports.secrets.learn(secret.reveal()));
            Reply::from(problem).hiding(ports.secrets)
        }
    }
}

/// The token of a body, and what else in it looks like a secret. The message of a failure can quote
/// any member.
fn suspects(body: &Map<String, Value>) -> Vec<Secret> {
    let texts = body.iter().flat_map(|(name, value)| {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        [value].into_iter().chain(items).filter_map(Value::as_str).map(|text| (name.as_str(), text))
    });
    let texts = texts.chain(body.keys().map(|name| ("", name.as_str())));
    texts.filter(|(name, text)| *name == "token" || looks_secret(text)).map(|(_, text)| Secret::new(text)).collect()
}

fn other_method(method: &str, allowed: &'static str) -> Reply {
    let reply = match method {
        "OPTIONS" => Reply::empty(204),
        _ => Problem::new(405, "method-not-allowed", format!("This path takes {allowed}")).into(),
    };
    reply.with("allow", allowed)
}
