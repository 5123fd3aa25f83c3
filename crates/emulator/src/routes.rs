//! Which path is whose, and what a fault makes of the answer.

use std::future::pending;
use std::time::Duration;

use azure_oidc_core::check::decision::Refusal;
use http::header::{ALLOW, HeaderValue, LOCATION, RETRY_AFTER};
use http::{HeaderName, Method, StatusCode};
use serde_json::json;

use crate::body::{self, Answer};
use crate::control;
use crate::entra::{discovery, token};
use crate::faults::{Kind, Rule, Seen};
use crate::issuers::{Document, Issuer};
use crate::log::Entry;
use crate::platforms::Endpoint;
use crate::server::{Cut, Door, Incoming};
use crate::world::World;

/// Where the control plane is.
pub(crate) const CONTROL: &str = "/_emulator/";

/// Answers a request, or ends its connection.
pub(crate) async fn answer(world: &World, door: Door, incoming: &Incoming) -> Result<Answer, Cut> {
    if let Some(command) = incoming.path.strip_prefix(CONTROL).filter(|_| door == Door::Tls) {
        return Ok(control::answer(world, incoming, command));
    }
    let mut entry = Entry::new(&incoming.method, &incoming.path, &incoming.query, &incoming.headers);
    entry.form(incoming.form.as_deref().unwrap_or_default());
    entry.body_bytes = incoming.body_bytes;
    let route = Route::of(world, door, incoming);
    let seen = Seen {
        path: &incoming.path,
        tenant: route.tenant(),
        client_id: incoming.field("client_id"),
        scope: incoming.field("scope"),
    };
    let fault = world.faults().strike(&seen);
    entry.fault = fault.as_ref().map(|rule| rule.kind);
    let answer = struck(world, incoming, &route, fault.as_ref(), &mut entry).await;
    entry.status = answer.as_ref().map(|answer| answer.status().as_u16());
    world.record(entry);
    match answer {
        Some(answer) => Ok(answer),
        None if fault.is_some_and(|rule| rule.kind == Kind::Hang) => pending().await,
        None => Err(Cut),
    }
}

/// The answer, as the fault lets it through; nothing when there is none to be.
async fn struck(
    world: &World,
    incoming: &Incoming,
    route: &Route<'_>,
    fault: Option<&Rule>,
    entry: &mut Entry,
) -> Option<Answer> {
    let Some(rule) = fault else { return Some(route.answer(world, incoming, false, entry)) };
    match rule.kind {
        Kind::Hang | Kind::Cut => None,
        Kind::Delay => {
            tokio::time::sleep(Duration::from_millis(rule.milliseconds.unwrap_or(1000))).await;
            Some(route.answer(world, incoming, false, entry))
        }
        Kind::CutBody => {
            Some(body::cut_after(route.answer(world, incoming, false, entry), rule.bytes.unwrap_or(16)).await)
        }
        Kind::ReplicationDelay => Some(route.answer(world, incoming, true, entry)),
        _ => Some(instead(world, incoming, route, rule, entry)),
    }
}

/// What is answered in place of the truth.
fn instead(world: &World, incoming: &Incoming, route: &Route<'_>, rule: &Rule, entry: &mut Entry) -> Answer {
    const SIGN_IN: &str =
        "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n";
    const SIZE: u64 = 64 * 1024 * 1024;
    let trace = token::trace(world, incoming, route.tenant().unwrap_or_default());
    let status = |default: u16| StatusCode::from_u16(rule.status.unwrap_or(default)).unwrap_or(StatusCode::OK);
    let mut refuse = |code: u32| {
        entry.aadsts = Some(code);
        Refusal::new(code)
    };
    let mut answer = match rule.kind {
        Kind::Throttle => trace.refusal_as("temporarily_unavailable", 429, &refuse(90055)),
        Kind::ServerError => trace.refusal_as("temporarily_unavailable", status(503).as_u16(), &refuse(90033)),
        Kind::EntraError => trace.refusal(&refuse(rule.code.unwrap_or_default())),
        Kind::NoToken => trace.answer(200, &json!({ "token_type": "Bearer", "expires_in": 3599 })),
        Kind::EmptyToken => trace.token("", 3599),
        Kind::Oversized => {
            let mut answer = body::json(StatusCode::OK, &json!(null));
            *answer.body_mut() = body::oversized(rule.bytes.unwrap_or(SIZE));
            answer
        }
        Kind::Html => body::typed(
            status(200),
            "text/html; charset=utf-8",
            rule.body.clone().unwrap_or_else(|| SIGN_IN.to_owned()),
        ),
        Kind::Redirect => {
            let mut answer = body::typed(status(307), "text/plain", "");
            let elsewhere = || format!("{}/elsewhere{}", world.base, incoming.path);
            set(&mut answer, LOCATION, &rule.location.clone().unwrap_or_else(elsewhere));
            answer
        }
        _ => {
            let mut answer = body::json(status(200), &json!(null));
            *answer.body_mut() = body::full(rule.body.clone().unwrap_or_default());
            if let Some(content_type) = &rule.content_type {
                set(&mut answer, http::header::CONTENT_TYPE, content_type);
            }
            answer
        }
    };
    let default = (rule.kind == Kind::Throttle).then(|| "1".to_owned());
    if let Some(after) = rule.retry_after.clone().or(default) {
        set(&mut answer, RETRY_AFTER, &after);
    }
    answer
}

fn set(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// Whose path it is.
enum Route<'a> {
    Token { tenant: &'a str },
    Configuration { tenant: &'a str },
    Keys { tenant: &'a str },
    Instance,
    Issuer(&'a Issuer, Document),
    Platform(Endpoint<'a>),
    Nobody,
}

impl<'a> Route<'a> {
    fn of(world: &'a World, door: Door, incoming: &'a Incoming) -> Self {
        if let Some(endpoint) = Endpoint::of(world, &incoming.path) {
            return Self::Platform(endpoint);
        }
        if door == Door::Plain {
            return Self::Nobody;
        }
        let segments: Vec<_> = incoming.path.split('/').skip(1).collect();
        match segments.as_slice() {
            ["common", "discovery", "instance"] => Self::Instance,
            [tenant, "oauth2", "v2.0", "token"] => Self::Token { tenant },
            [tenant, "v2.0", ".well-known", "openid-configuration"] => Self::Configuration { tenant },
            [tenant, "discovery", "v2.0", "keys"] => Self::Keys { tenant },
            ["issuers", name, ..] => {
                let below = &incoming.path["/issuers/".len() + name.len()..];
                let issuer = world.issuers.by_name(name);
                let document = issuer.and_then(|issuer| Some(Self::Issuer(issuer, issuer.document(below)?)));
                document.unwrap_or(Self::Nobody)
            }
            _ => Self::Nobody,
        }
    }

    fn tenant(&self) -> Option<&'a str> {
        match self {
            Self::Token { tenant } | Self::Configuration { tenant } | Self::Keys { tenant } => Some(tenant),
            Self::Instance | Self::Issuer(..) | Self::Platform(_) | Self::Nobody => None,
        }
    }

    fn answer(&self, world: &World, incoming: &Incoming, stale: bool, entry: &mut Entry) -> Answer {
        match self {
            Self::Token { tenant } => return token::answer(world, incoming, tenant, stale, entry),
            Self::Platform(endpoint) => return endpoint.answer(world, incoming),
            _ => {}
        }
        if matches!(self, Self::Nobody) {
            return body::json(
                StatusCode::NOT_FOUND,
                &json!({ "error": { "code": "not-found", "message": "nothing is served here" } }),
            );
        }
        if incoming.method != Method::GET && incoming.method != Method::HEAD {
            return not_allowed("GET, HEAD");
        }
        match self {
            Self::Configuration { tenant } => discovery::configuration(world, incoming, tenant, entry),
            Self::Keys { .. } => discovery::keys(world),
            Self::Instance => discovery::instance(world, incoming, entry),
            Self::Issuer(issuer, document) => body::json(StatusCode::OK, &issuer.content(*document, &world.base)),
            Self::Token { .. } | Self::Platform(_) | Self::Nobody => not_allowed(""),
        }
    }
}

/// 405 with the methods that are allowed (RFC 9110 §15.5.6).
pub(crate) fn not_allowed(methods: &'static str) -> Answer {
    let mut answer = body::json(
        StatusCode::METHOD_NOT_ALLOWED,
        &json!({ "error": { "code": "method-not-allowed", "message": format!("allowed here: {methods}") } }),
    );
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}
