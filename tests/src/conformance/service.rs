//! Compares the answers of the HTTP service's hosts to the cases of `conformance/service.json`.

use std::panic::{self, AssertUnwindSafe};

use super::Foreign;
use super::report::{Cell, Column, Table};
use super::same;
use crate::Stage;
use crate::http::Message;
use crate::relay::Relay;
use crate::serve::Serve;
use crate::service_cases::Suite;
use crate::stock::Service;

mod engines;

use engines::Engine;

/// Headers that belong to the host: connection and clock.
const OF_THE_HOST: [&str; 5] = ["connection", "date", "keep-alive", "server", "transfer-encoding"];

/// A running host of the service.
enum Serving {
    Own(Serve),
    Wasmtime(Service),
    Engine(Engine),
}

/// A way to start one.
#[derive(Debug, Clone)]
pub(super) enum Host {
    Own,
    Foreign(Foreign),
    Wasmtime,
    Engine(engines::Found),
}

impl Host {
    fn name(&self) -> String {
        match self {
            Self::Own => "azure-oidc serve".to_owned(),
            Self::Foreign(foreign) => foreign.name.clone(),
            Self::Wasmtime => "wasmtime serve".to_owned(),
            Self::Engine(found) => found.name(),
        }
    }

    fn start(&self, variables: &[(&str, &str)], relay: &Relay) -> Serving {
        match self {
            Self::Own => Serving::Own(Serve::start(variables, &[])),
            Self::Foreign(foreign) => Serving::Own(Serve::start_foreign(foreign, variables)),
            Self::Wasmtime => Serving::Wasmtime(Service::start(variables)),
            Self::Engine(found) => Serving::Engine(found.start(variables, relay)),
        }
    }
}

impl Serving {
    fn address(&self) -> &str {
        match self {
            Self::Own(serve) => serve.address(),
            Self::Wasmtime(service) => service.address(),
            Self::Engine(engine) => engine.address(),
        }
    }
}

/// The hosts on this machine.
pub(super) fn hosts(missing: &mut Vec<String>) -> Vec<Host> {
    let mut hosts = vec![Host::Own, Host::Wasmtime];
    hosts.extend(engines::find(missing).into_iter().map(Host::Engine));
    hosts
}

/// Sends all cases to all hosts.
pub(super) fn table(stage: &Stage, relay: &Relay, hosts: &[Host]) -> Table {
    let suite = Suite::read();
    let mut rows = Vec::new();
    let mut columns: Vec<_> = hosts.iter().map(|host| Column { host: host.name(), cells: Vec::new() }).collect();
    for kind in suite.services.keys() {
        let variables = suite.variables(kind, relay.url());
        let serving: Vec<_> = hosts.iter().map(|host| host.start(&variables, relay)).collect();
        for case in suite.of(kind) {
            rows.push(case.name.clone());
            let mut measure = None;
            for (host, column) in serving.iter().zip(&mut columns) {
                let prove = || suite.prove(case, host.address(), stage);
                column.cells.push(match panic::catch_unwind(AssertUnwindSafe(prove)) {
                    Ok(answer) => compared(&mut measure, &answer),
                    Err(why) => Cell::Differs(said(&*why)),
                });
            }
        }
    }
    Table { title: "The service", rows, columns }
}

/// Compares an answer with the native host's.
fn compared(measure: &mut Option<String>, answer: &Message) -> Cell {
    let mut lines: Vec<_> = answer.headers.iter().filter(|(name, _)| !OF_THE_HOST.contains(&name.as_str())).collect();
    lines.sort();
    let body = same::text(&String::from_utf8_lossy(&answer.body));
    let answer = same::text(&format!("{} {lines:?} ", answer.status())) + &body;
    match measure {
        Some(first) if *first != answer => Cell::Differs(format!("answered {answer} and not {first}")),
        Some(_) => Cell::Ok,
        None => {
            *measure = Some(answer);
            Cell::Ok
        }
    }
}

pub(super) fn said(why: &(dyn std::any::Any + Send)) -> String {
    let text = why.downcast_ref::<String>().map(String::as_str).or_else(|| why.downcast_ref::<&str>().copied());
    text.unwrap_or("it failed").to_owned()
}
