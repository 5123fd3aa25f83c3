//! A small blocking HTTPS client that trusts the emulator's certificate and nothing else; `mint` and tests use it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The client. It follows no redirects and keeps no connections.
pub struct Client {
    tls: Arc<ClientConfig>,
}

impl Client {
    /// A client that trusts the certificate in this file.
    ///
    /// # Errors
    ///
    /// When the file can't be read or holds no certificate.
    pub fn trusting(ca_file: &Path) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(ca_file).map_err(io::Error::other)?;
        roots.add(certificate).map_err(io::Error::other)?;
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: Arc::new(tls) })
    }

    /// Sends a request to an absolute https URL and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// When there is no connection, no trust, or no whole answer.
    pub fn send(&self, request: Request<String>) -> io::Result<Response<Bytes>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(self.exchange(request))
    }

    async fn exchange(&self, request: Request<String>) -> io::Result<Response<Bytes>> {
        let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "the URL needs https and a host");
        let uri = request.uri().clone();
        let (Some("https"), Some(host)) = (uri.scheme_str(), uri.host()) else { return Err(invalid()) };
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((name, uri.port_u16().unwrap_or(443))).await?;
        let server = ServerName::try_from(name.to_owned()).map_err(|_| invalid())?;
        let stream = TlsConnector::from(self.tls.clone()).connect(server, stream).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        let answer = sender.send_request(origin_form(request, &uri)?).await.map_err(io::Error::other)?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}

/// The request as it goes to the server itself: path and query, and the host in a header (RFC 9112 §3.2.1).
fn origin_form(request: Request<String>, uri: &Uri) -> io::Result<Request<Full<Bytes>>> {
    let (mut parts, body) = request.into_parts();
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    parts.headers.insert(http::header::HOST, authority.parse().map_err(io::Error::other)?);
    parts.uri = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).parse().map_err(io::Error::other)?;
    Ok(Request::from_parts(parts, Full::new(Bytes::from(body))))
}
