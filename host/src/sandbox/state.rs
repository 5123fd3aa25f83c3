//! The store of one instance: what the component is granted, and its WASI state.

use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::limits::Limits;
use super::turns::Turns;
use crate::transport::Transport;

/// What the component is granted, besides files.
#[derive(Debug)]
pub(crate) struct Grants {
    /// Environment variables with their values.
    pub(crate) variables: Vec<(String, String)>,
    /// The permitted part of the network.
    pub(crate) transport: Transport,
}

/// The host's state for one instance.
pub(super) struct State {
    pub(super) wasi: WasiCtx,
    http: WasiHttpCtx,
    pub(super) table: ResourceTable,
    pub(super) transport: Transport,
    pub(super) limits: Limits,
    /// Processor time of the current request.
    pub(super) turns: Turns,
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

/// A store with these grants. The component's standard error goes to `log`.
pub(super) fn store(
    engine: &Engine,
    variables: &[(String, String)],
    transport: Transport,
    log: MemoryOutputPipe,
) -> Store<State> {
    let state = State {
        wasi: WasiCtx::builder().envs(variables).stderr(log).build(),
        http: WasiHttpCtx::new(),
        table: ResourceTable::new(),
        transport,
        limits: Limits::default(),
        turns: Turns::default(),
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limits);
    // A command is never interrupted: the watchdog ends the process instead. The service sets its
    // own deadline for each request.
    store.set_epoch_deadline(u64::MAX / 2);
    store
}
