//! A blocking HTTPS client that trusts one certificate only, for `mint` and for tests.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// The client. It follows no redirects, uses no proxy and keeps no connection open.
pub struct Client(reqwest::Client);

impl Client {
    /// Creates a client that trusts the certificate in this file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or contains no certificate.
    pub fn trusting(ca_file: &Path) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(ca_file).map_err(io::Error::other)?;
        roots.add(certificate).map_err(io::Error::other)?;
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // Each request has a runtime of its own, which a kept connection would not outlive.
            .pool_max_idle_per_host(0)
            .build()
            .map(Self)
            .map_err(with_causes)
    }

    /// Sends a request to an absolute https URL and waits for the whole response.
    ///
    /// # Errors
    ///
    /// When the connection, the TLS handshake or the transfer of the response fails.
    pub fn send(&self, request: Request<String>) -> io::Result<Response<Bytes>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let request = request.try_into().map_err(with_causes)?;
            let mut answer = self.0.execute(request).await.map_err(with_causes)?;
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = answer.status();
            *response.headers_mut() = std::mem::take(answer.headers_mut());
            *response.body_mut() = answer.bytes().await.map_err(with_causes)?;
            Ok(response)
        })
    }
}

/// `reqwest` leaves the cause, such as a refused connection, out of its own message.
fn with_causes(error: reqwest::Error) -> io::Error {
    let causes = std::iter::successors(Some(&error as &dyn Error), |error| (*error).source());
    io::Error::other(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}
