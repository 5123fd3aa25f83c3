//! The same jobs as a stateless HTTP service: a request in, a reply out, nothing kept between.
//!
//! What it answers is described by `openapi.json`, which it serves itself. Errors are problem
//! details (RFC 9457). Whom the exchange serves, and which pages may read answers, is decided by
//! the variables that the host shows, never by a request. It logs nothing.

use azure_oidc_core::ports::Ports;
use azure_oidc_core::settings::SERVICE_EXCHANGE;
use azure_oidc_core::{Fault, Secret};
use azure_oidc_jobs::json::line;
use azure_oidc_jobs::{check, credential, explain, inspect, verify};
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

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// Its description (OpenAPI 3.1), without the white space.
const OPENAPI: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// What a caller sent, before the body. A header that came more than once counts as absent where
/// only one makes sense.
#[derive(Default)]
pub struct Head {
    /// The method, in capitals.
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
    /// `Origin`: the page that asks, if it is one.
    pub origin: Option<String>,
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is longer than [`MAX_BODY`].
    TooLong,
    /// The caller hung up.
    Cut,
}

/// What `GET /healthz` answers.
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

/// Answers one request. `read` reads the body, at most [`MAX_BODY`] of it; it is called only for a
/// request that has use of one.
pub fn answer(head: &Head, read: Read<'_>, ports: Ports<'_>) -> Reply {
    let now = || Some(ports.clock.now());
    let reply = match head.path.as_str() {
        "/healthz" => document(head, &line(&Health { status: "ok", version: env!("CARGO_PKG_VERSION") })),
        "/openapi.json" => document(head, OPENAPI),
        "/v1/check" => posted(head, read, |body| check::run(parse(body)?, ports)),
        "/v1/inspect" => posted(head, read, |body| inspect::run(&parse(body)?)),
        "/v1/verify" => posted(head, read, |body| verify::run(&parse(body)?)),
        "/v1/explain" => posted(head, read, |body| explain::run(&parse(body)?, now())?.found_in("`text`")),
        "/v1/credential" => posted(head, read, |body| credential::run(&parse(body)?)),
        SERVICE_EXCHANGE => post(head, read, |body| exchange::exchange(head, &parse(body)?, ports)),
        _ => Problem::new(404, "not-found", "There is nothing at this path")
            .hint("`GET /openapi.json` describes what there is")
            .into(),
    };
    cors::apply(reply, head, ports.env)
}

/// A path that is read.
fn document(head: &Head, text: &str) -> Reply {
    const METHODS: &str = "GET, HEAD, OPTIONS";
    match head.method.as_str() {
        "GET" => Reply::json(text.to_owned()),
        "HEAD" => Reply::json(String::new()),
        method => other_method(method, METHODS),
    }
}

/// A path that takes a body of JSON and answers with JSON.
fn posted<A: Serialize>(
    head: &Head,
    read: Read<'_>,
    job: impl FnOnce(Map<String, Value>) -> Result<A, Fault>,
) -> Reply {
    post(head, read, |body| job(body).map(|answer| line(&answer)).map_err(Problem::of_body))
}

fn post(head: &Head, read: Read<'_>, job: impl FnOnce(Map<String, Value>) -> Result<String, Problem>) -> Reply {
    const METHODS: &str = "POST, OPTIONS";
    if head.method != "POST" {
        return other_method(&head.method, METHODS);
    }
    match body::read(head, read).and_then(job) {
        Ok(text) => Reply::json(text),
        Err(problem) => problem.into(),
    }
}

fn other_method(method: &str, allowed: &'static str) -> Reply {
    let reply = match method {
        "OPTIONS" => Reply::empty(204),
        _ => Problem::new(405, "method-not-allowed", format!("This path takes {allowed}")).into(),
    };
    reply.with("allow", allowed)
}
