//! An HTTPS server for a test, with a certificate of its own.

use std::io::{self, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use azure_oidc_tests::http::Message;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server that runs until the test ends, and answers each connection once.
pub(crate) struct HttpsServer {
    address: String,
    certificate: String,
    headers: Arc<Mutex<Vec<String>>>,
}

impl HttpsServer {
    /// A server under this name. `answer` returns a whole answer, with its status line.
    pub(crate) fn start(name: &str, answer: impl Fn(&Message) -> io::Result<Vec<u8>> + Send + Sync + 'static) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec![name.to_owned()]).and_then(|all| all.self_signed(&key));
        let certificate = certificate.expect("signed");
        let private = PrivatePkcs8KeyDer::from(key.serialize_der());
        let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("usual versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private.into())
            .expect("key and certificate fit");
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let headers = Arc::<Mutex<Vec<String>>>::default();
        let (tls, noted, answer) = (Arc::new(tls), Arc::clone(&headers), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, noted, answer) = (Arc::clone(&tls), Arc::clone(&noted), Arc::clone(&answer));
                thread::spawn(move || serve(stream, tls, &noted, &*answer));
            }
        });
        Self { address, certificate: certificate.pem(), headers }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate that clients must trust.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The values of `Authorization` so far; empty where a request had none.
    pub(crate) fn headers(&self) -> Vec<String> {
        std::mem::take(&mut self.headers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    noted: &Mutex<Vec<String>>,
    answer: &dyn Fn(&Message) -> io::Result<Vec<u8>>,
) -> io::Result<()> {
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    let Some(request) = Message::read(&mut reader)? else { return Ok(()) };
    let header = request.header("authorization").unwrap_or_default().to_owned();
    noted.lock().unwrap_or_else(PoisonError::into_inner).push(header);
    let mut stream = reader.into_inner();
    stream.write_all(&answer(&request)?)?;
    stream.conn.send_close_notify();
    stream.flush()
}
