//! The control plane under `/_emulator/`: what tests ask of the emulator itself.

use azure_oidc_core::Fault;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::body::{self, Answer};
use crate::directory::Change;
use crate::faults::Rule;
use crate::mint::{self, Order};
use crate::routes::not_allowed;
use crate::server::Incoming;
use crate::world::World;

/// Carries out a command: the part of the path after `/_emulator/`.
pub(crate) fn answer(world: &World, incoming: &Incoming, command: &str) -> Answer {
    let done = |result: Result<Value, Fault>| match result {
        Ok(value) => body::json(StatusCode::OK, &value),
        Err(fault) => body::json(StatusCode::BAD_REQUEST, &explained(&fault)),
    };
    match (command, &incoming.method) {
        ("health", &Method::GET) => done(Ok(json!({ "status": "ready" }))),
        ("requests", &Method::GET) => done(Ok(json!({ "requests": world.log().entries() }))),
        ("requests", &Method::DELETE) => {
            world.log().clear();
            done(Ok(json!({})))
        }
        ("faults", &Method::GET) => done(Ok(faults(world))),
        ("faults", &Method::POST) => {
            done(read(incoming).and_then(|rule| add_fault(world, rule)).map(|()| faults(world)))
        }
        ("faults", &Method::DELETE) => {
            world.faults().clear();
            done(Ok(json!({})))
        }
        ("mint", &Method::POST) => {
            let minted = read::<Order>(incoming).and_then(|order| mint::mint(&order, &world.issuers, &world.keys));
            done(minted.map(|token| json!({ "token": token })))
        }
        ("credentials", &Method::POST) => {
            let changed = read::<Change>(incoming).and_then(|change| world.directory().change(&change, &world.issuers));
            done(changed.map(|()| json!({})))
        }
        ("health", _) => not_allowed("GET"),
        ("requests", _) => not_allowed("GET, DELETE"),
        ("faults", _) => not_allowed("GET, POST, DELETE"),
        ("mint" | "credentials", _) => not_allowed("POST"),
        _ => body::json(
            StatusCode::NOT_FOUND,
            &json!({ "error": { "code": "not-found", "message": format!("there is no command `{command}`") } }),
        ),
    }
}

/// Adds a fault, if there can be one like it.
pub(crate) fn add_fault(world: &World, rule: Rule) -> Result<(), Fault> {
    rule.check()?;
    world.faults().add(rule);
    Ok(())
}

fn faults(world: &World) -> Value {
    let list: Vec<_> =
        world.faults().list().map(|(rule, matched)| json!({ "fault": rule, "matched": matched })).collect();
    json!({ "faults": list })
}

fn read<T: DeserializeOwned>(incoming: &Incoming) -> Result<T, Fault> {
    let refuse = |why: String| {
        Fault::new(azure_oidc_core::Category::Usage, "body-invalid", format!("the body can't be read: {why}"))
    };
    if incoming.too_large {
        return Err(refuse(format!("it has {} bytes", incoming.body_bytes)));
    }
    serde_json::from_slice(&incoming.body).map_err(|error| refuse(error.to_string()))
}

fn explained(fault: &Fault) -> Value {
    json!({ "error": { "code": fault.code, "message": fault.message, "hint": fault.hints.first() } })
}
