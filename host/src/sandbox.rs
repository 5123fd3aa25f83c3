//! The sandbox: an engine without a compiler, a store with limits, and links to no more of the world than the component imports.

use azure_oidc_core::{Category, Fault};
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Error, InstanceAllocationStrategy, Result, Store, Trap};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

mod image;
mod limits;
mod links;
mod service;

use crate::inputs::Files;
use crate::timings::Timings;
use crate::transport::Transport;
use bindings::Runner;
use bindings::exports::azure_oidc::federation::command::File;
use limits::{Limits, TooMuch};

pub(crate) use bindings::exports::azure_oidc::federation::command::{Outcome, Publication};
pub(crate) use service::Service;

/// The one interface of the component that this host calls.
mod bindings {
    wasmtime::component::bindgen!({
        inline: "package azure-oidc:host; world runner { export azure-oidc:federation/command@0.1.0; }",
        path: "../wit",
        world: "azure-oidc:host/runner",
        exports: { default: async },
    });
}

/// What the component is granted, besides files.
#[derive(Debug)]
pub(crate) struct Grants {
    /// Variables and their values.
    pub(crate) variables: Vec<(String, String)>,
    /// The network, as far as it is allowed.
    pub(crate) transport: Transport,
}

/// Runs one command in the component.
///
/// # Errors
///
/// Only what the component cannot say itself: that it was ended, or that it could not be started.
pub(crate) fn run(grants: Grants, arguments: &[String], files: Files, timings: &Timings) -> Result<Outcome, Fault> {
    let log = MemoryOutputPipe::new(LARGEST_LOG);
    let ended = |error: Error| fault(&error, &log);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|error| ended(error.into()))?;
    if grants.transport.is_allowed_any() {
        // Names are looked up on another thread, which comes into being while the image is read.
        runtime.spawn_blocking(|| ());
    }
    let (engine, component) = image::load(InstanceAllocationStrategy::OnDemand).map_err(ended)?;
    timings.phase_done("image_load");

    let linker = links::linker(&engine).map_err(ended)?;
    let mut store = store(&engine, &grants.variables, grants.transport, log.clone());
    let files: Vec<_> = files.into_iter().map(|(name, contents)| File { name, contents }).collect();
    let outcome = runtime.block_on(async {
        let runner = Runner::instantiate_async(&mut store, &component, &linker).await?;
        timings.phase_done("instantiate");
        runner.azure_oidc_federation_command().call_run(&mut store, arguments, &files).await
    });
    timings.phase_done("guest");
    // The process is about to end. Taking all of this apart first would take a tenth of its time, and longer when a name is still
    // being looked up.
    std::mem::forget((runtime, linker, store, component));
    outcome.map_err(ended)
}

fn store(engine: &Engine, variables: &[(String, String)], transport: Transport, log: MemoryOutputPipe) -> Store<State> {
    let state = State {
        wasi: WasiCtx::builder().envs(variables).stderr(log).build(),
        http: WasiHttpCtx::new(),
        table: ResourceTable::new(),
        transport,
        limits: Limits::default(),
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limits);
    store
}

/// What belongs to one run.
struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    transport: Transport,
    limits: Limits,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.transport }
    }
}

/// How much is kept of what the component writes to standard error by itself, in bytes. That happens only when it panics, and the
/// message may quote a whole token.
const LARGEST_LOG: usize = 1 << 20;

/// Why a run ended early.
fn fault(error: &Error, log: &MemoryOutputPipe) -> Fault {
    if let Some(TooMuch) = error.downcast_ref() {
        return defect(Fault::new(Category::Usage, "guest-memory", format!("The component was ended: {TooMuch}")));
    }
    match error.downcast_ref::<Trap>() {
        Some(trap) => {
            let fault = Fault::new(Category::Usage, "guest-trapped", format!("The component failed: {trap}"));
            defect(match panicked_at(&log.contents()) {
                Some(place) => fault.fact("place", place),
                None => fault,
            })
        }
        None => {
            defect(Fault::new(Category::Usage, "guest-failed", format!("The component could not be run: {error:#}")))
        }
    }
}

fn defect(fault: Fault) -> Fault {
    fault.hint("this is a defect of azure-oidc: please report it, with `azure-oidc --version` and without any token")
}

/// The place in the source where a panic began. Its message is left out: it may quote what was being read.
fn panicked_at(log: &[u8]) -> Option<String> {
    let log = String::from_utf8_lossy(log);
    let (_, after) = log.split_once("panicked at ")?;
    Some(after.lines().next()?.trim_end_matches(':').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_reported_with_its_place_and_without_its_message() {
        let log =
            b"\nthread '<unnamed>' panicked at crates/core/src/token.rs:12:5:\nnot a token: eyJhbGciOi\nnote: run with";
        assert_eq!(panicked_at(log).as_deref(), Some("crates/core/src/token.rs:12:5"));
        assert_eq!(panicked_at(b"something else"), None);
    }
}
