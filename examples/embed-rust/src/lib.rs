//! An engine that runs components as plugins, each with its own policy. The engine links no files,
//! sockets or processes, so no policy can grant them.

use std::time::Duration;

use tokio::runtime::Runtime;
use wasmtime::component::{Component, Instance, InstancePre, Linker, ResourceTable};
use wasmtime::error::Context;
use wasmtime::{Config, Engine, Result, Store, StoreLimits, StoreLimitsBuilder, format_err};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

mod gate;
mod links;

pub use gate::Gate;

/// The typed functions of `azure_oidc.wasm`, generated from its WIT.
#[expect(missing_docs, reason = "the WIT files document them")]
pub mod bindings {
    wasmtime::component::bindgen!({
        inline: "package example:engine; world plugin {
            export azure-oidc:federation/claims@0.1.0;
            export azure-oidc:federation/exchange@0.1.0;
        }",
        path: "../../wit",
        world: "example:engine/plugin",
        exports: { default: async },
        additional_derives: [serde::Serialize, serde::Deserialize],
    });
}

/// How often a running plugin is interrupted to check its deadline.
const TICK: Duration = Duration::from_millis(5);

/// The permissions of a plugin.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The hosts that it may call, as `HOST` or `HOST:PORT`.
    pub hosts: Vec<String>,
    /// The environment variables that it can read.
    pub variables: Vec<(String, String)>,
    /// The limit of its linear memory, in bytes.
    pub memory: usize,
    /// The time limit for one call, including waiting.
    pub deadline: Duration,
}

/// Compiles components and runs them.
pub struct Host {
    engine: Engine,
    linker: Linker<State>,
    runtime: Runtime,
}

/// A compiled component. All of its imports can be linked.
pub struct Plugin(InstancePre<State>);

/// A running plugin. Its memory is freed when this is dropped.
pub struct Running {
    /// The store, which every call needs.
    pub store: Store<State>,
    /// The exports.
    pub instance: Instance,
    deadline: Duration,
}

/// The state of one running plugin.
pub struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    gate: Gate,
    table: ResourceTable,
    limits: StoreLimits,
}

impl Host {
    /// Creates an engine, and a thread that triggers the deadline checks while the engine exists.
    pub fn new() -> Result<Self> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        let engine = Engine::new(&config)?;
        let ticking = engine.weak();
        std::thread::spawn(move || {
            while let Some(engine) = ticking.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        });
        let linker = links::linker(&engine)?;
        Ok(Self { engine, linker, runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()? })
    }

    /// Compiles a component. Fails if it has an import that this engine does not link.
    pub fn load(&self, bytes: &[u8]) -> Result<Plugin> {
        let component = Component::from_binary(&self.engine, bytes)?;
        Ok(Plugin(self.linker.instantiate_pre(&component).context("it asks for what no plugin gets")?))
    }

    /// Starts a plugin with a policy.
    pub fn start(&self, plugin: &Plugin, policy: Policy) -> Result<Running> {
        let state = State {
            wasi: WasiCtx::builder().envs(&policy.variables).build(),
            http: WasiHttpCtx::new(),
            gate: Gate::new(policy.hosts),
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new().memory_size(policy.memory).trap_on_grow_failure(true).build(),
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let instance = self.within(policy.deadline, plugin.0.instantiate_async(&mut store))?;
        Ok(Running { store, instance, deadline: policy.deadline })
    }

    /// Calls a function of a running plugin.
    pub fn call<T>(
        &self,
        running: &mut Running,
        function: impl AsyncFnOnce(&mut Store<State>, &Instance) -> Result<T>,
    ) -> Result<T> {
        self.within(running.deadline, function(&mut running.store, &running.instance))
    }

    /// A computing plugin yields at every tick, and one that waits for a host function waits here.
    /// So one timer can stop both.
    fn within<T>(&self, deadline: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(async {
            match tokio::time::timeout(deadline, work).await {
                Ok(done) => done,
                Err(_) => Err(format_err!("ended: it took longer than {deadline:?}")),
            }
        })
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.gate }
    }
}
