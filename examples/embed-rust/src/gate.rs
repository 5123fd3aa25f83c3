//! Decides which hosts a plugin may call: the hosts of its policy, but never a machine's metadata
//! service.

use std::net::IpAddr;

use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

/// The hosts that a plugin may call.
#[derive(Debug)]
pub struct Gate(Vec<String>);

impl Gate {
    /// Allows these hosts, each `HOST` (any port) or `HOST:PORT`.
    pub fn new(hosts: Vec<String>) -> Self {
        Self(hosts)
    }

    fn allows(&self, host: &str, port: u16) -> bool {
        self.0.iter().any(|allowed| *allowed == host || *allowed == format!("{host}:{port}"))
    }
}

type Sent = wasmtime_wasi_http::Result<(http::Response<WasiBody>, Box<dyn Future<Output = Finished> + Send>)>;
type Finished = wasmtime_wasi_http::Result<()>;

impl WasiHttpHooks for Gate {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Finished> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let host = request.uri().host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase();
        let usual = if request.uri().scheme_str() == Some("http") { 80 } else { 443 };
        let port = request.uri().port_u16().unwrap_or(usual);
        let allowed = self.allows(&host, port);
        Box::new(async move {
            if !allowed {
                return Err(Error::HttpRequestDenied);
            }
            // An allowed name may resolve to the metadata service. The name is resolved again for
            // the connection, so this check does not stop an attacker who controls DNS.
            // `host/src/transport` of azure-oidc checks the address that it connects to.
            let addresses = tokio::net::lookup_host((host, port)).await.map_err(|_| Error::DestinationNotFound)?;
            if addresses.into_iter().any(|address| is_metadata(address.ip())) {
                return Err(Error::DestinationIpProhibited);
            }
            let (response, io) = default_send_request(request, options).await?;
            let io: Box<dyn Future<Output = Finished> + Send> = Box::new(io);
            Ok((response.map(http_body_util::BodyExt::boxed_unsync), io))
        })
    }
}

/// Link-local addresses, which clouds use for metadata services, and AWS's in IPv6.
fn is_metadata(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0x0ec2],
    }
}
