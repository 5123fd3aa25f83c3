//! One instance of the component, which answers one request at a time.

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

use super::{KEPT_MEMORY, State};

/// What the body of a request, being here already, never has.
type NoError = wasmtime_wasi_http::Error;

/// Where the component's answer goes.
type Out = Sender<Result<http::Response<HyperOutgoingBody>, ErrorCode>>;

/// After so many answers an instance is replaced, whatever it may have gathered.
pub(super) const MOST_ANSWERS: u32 = 1000;

/// An instance with all that it is granted.
pub(super) struct Instance {
    store: Store<State>,
    proxy: Proxy,
    log: MemoryOutputPipe,
    answered: u32,
}

impl Instance {
    pub(super) fn new(store: Store<State>, proxy: Proxy, log: MemoryOutputPipe) -> Self {
        Self { store, proxy, log, answered: 0 }
    }

    /// What it writes when it panics.
    pub(super) fn log(&self) -> MemoryOutputPipe {
        self.log.clone()
    }

    /// Answers one request.
    ///
    /// # Errors
    ///
    /// When it trapped. It must not be asked again then.
    pub(super) async fn answer(&mut self, request: Request<Bytes>, out: Out) -> Result<()> {
        self.answered += 1;
        let request = request.map(|body| Full::new(body).map_err(|never| -> NoError { match never {} }));
        let request = self.store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
        let out = self.store.data_mut().http().new_response_outparam(out)?;
        let ran = self.proxy.wasi_http_incoming_handler().call_handle(&mut self.store, request, out).await;
        // What belonged to the request ends with it, whether the component let go of it or not. Whoever waits for an answer that was
        // not given learns it by this.
        self.store.data_mut().table = ResourceTable::new();
        ran
    }

    #[cfg(test)]
    pub(super) fn has_network(&self) -> bool {
        self.store.data().transport.is_allowed_any()
    }

    #[cfg(test)]
    pub(super) fn answered(&self) -> u32 {
        self.answered
    }

    /// Whether it may answer another request.
    pub(super) fn is_fit(&self) -> bool {
        self.answered < MOST_ANSWERS && self.store.data().limits.memory <= KEPT_MEMORY
    }
}
