//! An instance of the component that answers one request at a time.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use tokio::sync::oneshot::Sender;
use wasmtime::component::ResourceTable;
use wasmtime::{Result, Store};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::sandbox::limits::REUSABLE_MEMORY;
use crate::sandbox::state::State;
use crate::sandbox::turns;

/// The error type of a request body. The body is in memory already, so there is never an error.
type NoError = wasmtime_wasi_http::Error;

/// Takes the component's response.
type ResponseSender = Sender<Result<http::Response<HyperOutgoingBody>, ErrorCode>>;

/// An instance is replaced after this many responses, which limits what it can accumulate.
pub(super) const MAX_RESPONSES: u32 = 1000;

/// An instance in its store.
pub(super) struct Instance {
    store: Store<State>,
    proxy: Proxy,
    log: MemoryOutputPipe,
    /// The number of responses so far.
    pub(super) answered: u32,
}

impl Instance {
    /// An instance whose requests compute for at most this long each.
    pub(super) fn new(mut store: Store<State>, proxy: Proxy, log: MemoryOutputPipe, max_compute: Duration) -> Self {
        turns::limit(&mut store, max_compute);
        Self { store, proxy, log, answered: 0 }
    }

    /// The instance's standard error, where a panic is written.
    pub(super) fn log(&self) -> MemoryOutputPipe {
        self.log.clone()
    }

    /// Answers one request.
    ///
    /// # Errors
    ///
    /// When the instance trapped or was interrupted. It must not be used again.
    pub(super) async fn answer(&mut self, request: Request<Bytes>, sender: ResponseSender) -> Result<()> {
        self.answered += 1;
        turns::begin(&mut self.store);
        let request = request.map(|body| Full::new(body).map_err(|never| -> NoError { match never {} }));
        let request = self.store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
        let out = self.store.data_mut().http().new_response_outparam(sender)?;
        let ran = self.proxy.wasi_http_incoming_handler().call_handle(&mut self.store, request, out).await;
        // Drops all resources of the request, also those that the component did not drop. This
        // closes `sender` if there was no response.
        self.store.data_mut().table = ResourceTable::new();
        ran
    }

    #[cfg(test)]
    pub(super) fn has_network(&self) -> bool {
        self.store.data().transport.permits_any()
    }

    /// Whether the instance may answer another request.
    pub(super) fn is_reusable(&self) -> bool {
        self.answered < MAX_RESPONSES && self.store.data().limits.memory <= REUSABLE_MEMORY
    }
}
