//! A server with one repository over TLS: `git http-backend` behind a check of the header, under the
//! name of Azure Repos.

use std::io::{self, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use azure_oidc_tests::http::Message;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The repository's path in its URL.
pub(crate) const PATH: &str = "/contoso/web/_git/web";

/// A server that runs until the test ends.
pub(crate) struct Server {
    address: String,
    certificate: String,
    headers: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves a repository with one commit, made in this folder with this git.
    pub(crate) fn start(git: &Path, folder: &Path) -> Self {
        let root = folder.join("served");
        make(git, &root);
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec!["dev.azure.com".to_owned()])
            .and_then(|all| all.self_signed(&key))
            .expect("signed");
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
        let (tls, noted, git) = (Arc::new(tls), Arc::clone(&headers), git.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, noted, git, root) = (Arc::clone(&tls), Arc::clone(&noted), git.clone(), root.clone());
                thread::spawn(move || answer(stream, tls, &noted, &git, &root));
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

fn make(git: &Path, root: &Path) {
    let bare = root.join(PATH.trim_start_matches('/'));
    std::fs::create_dir_all(&bare).expect("a folder");
    let script = "\"$0\" init -q --bare && tree=$(\"$0\" mktree </dev/null) && commit=$(\"$0\" -c user.name=a -c user.email=a@b \
                  commit-tree -m first \"$tree\") && \"$0\" update-ref HEAD \"$commit\" && \"$0\" config http.receivepack true";
    let made = Command::new("/bin/sh")
        .args(["-euc", script])
        .arg(git)
        .current_dir(&bare)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", root)
        .output()
        .expect("there is a shell");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn answer(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    noted: &Mutex<Vec<String>>,
    git: &Path,
    root: &Path,
) -> io::Result<()> {
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    let Some(request) = Message::read(&mut reader)? else { return Ok(()) };
    let header = request.header("authorization").unwrap_or_default().to_owned();
    let is_signed_in = header.len() > 100;
    noted.lock().unwrap_or_else(PoisonError::into_inner).push(header);
    let mut stream = reader.into_inner();
    if !is_signed_in {
        stream.write_all(
            b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer authorization_uri=https://login.microsoftonline.com/x\r\n\
              WWW-Authenticate: Basic realm=\"https://dev.azure.com/\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        )?;
    } else {
        let (status, rest) = backend(&request, git, root)?;
        write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body_length(&rest))?;
        stream.write_all(&rest)?;
    }
    stream.conn.send_close_notify();
    stream.flush()
}

/// Runs `git http-backend` (RFC 3875) and returns the status, and the rest of the answer.
fn backend(request: &Message, git: &Path, root: &Path) -> io::Result<(String, Vec<u8>)> {
    let mut words = request.first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut child = Command::new(git)
        .arg("http-backend")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "ci")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", request.header("content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", request.header("content-encoding").unwrap_or_default())
        .env("GIT_PROTOCOL", request.header("git-protocol").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().expect("it is piped").write_all(&request.body)?;
    let output = child.wait_with_output()?.stdout;
    let text = String::from_utf8_lossy(&output);
    let status = text.strip_prefix("Status: ").and_then(|rest| rest.lines().next()).unwrap_or("200 OK");
    Ok((status.to_owned(), output))
}

fn body_length(answer: &[u8]) -> usize {
    answer.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| answer.len() - at - 4)
}
