//! Carries the component's requests over the network, and says in the terms of `wasi:http` why one failed.
//!
//! The answer is read whole before the component sees any of it: a failure half-way then has its proper code too, and an answer
//! that is too long is dropped and not paged through.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, ClientBuilder, Url, redirect};
use rustls::ClientConfig;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

mod failure;
mod resolver;

use crate::egress::Policy;
use crate::timings::Timings;
use crate::trust::Trust;
use crate::warnings::Warnings;
use resolver::Resolver;

/// The longest answer that is read, in bytes. Token answers are a few kilobytes, key sets a few dozen.
const MAX_ANSWER: usize = 1 << 20;
/// The longest request that is sent, in bytes.
const MAX_REQUEST: usize = 1 << 20;
/// For a step of a request that the component set no time for.
const USUAL_STEP: Duration = Duration::from_secs(30);

/// What sends the requests of one run.
#[derive(Debug, Clone)]
pub(crate) struct Transport(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Arc<Policy>,
    trust: Trust,
    /// Made for the first request; many commands send none.
    network: Mutex<Option<Network>>,
    warnings: Arc<Warnings>,
    timings: Arc<Timings>,
}

/// What all clients have in common, and the clients.
#[derive(Debug)]
struct Network {
    tls: ClientConfig,
    resolver: Arc<Resolver>,
    /// The same reading of the proxy variables that the usual client makes.
    proxies: Matcher,
    clients: BTreeMap<Route, Client>,
}

/// How a request travels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Route {
    /// As the proxy variables have it.
    Usual,
    /// To this machine or next to it, where no proxy has a part in it.
    Direct,
    /// Through the Unix socket at this path.
    Socket(String),
}

impl Transport {
    /// A transport that has not opened anything yet.
    pub(crate) fn new(policy: Policy, trust: Trust, warnings: Arc<Warnings>, timings: Arc<Timings>) -> Self {
        Self(Arc::new(Inner { policy: Arc::new(policy), trust, network: Mutex::default(), warnings, timings }))
    }

    /// One that refuses whatever it is to send, and says so where this one does.
    pub(crate) fn refusing(&self) -> Self {
        let Inner { warnings, timings, .. } = &*self.0;
        Self::new(Policy::default(), Trust::default(), Arc::clone(warnings), Arc::clone(timings))
    }

    /// Whether anything may be sent.
    pub(crate) fn is_allowed_any(&self) -> bool {
        !self.0.policy.is_empty()
    }
}

type Answer = Result<(Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for Transport {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let inner = Arc::clone(&self.0);
        Box::new(async move {
            let answer = inner.send(request, options.unwrap_or_default()).await?;
            Ok((answer, Box::new(async { Ok(()) }) as Box<_>))
        })
    }

    /// The client writes it, from the URL.
    fn set_host_header(&mut self) -> bool {
        false
    }
}

impl Inner {
    async fn send(&self, request: Request<WasiBody>, options: RequestOptions) -> Result<Response<WasiBody>, Error> {
        let since = Instant::now();
        let url = Url::parse(&request.uri().to_string()).map_err(|_| Error::HttpRequestUriInvalid)?;
        self.policy.judge(&url).map_err(|refusal| {
            self.warnings.say(&refusal.to_string());
            Error::HttpRequestDenied
        })?;
        let mut place = failure::Place::of(&url);
        let answer = self.exchange(request, url, options, &mut place).await;
        self.timings.request(place.to_string(), since);
        answer.map_err(|failed| {
            if let Some(text) = failed.explained(&place) {
                self.warnings.say(&text);
            }
            failed.error
        })
    }

    async fn exchange(
        &self,
        request: Request<WasiBody>,
        url: Url,
        options: RequestOptions,
        place: &mut failure::Place,
    ) -> Result<Response<WasiBody>, failure::Failed> {
        let (head, body) = request.into_parts();
        let body = whole(body).await?;
        let connect_timeout = options.connect_timeout.unwrap_or(USUAL_STEP);
        let (client, proxy) = self.client(&url, &head.uri, connect_timeout)?;
        place.proxy = proxy;
        let sent = client.request(head.method, url).headers(head.headers).body(body).send();
        let mut answer = tokio::time::timeout(options.first_byte_timeout.unwrap_or(USUAL_STEP), sent)
            .await
            .map_err(|_| Error::HttpResponseTimeout)??;

        if let Some(length) = answer.content_length().filter(|length| *length > MAX_ANSWER as u64) {
            return Err(Error::HttpResponseBodySize(Some(length)).into());
        }
        let mut contents = BytesMut::new();
        let pause = options.between_bytes_timeout.unwrap_or(USUAL_STEP);
        while let Some(chunk) =
            tokio::time::timeout(pause, answer.chunk()).await.map_err(|_| Error::ConnectionReadTimeout)??
        {
            if contents.len() + chunk.len() > MAX_ANSWER {
                return Err(Error::HttpResponseBodySize(None).into());
            }
            contents.extend_from_slice(&chunk);
        }
        let body = Full::new(contents.freeze()).map_err(|never| match never {}).boxed_unsync();
        let mut response = Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }

    /// The client for a URL, and the proxy that it goes through. There is one for each route, so that requests after the first find a
    /// connection.
    fn client(
        &self,
        url: &Url,
        uri: &Uri,
        connect_timeout: Duration,
    ) -> Result<(Client, Option<String>), failure::Failed> {
        let since = Instant::now();
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        let network = match &mut *network {
            Some(network) => network,
            none => none.insert(Network::new(&self.policy, &self.trust)?),
        };
        let route = match self.policy.socket(url) {
            Some(path) => Route::Socket(path.to_owned()),
            None if self.policy.is_near(url.host_str().unwrap_or_default()) => Route::Direct,
            None => Route::Usual,
        };
        let proxy = if route == Route::Usual { network.trusted_proxy(uri) } else { None };
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
    fn new(policy: &Arc<Policy>, trust: &Trust) -> Result<Self, failure::Failed> {
        // ring: the first random bytes of aws-lc-rs take 30 ms.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| failure::Failed::internal(&error))?
            .dangerous() // rustls' word for any verifier but its own; this one asks several of rustls' own.
            .with_custom_certificate_verifier(trust.verifier(provider))
            .with_no_client_auth();
        let resolver = Arc::new(Resolver::new(Arc::clone(policy)));
        Ok(Self { tls, resolver, proxies: Matcher::from_system(), clients: BTreeMap::new() })
    }

    fn build(&self, route: &Route, connect_timeout: Duration) -> Result<Client, failure::Failed> {
        let builder = Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Arc::clone(&self.resolver))
            // A redirect would carry the assertion to a place that was not configured.
            .redirect(redirect::Policy::none())
            .connect_timeout(connect_timeout);
        let builder = match route {
            Route::Usual => builder,
            Route::Direct => builder.no_proxy(),
            Route::Socket(path) => at_socket(builder.no_proxy(), path),
        };
        Ok(builder.build()?)
    }

    /// The proxy that takes this request, if any. The name to look up is then the proxy's, which may be anywhere, because the user
    /// configured it; and the proxy is the one that looks up the destination.
    fn trusted_proxy(&self, uri: &Uri) -> Option<String> {
        let proxy = self.proxies.intercept(uri)?;
        let host = proxy.uri().host()?;
        self.resolver.trust(host.to_owned());
        // Not the URI as a whole: it may hold a password.
        Some(proxy.uri().port_u16().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    }
}

/// A client of a socket on this machine, whatever the URL says.
#[cfg(unix)]
fn at_socket(builder: ClientBuilder, path: &str) -> ClientBuilder {
    builder.unix_socket(path)
}

/// There are none here; the name that stands for the socket leads to nobody.
#[cfg(not(unix))]
fn at_socket(builder: ClientBuilder, _path: &str) -> ClientBuilder {
    builder
}

async fn whole(body: WasiBody) -> Result<Bytes, Error> {
    let collected = Limited::new(body, MAX_REQUEST).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(_too_long) => Error::HttpRequestBodySize(None),
    })
}

#[cfg(test)]
mod tests;
