//! Runs one step: compiles, links, starts and ends its component.

use std::path::Path;
use std::time::Duration;

use reqwest::Client;
use tokio::runtime::Runtime;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::error::Context;
use wasmtime::{Config, ResourceLimiter, Result, Store, format_err};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::network::{self, Network, Refused};
use crate::pipeline::Step;
use crate::secrets::Secrets;

/// How often a running step is interrupted to check its time.
const TICK: Duration = Duration::from_millis(5);
/// The longest output of a step, in bytes.
const LONGEST: usize = 1 << 20;
/// The most elements of all tables of a step together. Each takes memory of the engine.
const ELEMENTS: usize = 100_000;

/// Runs steps one after the other.
pub(crate) struct Engine {
    wasm: wasmtime::Engine,
    linker: Linker<State>,
    runtime: Runtime,
    client: Client,
}

/// The result of a step.
#[derive(Default)]
pub(crate) struct Ended {
    /// What it printed for people. Not masked.
    pub(crate) log: String,
    /// Its standard output, if it gives secrets.
    pub(crate) given: String,
    /// Why it failed; empty if it succeeded.
    pub(crate) failures: Vec<String>,
}

/// The state of a running step.
struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    network: Network,
    table: ResourceTable,
    limits: Limits,
}

/// What a step has left of its memory, in bytes, and of table elements.
struct Limits {
    memory: usize,
    elements: usize,
}

impl Engine {
    /// Creates an engine, and a thread that interrupts running steps regularly.
    pub(crate) fn new(ca_file: Option<&Path>) -> Result<Self> {
        let wasm = wasmtime::Engine::new(Config::new().epoch_interruption(true))?;
        let ticking = wasm.weak();
        std::thread::spawn(move || {
            while let Some(engine) = ticking.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        });
        // All of WASI is linked, so that any component starts. What it reaches is decided below.
        let mut linker = Linker::new(&wasm);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { wasm, linker, runtime, client: network::client(ca_file)? })
    }

    /// Runs a step. It ends alone, whatever it does.
    pub(crate) fn run(&self, step: &Step, folder: &Path, secrets: &Secrets) -> Ended {
        let (log, given) = (MemoryOutputPipe::new(LONGEST), MemoryOutputPipe::new(LONGEST));
        let mut wasi = WasiCtx::builder();
        wasi.arg(&step.name).args(&step.arguments);
        wasi.envs(&step.variables.clone().into_iter().collect::<Vec<_>>()).envs(&secrets.variables(&step.secrets));
        wasi.stderr(log.clone()).stdout(if step.gives.is_empty() { log.clone() } else { given.clone() });
        // No folder, no standard input, no sockets: requests go through the network of the step.
        wasi.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
        let state = State {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            network: Network { client: self.client.clone(), hosts: step.hosts.clone(), refused: Refused::default() },
            table: ResourceTable::new(),
            limits: Limits { memory: step.memory(), elements: ELEMENTS },
        };
        let mut store = Store::new(&self.wasm, state);
        store.limiter(|state| &mut state.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);

        let result = self.start(step, folder, &mut store);
        // A step that was refused something has failed, whatever it says itself.
        let mut failures = store.into_data().network.refused.all();
        failures.extend(result.err().and_then(|error| failure(&error)));
        let text = |pipe: &MemoryOutputPipe| String::from_utf8_lossy(&pipe.contents()).into_owned();
        Ended { log: text(&log), given: text(&given), failures }
    }

    fn start(&self, step: &Step, folder: &Path, store: &mut Store<State>) -> Result<()> {
        let path = folder.join(&step.component);
        let bytes = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let component = Component::from_binary(&self.wasm, &bytes).context("it is not a component")?;
        let command = self.linker.instantiate_pre(&component).context("it imports what this engine does not have")?;
        let command = CommandPre::new(command).context("it is not a command")?;
        let work = async {
            let running = command.instantiate_async(&mut *store).await?;
            running.wasi_cli_run().call_run(&mut *store).await
        };
        // A computing step yields at every tick, and one that waits, waits here. So one timer
        // ends both.
        let time = step.time();
        let ended = self.runtime.block_on(async { tokio::time::timeout(time, work).await });
        let ended = ended.map_err(|_| format_err!("it took longer than {time:?} (`time_s`)"))?;
        ended?.map_err(|()| format_err!("it reported a failure"))
    }
}

/// The reason in words, without wasmtime's backtrace. An exit with code 0 is no failure.
fn failure(error: &wasmtime::Error) -> Option<String> {
    match error.downcast_ref::<I32Exit>() {
        Some(I32Exit(0)) => None,
        Some(I32Exit(code)) => Some(format!("it ended with exit code {code}")),
        None if error.is::<wasmtime::WasmBacktrace>() => Some(error.root_cause().to_string()),
        None => Some(format!("{error:#}")),
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let left = self.memory.checked_sub(desired - current);
        self.memory = left.ok_or_else(|| format_err!("it needs more memory than its policy allows (`memory_mib`)"))?;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let left = self.elements.checked_sub(desired - current);
        self.elements = left.ok_or_else(|| format_err!("it needs more than {ELEMENTS} elements in tables"))?;
        Ok(true)
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.network }
    }
}
