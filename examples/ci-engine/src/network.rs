//! The network of a step: HTTPS to the hosts of its policy, and never to a machine's metadata
//! service.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// Refused destinations.
    pub(crate) refused: Refused,
}

/// Destinations that were refused, in words. Requests that are on their way add to them too.
#[derive(Clone, Default)]
pub(crate) struct Refused(Arc<Mutex<Vec<String>>>);

impl Refused {
    fn add(&self, url: &Url, why: &str) {
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let refused = format!("refused: it called {host}:{port}, {why}");
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains(&refused) {
            all.push(refused);
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why no policy allows a metadata service.
const METADATA: &str = "a metadata service";

type Sent = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Box<dyn Future<Output = Finished> + Send>)>;
type Finished = wasmtime_wasi_http::Result<()>;

impl Network {
    /// Whether the policy allows this destination. The URL is parsed by the client's own parser, so
    /// that both see the same host.
    fn check(&self, url: &Url) -> Result<(), Error> {
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
            () if address.is_some_and(is_metadata) => (Error::DestinationIpProhibited, METADATA),
            () => return Ok(()),
        };
        self.refused.add(url, why);
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
        let (client, refused) = (self.client.clone(), self.refused.clone());
        Box::new(async move {
            let url = allowed?;
            let (head, body) = request.into_parts();
            let body = Limited::new(body, LONGEST).collect().await.map_err(|_| Error::HttpRequestBodySize(None))?;
            let request = client.request(head.method, url.clone()).headers(head.headers);
            let answer = request.body(body.to_bytes()).send().await.map_err(|error| {
                let code = code(&error);
                if matches!(code, Error::DestinationIpProhibited) {
                    refused.add(&url, METADATA);
                }
                code
            })?;
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
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(without_metadata(found)?)
        })
    }
}

/// What a name resolves to, unless a metadata service is there.
fn without_metadata(found: Vec<SocketAddr>) -> Result<Addrs, MetadataService> {
    let is_refused = found.iter().any(|address| is_metadata(address.ip()));
    if is_refused { Err(MetadataService) } else { Ok(Box::new(found.into_iter())) }
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

/// Link-local addresses, most of which are metadata services of clouds, and those elsewhere.
fn is_metadata(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_metadata_v4(address),
        IpAddr::V6(address) => match address.segments() {
            // AWS; Scaleway; Oracle; Akamai (Linode); Google.
            [0xfd00, 0xec2 | 0x42 | 0xc1, ..] | [0xfd00, 0xa9fe, 0xa9fe, ..] | [0xfd20, 0xce, ..] => true,
            // An address in IPv4, translated by a NAT64 (RFC 6052 §2.1).
            [0x64, 0xff9b, 0, 0, 0, 0, a, b] => is_metadata_v4((u32::from(a) << 16 | u32::from(b)).into()),
            _ => address.is_unicast_link_local(),
        },
    }
}

fn is_metadata_v4(address: Ipv4Addr) -> bool {
    // Azure's platform; Alibaba; Oracle's former one; Equinix Metal.
    const ELSEWHERE: [[u8; 4]; 4] = [[168, 63, 129, 16], [100, 100, 100, 200], [192, 0, 0, 192], [192, 80, 8, 124]];
    address.is_link_local() || ELSEWHERE.contains(&address.octets())
}

#[cfg(test)]
mod tests {
    use http_body_util::Empty;

    use super::*;

    /// A resolver for which every name is at one address.
    struct At(&'static str);

    impl Resolve for At {
        fn resolve(&self, _: Name) -> Resolving {
            let found = without_metadata(vec![SocketAddr::new(self.0.parse().unwrap(), 0)]);
            Box::pin(async move { Ok(found?) })
        }
    }

    #[test]
    fn a_name_that_resolves_to_a_metadata_service_is_refused_and_remembered() {
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = Client::builder().no_proxy().dns_resolver(Arc::new(At("169.254.169.254"))).build().unwrap();
        let mut network = Network { client, hosts: vec!["name.example".to_owned()], refused: Refused::default() };
        let body: WasiBody = Empty::new().map_err(|never| match never {}).boxed_unsync();
        let request = http::Request::get("https://name.example/").body(body).unwrap();
        let sent = network.send_request(request, None, Box::new(async { Ok(()) }));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let code = runtime.block_on(Box::into_pin(sent)).err();
        assert!(matches!(code, Some(Error::DestinationIpProhibited)), "{code:?}");
        assert_eq!(network.refused.all(), ["refused: it called name.example:443, a metadata service"]);
    }

    #[test]
    fn metadata_services_are_known_in_both_families_and_others_are_let_through() {
        let is_metadata = |text: &str| is_metadata(text.parse().unwrap());
        for metadata in [
            "169.254.169.254",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fe80::1",
        ] {
            assert!(is_metadata(metadata), "{metadata}");
        }
        for other in ["20.190.128.1", "10.0.0.1", "127.0.0.1", "2603:1006:2000::1", "64:ff9b::14be:8001", "fd00::1"] {
            assert!(!is_metadata(other), "{other}");
        }
    }
}
