//! The network of a step: HTTPS to the hosts of its policy, and never to a machine's metadata
//! service.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Url, redirect};
use wasmtime::Result;
use wasmtime::error::Context;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// The longest body of a request, in bytes.
const LONGEST: usize = 1 << 20;

/// The client of all steps. It trusts what the system trusts, and the certificates in the file.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<Client> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let certificates = match ca_file {
        Some(file) => {
            let pem = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
            Certificate::from_pem_bundle(&pem).with_context(|| format!("{} has no certificates", file.display()))?
        }
        None => Vec::new(),
    };
    // No redirects: a step sees them, and its policy decides. No proxy: it would resolve the names.
    let client = Client::builder().tls_certs_merge(certificates).redirect(redirect::Policy::none()).no_proxy();
    Ok(client.dns_resolver(Arc::new(WithoutMetadata)).build()?)
}

/// What one step may call, and what it called in vain.
pub(crate) struct Network {
    pub(crate) client: Client,
    /// `HOST` or `HOST:PORT`.
    pub(crate) hosts: Vec<String>,
    /// Refused destinations, in words.
    pub(crate) refused: Vec<String>,
}

type Sent = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Box<dyn Future<Output = Finished> + Send>)>;
type Finished = wasmtime_wasi_http::Result<()>;

impl Network {
    /// Whether the policy allows this destination. The URL is parsed by the client's own parser, so
    /// that both see the same host.
    fn check(&mut self, url: &Url) -> Result<(), Error> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let is_https = url.scheme() == "https";
        let is_named = self
            .hosts
            .iter()
            .map(|allowed| allowed.to_ascii_lowercase())
            .any(|allowed| allowed == format!("{host}:{port}") || (allowed == host && port == 443));
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let (code, why) = match () {
            () if !is_named => (Error::HttpRequestDenied, "which its `hosts` does not name"),
            () if !is_https => (Error::HttpRequestDenied, "without TLS"),
            () if address.is_some_and(is_metadata) => (Error::DestinationIpProhibited, "a metadata service"),
            () => return Ok(()),
        };
        let refused = format!("refused: it called {host}:{port}, {why}");
        if !self.refused.contains(&refused) {
            self.refused.push(refused);
        }
        Err(code)
    }
}

impl WasiHttpHooks for Network {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Finished> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| Error::HttpRequestUriInvalid);
        let allowed = url.and_then(|url| self.check(&url).map(|()| url));
        let client = self.client.clone();
        Box::new(async move {
            let url = allowed?;
            let (head, body) = request.into_parts();
            let body = Limited::new(body, LONGEST).collect().await.map_err(|_| Error::HttpRequestBodySize(None))?;
            let request = client.request(head.method, url).headers(head.headers);
            let answer = request.body(body.to_bytes()).send().await.map_err(|error| code(&error))?;
            let answer = http::Response::<reqwest::Body>::from(answer);
            let answer = answer.map(|body| body.map_err(|error| code(&error)).boxed_unsync());
            Ok((answer, Box::new(async { Ok(()) }) as Box<_>))
        })
    }

    /// False: the client sets the header from the URL.
    fn set_host_header(&mut self) -> bool {
        false
    }
}

/// The code for the step, from the innermost cause that has one.
fn code(error: &reqwest::Error) -> Error {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(cause) = next {
        if cause.is::<MetadataService>() {
            return Error::DestinationIpProhibited;
        }
        if cause.is::<rustls::Error>() {
            return Error::TlsCertificateError;
        }
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map_or_else(|| cause.source(), |inner| Some(inner));
    }
    if error.is_connect() { Error::DestinationUnavailable } else { Error::HttpProtocolError }
}

/// Resolves names, but never to a metadata service. The client connects to exactly these addresses.
#[derive(Debug)]
struct WithoutMetadata;

impl Resolve for WithoutMetadata {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| is_metadata(address.ip())) {
                return Err(MetadataService.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// A name that resolves to a metadata service.
#[derive(Debug)]
struct MetadataService;

impl fmt::Display for MetadataService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name resolves to a metadata service")
    }
}

impl StdError for MetadataService {}

/// Link-local addresses, which clouds use for metadata services, and AWS's in IPv6.
fn is_metadata(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0x0ec2],
    }
}
