//! Sends the component's HTTP requests, and reports failures as `wasi:http` error codes.
//!
//! A response is read completely before the component sees it. So a connection that breaks off
//! half-way has its proper error code, and a response that is too long is dropped early.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, Url, redirect};
use rustls::ClientConfig;
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

mod documents;
mod failure;
mod resolver;

use crate::egress::Policy;
use crate::timings::Timings;
use crate::trust::Trust;
use crate::warnings::Warnings;
use documents::Documents;
use failure::{Endpoint, RequestFailure};
use resolver::Resolver;

/// The longest response body, in bytes. Token responses have a few kilobytes, key sets a few dozen.
const MAX_RESPONSE: usize = 1 << 20;
/// The longest request body, in bytes.
const MAX_REQUEST: usize = 1 << 20;
/// Time limit for each step of a request, where the component sets none.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection is kept for the next request. Each holds some 60 KiB, mostly for TLS, which
/// a service would otherwise keep for long after many exchanges at once.
pub(crate) const MAX_IDLE: Duration = Duration::from_secs(3);
/// How many connections to a host are kept.
const MAX_IDLE_CONNECTIONS: usize = 32;

/// Sends the requests of one run; a clone shares connections with the original.
#[derive(Debug, Clone)]
pub(crate) struct Transport(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Arc<Policy>,
    trust: Trust,
    /// Created for the first request, because many commands send none.
    network: Mutex<Option<Network>>,
    /// Documents that are not fetched again, if any are kept.
    documents: Option<Documents>,
    warnings: Arc<Warnings>,
    timings: Arc<Timings>,
}

/// The HTTP clients, and what they share.
#[derive(Debug)]
struct Network {
    tls: ClientConfig,
    resolver: Arc<Resolver>,
    /// The proxy variables, interpreted as the client of `Route::Default` does.
    proxies: Matcher,
    clients: BTreeMap<Route, Client>,
}

/// How a request travels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Route {
    /// Through the proxy that the proxy variables select, if any.
    Default,
    /// To this machine or beside it, past any proxy.
    Direct,
    /// Through the Unix socket at this path.
    Socket(String),
}

impl Transport {
    /// A transport without connections.
    pub(crate) fn new(policy: Policy, trust: Trust, warnings: Arc<Warnings>, timings: Arc<Timings>) -> Self {
        let (policy, network, documents) = (Arc::new(policy), Mutex::default(), None);
        Self(Arc::new(Inner { policy, trust, network, documents, warnings, timings }))
    }

    /// Keeps documents, which a service fetches again and again.
    pub(crate) fn keeping_documents(mut self) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.documents = Some(Documents::default());
        }
        self
    }

    /// A transport that refuses every request, and reports to the same warnings and timings.
    pub(crate) fn refusing_all(&self) -> Self {
        let Inner { warnings, timings, .. } = &*self.0;
        Self::new(Policy::default(), Trust::default(), Arc::clone(warnings), Arc::clone(timings))
    }

    /// Whether any request is permitted.
    #[cfg(test)]
    pub(crate) fn permits_any(&self) -> bool {
        !self.0.policy.is_empty()
    }
}

type SentRequest = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Transport {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = SentRequest> + Send> {
        let inner = Arc::clone(&self.0);
        Box::new(async move {
            let response = inner.send(request, options.unwrap_or_default()).await?;
            Ok((response, Box::new(async { Ok(()) }) as Box<_>))
        })
    }

    /// False: the HTTP client sets the header from the URL.
    fn set_host_header(&mut self) -> bool {
        false
    }
}

impl Inner {
    async fn send(&self, request: Request<WasiBody>, options: RequestOptions) -> Result<Response<WasiBody>, Error> {
        let since = Instant::now();
        let url = Url::parse(&request.uri().to_string()).map_err(|_| Error::HttpRequestUriInvalid)?;
        self.policy.check_url(&url).map_err(|refusal| {
            self.warnings.print_once(&refusal.to_string());
            Error::HttpRequestDenied
        })?;
        // The service sends no other GET requests than those for documents.
        let documents = self.documents.as_ref().filter(|_| request.method() == Method::GET);
        if let Some(document) = documents.and_then(|documents| documents.get(url.as_str())) {
            return Ok(Response::new(whole(document)));
        }
        let mut endpoint = Endpoint::of_url(&url);
        let response = self.exchange(request, url, options, documents, &mut endpoint).await;
        self.timings.request(endpoint.to_string(), since);
        response.map_err(|failure| {
            if let Some(text) = failure.warning(&endpoint) {
                self.warnings.print_once(&text);
            }
            failure.error
        })
    }

    async fn exchange(
        &self,
        request: Request<WasiBody>,
        url: Url,
        options: RequestOptions,
        documents: Option<&Documents>,
        endpoint: &mut Endpoint,
    ) -> Result<Response<WasiBody>, RequestFailure> {
        let (head, body) = request.into_parts();
        let body = collect(body).await?;
        let connect_timeout = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let (client, proxy) = self.client(&url, &head.uri, connect_timeout)?;
        endpoint.proxy = proxy;
        let sent = client.request(head.method, url.clone()).headers(head.headers).body(body).send();
        let mut answer = timeout(options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT), sent)
            .await
            .map_err(|_| Error::HttpResponseTimeout)??;

        if let Some(length) = answer.content_length().filter(|length| *length > MAX_RESPONSE as u64) {
            return Err(Error::HttpResponseBodySize(Some(length)).into());
        }
        let mut contents = BytesMut::new();
        let pause = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);
        while let Some(chunk) = timeout(pause, answer.chunk()).await.map_err(|_| Error::ConnectionReadTimeout)?? {
            if contents.len() + chunk.len() > MAX_RESPONSE {
                return Err(Error::HttpResponseBodySize(None).into());
            }
            contents.extend_from_slice(&chunk);
        }
        let contents = contents.freeze();
        if let Some(documents) = documents.filter(|_| answer.status() == StatusCode::OK) {
            documents.keep(url.as_str(), &contents);
        }
        let mut response = Response::new(whole(contents));
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }

    /// The client for a URL, and the proxy that it uses. There is one client for each route, so
    /// that later requests reuse its connections.
    fn client(
        &self,
        url: &Url,
        uri: &Uri,
        connect_timeout: Duration,
    ) -> Result<(Client, Option<String>), RequestFailure> {
        let since = Instant::now();
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let network = match &mut *network {
            Some(network) => network,
            none => none.insert(Network::new(&self.policy, &self.trust)?),
        };
        let route = match self.policy.socket(url) {
            Some(path) => Route::Socket(path.to_owned()),
            None if self.policy.is_near(url.host_str().unwrap_or_default()) => Route::Direct,
            None => Route::Default,
        };
        let proxy = if route == Route::Default { network.trusted_proxy(uri) } else { None };
        if let Some(client) = network.clients.get(&route) {
            return Ok((client.clone(), proxy));
        }
        let client = network.build(&route, connect_timeout)?;
        network.clients.insert(route, client.clone());
        self.timings.client(since);
        Ok((client, proxy))
    }
}

impl Network {
    fn new(policy: &Arc<Policy>, trust: &Trust) -> Result<Self, RequestFailure> {
        // ring: the first random bytes of aws-lc-rs take 30 ms.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::InternalError(Some(error.to_string())))?
            .dangerous() // rustls asks for this with any other verifier; ours only combines several of rustls' own.
            .with_custom_certificate_verifier(trust.verifier(provider))
            .with_no_client_auth();
        let resolver = Arc::new(Resolver::new(Arc::clone(policy)));
        Ok(Self { tls, resolver, proxies: Matcher::from_system(), clients: BTreeMap::new() })
    }

    fn build(&self, route: &Route, connect_timeout: Duration) -> Result<Client, RequestFailure> {
        let builder = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Arc::clone(&self.resolver))
            // A redirect would send the assertion to a host that was not configured.
            .redirect(redirect::Policy::none())
            .pool_idle_timeout(MAX_IDLE)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .connect_timeout(connect_timeout);
        let builder = match route {
            Route::Default => builder,
            Route::Direct => builder.no_proxy(),
            #[cfg(unix)]
            Route::Socket(path) => builder.no_proxy().unix_socket(path.as_str()),
            // No Unix sockets on this system: the name that stands for the socket does not resolve.
            #[cfg(not(unix))]
            Route::Socket(_) => builder.no_proxy(),
        };
        Ok(builder.build()?)
    }

    /// The proxy for this request, if any. Its name may resolve to any address, because the user
    /// configured it. The proxy resolves the destination's name itself.
    fn trusted_proxy(&self, uri: &Uri) -> Option<String> {
        let proxy = self.proxies.intercept(uri)?;
        let host = proxy.uri().host()?;
        self.resolver.trust_proxy(host.to_owned());
        // Without the rest of the URI, which may contain a password.
        Some(proxy.uri().port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }
}

/// A body that is complete.
fn whole(contents: Bytes) -> WasiBody {
    Full::new(contents).map_err(|never| match never {}).boxed_unsync()
}

async fn collect(body: WasiBody) -> Result<Bytes, Error> {
    let collected = Limited::new(body, MAX_REQUEST).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(_too_long) => Error::HttpRequestBodySize(None),
    })
}

#[cfg(test)]
mod tests;
