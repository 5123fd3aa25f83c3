//! What several tests need: a certificate authority, and servers on loopback that answer once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate authority that nobody knows yet.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        // Two of the same name would be two keys of one authority.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("authority {}", COUNT.fetch_add(1, Relaxed)));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for one name, and its key.
    pub(crate) fn certificate(&self, name: &str) -> (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()))
    }

    /// A server with a certificate for one name.
    pub(crate) fn server(&self, name: &str) -> Arc<ServerConfig> {
        let (certificate, key) = self.certificate(name);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key.into()).unwrap())
    }
}

/// Answers one request in the clear with these bytes, and gives the port. What the client sent comes back from the thread.
pub(crate) fn answering(answer: &'static [u8], then: Then) -> (u16, thread::JoinHandle<String>) {
    serve(move |stream| converse(stream, answer, then))
}

/// Answers one request over TLS.
pub(crate) fn answering_over_tls(config: Arc<ServerConfig>, answer: &'static [u8]) -> u16 {
    let (port, _) = serve(move |stream| {
        converse(StreamOwned::new(ServerConnection::new(config).unwrap(), stream), answer, Then::Close)
    });
    port
}

/// What a server does after its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    /// Waits until the client has had enough.
    Wait,
}

fn serve(with: impl FnOnce(TcpStream) -> String + Send + 'static) -> (u16, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, thread::spawn(move || with(listener.accept().unwrap().0)))
}

/// A client that hangs up in the middle is no failure of the server's.
fn converse(mut stream: impl Read + Write, answer: &[u8], then: Then) -> String {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => request.extend_from_slice(&buffer[..length]),
            _ => return String::new(),
        }
    }
    let _ = stream.write_all(answer).and_then(|()| stream.flush());
    while then == Then::Wait && stream.read(&mut buffer).is_ok_and(|length| length > 0) {}
    String::from_utf8_lossy(&request).into_owned()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |text| text.parse().unwrap());
    body.len() >= length
}
