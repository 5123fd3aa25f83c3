//! Test helpers: a certificate authority, and servers on loopback that answer one request.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A new certificate authority, which nothing trusts yet.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        // Two authorities with the same name would count as one with two keys.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("authority {}", COUNT.fetch_add(1, Relaxed)));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A new certificate for a name, and its key.
    pub(crate) fn certificate(&self, name: &str) -> (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>) {
        self.certificate_of_years(name, 1975, 4096)
    }

    /// A certificate that is valid from the first of these years to the last.
    fn certificate_of_years(
        &self,
        name: &str,
        from: i32,
        to: i32,
    ) -> (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()))
    }

    /// The TLS configuration of a server with a certificate for a name.
    pub(crate) fn server_config(&self, name: &str) -> Arc<ServerConfig> {
        self.server_config_of_years(name, 1975, 4096)
    }

    /// The same, with a certificate that is valid from the first of these years to the last.
    pub(crate) fn server_config_of_years(&self, name: &str, from: i32, to: i32) -> Arc<ServerConfig> {
        let (certificate, key) = self.certificate_of_years(name, from, to);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key.into()).unwrap())
    }
}

/// Answers one request over plain HTTP with these bytes. Returns the port, and the thread that
/// returns the request.
pub(crate) fn respond(response: &'static [u8], then: After) -> (u16, thread::JoinHandle<String>) {
    serve(move |stream| handle(stream, response, then))
}

/// Answers one request over TLS, and returns the port.
pub(crate) fn respond_over_tls(config: Arc<ServerConfig>, response: &'static [u8]) -> u16 {
    let (port, _) = serve(move |stream| {
        let stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        handle(stream, response, After::Close)
    });
    port
}

/// What a server does after its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Close,
    /// Waits until the client closes the connection.
    Wait,
}

fn serve(with: impl FnOnce(TcpStream) -> String + Send + 'static) -> (u16, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, thread::spawn(move || with(listener.accept().unwrap().0)))
}

/// Reads a request, sends the response, and returns the request; empty if the client closed the
/// connection early.
fn handle(mut stream: impl Read + Write, response: &[u8], then: After) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_complete(&request) {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
            _ => return String::new(),
        }
    }
    let _ = stream.write_all(response).and_then(|()| stream.flush());
    while then == After::Wait && stream.read(&mut buffer).is_ok_and(|length| length > 0) {}
    String::from_utf8_lossy(&request).into_owned()
}

fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
    body.len() >= length
}
