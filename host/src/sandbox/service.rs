//! The component as a service: one engine, one image, and a fresh instance for each request. The instances come out of a pool of
//! memory that is set up once and wiped after each use, so nothing of one request is there when the next one begins.

use azure_oidc_core::Fault;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use tokio::sync::oneshot;
use wasmtime::{Enabled, Engine, Error, PoolingAllocationConfig, Result};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::{Grants, LARGEST_LOG, State, fault, image, limits, links};

/// What the body of a request, being here already, never has.
type NoError = wasmtime_wasi_http::Error;

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
}

impl Service {
    /// Loads the component, and reserves addresses for as many instances at the same time.
    ///
    /// # Errors
    ///
    /// When the system does not give them, or the processor lacks what the image needs.
    pub(crate) fn load(grants: Grants, instances: u32) -> Result<Self, Fault> {
        let load = || {
            let (engine, component) = image::load(pool(instances).into())?;
            let component = ProxyPre::new(links::linker(&engine)?.instantiate_pre(&component)?)?;
            Ok((engine, component))
        };
        match load() {
            Ok((engine, component)) => Ok(Self { engine, component, grants }),
            Err(error) => Err(fault(&error, &MemoryOutputPipe::new(0))
                .hint("where addresses are limited (`ulimit -v`), a smaller `--max-concurrency` takes fewer of them")),
        }
    }

    /// Answers one request in an instance of its own.
    ///
    /// # Errors
    ///
    /// Only what the component cannot say itself: that it was ended.
    pub(crate) async fn answer(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        let log = MemoryOutputPipe::new(LARGEST_LOG);
        let (out, answer) = oneshot::channel();
        let mut store = super::store(&self.engine, &self.grants.variables, self.grants.transport.clone(), log.clone());
        let run = async move {
            let request = request.map(|body| Full::new(body).map_err(|never| -> NoError { match never {} }));
            let request = store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
            let out = store.data_mut().http().new_response_outparam(out)?;
            let instance = self.component.instantiate_async(&mut store).await?;
            // The store goes with this block: only then does the other one know that there is no answer.
            instance.wasi_http_incoming_handler().call_handle(&mut store, request, out).await
        };
        // The component waits while nobody reads what it writes, so both at the same time.
        let (ran, answer) = tokio::join!(run, async {
            match answer.await {
                Ok(Ok(response)) => Some(whole(response).await),
                Ok(Err(_)) | Err(_) => None,
            }
        });
        ran.map_err(|error| fault(&error, &log))?;
        let answer = answer.unwrap_or_else(|| Err(Error::msg("it gave no answer")));
        answer.map_err(|error| fault(&error, &log))
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
