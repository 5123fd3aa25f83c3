//! Answers HTTP requests with instances of the component from a pool of memory. Its addresses are
//! reserved once; the memory of an instance goes back to the system when the instance ends.
//!
//! An exchange, which alone needs the network, gets a new instance. All other requests go to
//! instances without network access; such an instance may answer several requests, one after the
//! other, because creating one costs a quarter of a request.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use azure_oidc_core::Fault;
use azure_oidc_core::settings::SERVICE_EXCHANGE;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use tokio::sync::{Notify, oneshot};
use wasmtime::{Engine, Error, InstanceAllocationStrategy, PoolingAllocationConfig, Result};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

mod idle;
mod instance;
#[cfg(test)]
mod tests;

use super::state::{self, Grants, State};
use super::turns::TICK;
use super::{failure, image, limits, linker};
use crate::transport::Transport;
use idle::IdleInstances;
use instance::Instance;

/// The longest response body, in bytes: a few times the longest request body that the component
/// reads.
const MAX_RESPONSE: usize = 8 << 20;
/// Core modules and tables per instance. The component has less than half of each.
const PARTS: u32 = 8;

/// How many instances there may be, and what each may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Concurrent requests.
    pub(crate) requests: u32,
    /// Processor time of a request.
    pub(crate) max_compute: Duration,
    /// Whether every request gets a new instance.
    pub(crate) isolate: bool,
}

/// A service that is ready to answer.
pub(crate) struct Service {
    engine: Engine,
    component: ProxyPre<State>,
    grants: Grants,
    /// Granted instead of the network to all requests but an exchange.
    no_network: Transport,
    idle: IdleInstances,
    max_compute: Duration,
    /// Requests that are being answered.
    running: AtomicUsize,
    /// Notified when `running` is no longer zero.
    began: Notify,
}

/// Counts a request among the running ones.
struct Running<'a>(&'a Service);

impl<'a> Running<'a> {
    fn new(service: &'a Service) -> Self {
        if service.running.fetch_add(1, Relaxed) == 0 {
            service.began.notify_one();
        }
        Self(service)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
    }
}

impl Service {
    /// Loads the component, and reserves addresses for the concurrent requests.
    ///
    /// # Errors
    ///
    /// When the system does not reserve them, or the processor lacks a feature that the image uses.
    pub(crate) fn load(grants: Grants, limits: Limits) -> Result<Self, Fault> {
        let Limits { requests, max_compute, isolate } = limits;
        // Instances beyond one per processor would never run at the same time.
        let idle = if isolate { 0 } else { thread::available_parallelism().map_or(1, NonZero::get) };
        let instances = requests.saturating_add(u32::try_from(idle).unwrap_or(u32::MAX));
        let load = || {
            let (engine, component) = image::load(strategy(instances))?;
            let component = ProxyPre::new(linker::new(&engine)?.instantiate_pre(&component)?)?;
            Ok((engine, component))
        };
        let (engine, component) = load().map_err(|error| {
            failure::fault(&error, &MemoryOutputPipe::new(0))
                .hint("where address space is limited (`ulimit -v`), a smaller `--max-concurrency` needs less of it")
        })?;
        let no_network = grants.transport.refusing_all();
        let (idle, running, began) = (IdleInstances::new(idle), AtomicUsize::new(0), Notify::new());
        Ok(Self { engine, component, grants, no_network, idle, max_compute, running, began })
    }

    /// Ends the turns of running requests, again and again. Without this no request yields to
    /// another one, and none is interrupted.
    pub(crate) async fn take_turns(&self) {
        loop {
            // An idle service has nothing to wake up for.
            while self.running.load(Relaxed) == 0 {
                self.began.notified().await;
            }
            tokio::time::sleep(TICK).await;
            self.engine.increment_epoch();
        }
    }

    /// Answers one request.
    ///
    /// # Errors
    ///
    /// When the component could not be started or was stopped, or gave no complete response.
    /// [`is_exhaustion`](super::is_exhaustion) tells what ran out from a defect.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        let _running = Running::new(self);
        let needs_network = request.uri().path() == SERVICE_EXCHANGE;
        let mut instance = match if needs_network { None } else { self.idle.take() } {
            Some(instance) => instance,
            None => self.instantiate(if needs_network { &self.grants.transport } else { &self.no_network }).await?,
        };
        let log = instance.log();
        let (sender, response) = oneshot::channel();
        // An instance that failed or was cancelled is dropped with this block, and not used again.
        let run = async move { instance.answer(request, sender).await.map(|()| instance) };
        // The component blocks until its body is read, so both run at the same time.
        let (ran, response) = tokio::join!(run, async {
            match response.await {
                Ok(Ok(response)) => Some(collect(response).await),
                Ok(Err(_)) | Err(_) => None,
            }
        });
        let failed = |error| failure::fault(&error, &log);
        let instance = ran.map_err(failed)?;
        let response = response.unwrap_or_else(|| Err(Error::msg("it gave no response"))).map_err(failed)?;
        if !needs_network {
            self.idle.put(instance);
        }
        Ok(response)
    }

    /// Drops instances that have been idle for this long, and with them what their memory still
    /// holds of their last request. Says whether there were any.
    pub(crate) fn drop_idle(&self, idle_for: Duration) -> bool {
        self.idle.drop_older(idle_for)
    }

    async fn instantiate(&self, transport: &Transport) -> Result<Instance, Fault> {
        let log = failure::log();
        let mut store = state::store(&self.engine, &self.grants.variables, transport.clone(), log.clone());
        match self.component.instantiate_async(&mut store).await {
            Ok(proxy) => Ok(Instance::new(store, proxy, log, self.max_compute)),
            Err(error) => Err(failure::fault(&error, &log)),
        }
    }
}

async fn collect(response: Response<HyperOutgoingBody>) -> Result<Response<Bytes>> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_RESPONSE).collect().await;
    let body = body.map_err(|_| Error::msg("its response is too long or incomplete"))?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

/// A pool, from which an instance is ready at once. Addresses of 32 bits have no room for one.
fn strategy(instances: u32) -> InstanceAllocationStrategy {
    if cfg!(target_pointer_width = "32") {
        return InstanceAllocationStrategy::OnDemand;
    }
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_memories(instances)
        .total_stacks(instances)
        .total_core_instances(instances.saturating_mul(PARTS))
        .total_tables(instances.saturating_mul(PARTS))
        .max_memory_size(limits::MEMORY)
        .table_elements(limits::TABLE);
    InstanceAllocationStrategy::Pooling(pool)
}
