//! The component as a service: one engine, one image, and instances out of a pool of memory that is set up once and wiped after use.
//!
//! The exchange, which alone needs the network, has a new instance each time. Every other request goes to an instance that is granted
//! no network; such a one may answer several, one after the other, because making it takes a quarter of such a request.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use azure_oidc_core::Fault;
use azure_oidc_core::settings::SERVICE_EXCHANGE;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use tokio::sync::oneshot;
use wasmtime::{Enabled, Engine, Error, PoolingAllocationConfig, Result};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

mod idle;
mod instance;
#[cfg(test)]
mod tests;

use super::{Grants, LARGEST_LOG, State, fault, image, limits, links};
use crate::transport::Transport;
use idle::Idle;
use instance::Instance;

/// The longest answer, in bytes. The longest that the component gives is a few times the longest body that it reads.
const MAX_ANSWER: usize = 8 << 20;
/// Core modules and tables of one instance of the component; it has less than half of each.
const PARTS: u32 = 8;
/// What is kept of an instance's memory, table and stack for the next one, after it was written over with what it had at the start;
/// the rest goes back to the system. A usual request needs no more.
const KEPT_MEMORY: usize = 2 << 20;
const KEPT: usize = 64 << 10;

/// The service, ready to answer.
pub(crate) struct Service {
    engine: Engine,
    component: ProxyPre<State>,
    grants: Grants,
    /// What is granted in the place of the network for all but the exchange.
    no_network: Transport,
    idle: Idle,
}

impl Service {
    /// Loads the component, and reserves addresses for as many requests at the same time. `isolate` gives each an instance of its own.
    ///
    /// # Errors
    ///
    /// When the system does not give them, or the processor lacks what the image needs.
    pub(crate) fn load(grants: Grants, requests: u32, isolate: bool) -> Result<Self, Fault> {
        // More than one a processor would never be at work at the same time.
        let idle = if isolate { 0 } else { thread::available_parallelism().map_or(1, NonZero::get) };
        let instances = requests.saturating_add(u32::try_from(idle).unwrap_or(u32::MAX));
        let load = || {
            let (engine, component) = image::load(pool(instances).into())?;
            let component = ProxyPre::new(links::linker(&engine)?.instantiate_pre(&component)?)?;
            Ok((engine, component))
        };
        match load() {
            Ok((engine, component)) => {
                let no_network = grants.transport.refusing();
                Ok(Self { engine, component, grants, no_network, idle: Idle::new(idle) })
            }
            Err(error) => Err(fault(&error, &MemoryOutputPipe::new(0))
                .hint("where addresses are limited (`ulimit -v`), a smaller `--max-concurrency` takes fewer of them")),
        }
    }

    /// Answers one request.
    ///
    /// # Errors
    ///
    /// Only what the component cannot say itself: that it was ended.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        let needs_network = request.uri().path() == SERVICE_EXCHANGE;
        let mut instance = match if needs_network { None } else { self.idle.take() } {
            Some(instance) => instance,
            None => self.instance(if needs_network { &self.grants.transport } else { &self.no_network }).await?,
        };
        let log = instance.log();
        let (out, answer) = oneshot::channel();
        // One that failed, or was cut off by the caller or the clock, goes with this block.
        let run = async move { instance.answer(request, out).await.map(|()| instance) };
        // The component waits while nobody reads what it writes, so both at the same time.
        let (ran, answer) = tokio::join!(run, async {
            match answer.await {
                Ok(Ok(response)) => Some(whole(response).await),
                Ok(Err(_)) | Err(_) => None,
            }
        });
        let instance = ran.map_err(|error| fault(&error, &log))?;
        let answer = answer.unwrap_or_else(|| Err(Error::msg("it gave no answer")));
        let answer = answer.map_err(|error| fault(&error, &log))?;
        if !needs_network {
            self.idle.keep(instance);
        }
        Ok(answer)
    }

    /// Ends instances that had nothing to do for so long, and with them what their memory still has of the last request.
    pub(crate) fn forget(&self, idle_for: Duration) {
        self.idle.forget(idle_for);
    }

    async fn instance(&self, transport: &Transport) -> Result<Instance, Fault> {
        let log = MemoryOutputPipe::new(LARGEST_LOG);
        let mut store = super::store(&self.engine, &self.grants.variables, transport.clone(), log.clone());
        match self.component.instantiate_async(&mut store).await {
            Ok(proxy) => Ok(Instance::new(store, proxy, log)),
            Err(error) => Err(fault(&error, &log)),
        }
    }
}

async fn whole(response: Response<HyperOutgoingBody>) -> Result<Response<Bytes>> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await;
    let body = body.map_err(|_| Error::msg("its answer is too long or broke off"))?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_memories(instances)
        .total_stacks(instances)
        .total_core_instances(instances.saturating_mul(PARTS))
        .total_tables(instances.saturating_mul(PARTS))
        .max_memory_size(limits::MEMORY)
        .table_elements(limits::TABLE)
        .linear_memory_keep_resident(KEPT_MEMORY)
        .table_keep_resident(KEPT)
        .async_stack_keep_resident(KEPT)
        // Where the system can tell (Linux 6.7), only what was written to is written over.
        .pagemap_scan(Enabled::Auto);
    pool
}
