//! Starts the emulator on a thread of its own, and stops it when its handle is dropped.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::directory::Change;
use crate::faults::Rule;
use crate::log::Entry;
use crate::mint::{self, Order};
use crate::world::{Observer, Places, World};
use crate::{control, platforms, server, tls};

/// The longest path that a Unix socket can have everywhere, in bytes.
const MAX_SOCKET_PATH: usize = 100;

/// An emulator that has not started.
pub struct Emulator {
    config: Config,
    directory: Option<PathBuf>,
    observer: Option<Observer>,
}

impl Emulator {
    /// An emulator of this configuration.
    pub fn new(config: Config) -> Self {
        Self { config, directory: None, observer: None }
    }

    /// Starts an emulator with files in a temporary directory.
    ///
    /// # Errors
    ///
    /// As for [`Emulator::run`].
    pub fn start(config: Config) -> Result<Running, Fault> {
        Self::new(config).run()
    }

    /// Writes files to this directory, which is made if need be and stays, in place of a temporary one.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Calls this for every request when its answer is known.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(&Entry) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Starts it; when this returns, it answers.
    ///
    /// # Errors
    ///
    /// When the configuration can't be played, the port is taken, or a file can't be written.
    pub fn run(self) -> Result<Running, Fault> {
        let Self { config, directory, observer } = self;
        let tls = tls::make(&config.hostnames)?;
        let listeners = bind(config.listen, config.port).map_err(|error| {
            failed("listen-failed", format!("can't listen on {} port {}: {error}", config.listen, config.port))
        })?;
        let port = listeners[0].local_addr().map_or(config.port, |address| address.port());
        let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .map_err(|error| failed("listen-failed", format!("can't listen on 127.0.0.1: {error}")))?;
        let plain_port = plain.local_addr().map_or(0, |address| address.port());
        let files = Files::new(directory)?;
        let places = Places {
            base: format!("https://{}:{port}", host(&config.hostnames)),
            plain_host: format!("127.0.0.1:{plain_port}"),
            socket: cfg!(unix)
                .then(|| files.path().join("harness.sock"))
                .filter(|path| path.as_os_str().len() <= MAX_SOCKET_PATH),
        };
        let world = Arc::new(World::new(&config, places, observer)?);
        let ca_file = files.path().join("ca.pem");
        std::fs::write(&ca_file, &tls.ca_pem)
            .map_err(|error| failed("file-unwritable", format!("`{}` can't be written: {error}", ca_file.display())))?;

        let (stop, stopped) = oneshot::channel();
        let doors = Doors { tls: listeners, acceptor: TlsAcceptor::from(tls.server), plain };
        let thread = spawn(doors, world.clone(), stopped)
            .map_err(|error| failed("start-failed", format!("the server can't be started: {error}")))?;
        Ok(Running { world, ca_pem: tls.ca_pem, ca_file, _files: files, stop: Some(stop), thread: Some(thread) })
    }
}

/// An emulator that answers. Dropped, it stops.
pub struct Running {
    world: Arc<World>,
    ca_pem: String,
    ca_file: PathBuf,
    _files: Files,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Its URL, which is the authority host too: `https://localhost:PORT`, without a last `/`.
    pub fn url(&self) -> &str {
        &self.world.base
    }

    /// The file with the certificate that clients must trust.
    pub fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// The same certificate in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// `iss` of an issuer's tokens.
    pub fn issuer(&self, name: &str) -> Option<&str> {
        self.world.issuers.by_name(name).map(|issuer| issuer.url.as_str())
    }

    /// Makes an ID token.
    ///
    /// # Errors
    ///
    /// When the issuer or the key is not known.
    pub fn mint(&self, order: &Order) -> Result<String, Fault> {
        mint::mint(order, &self.world.issuers, &self.world.keys)
    }

    /// The requests so far, oldest first, without those to the control plane.
    pub fn requests(&self) -> Vec<Entry> {
        self.world.log().entries()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.world.log().clear();
    }

    /// Makes requests go wrong.
    ///
    /// # Errors
    ///
    /// When the rule has a setting that means nothing to its kind.
    pub fn add_fault(&self, rule: Rule) -> Result<(), Fault> {
        control::add_fault(&self.world, rule)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.world.faults().clear();
    }

    /// Replaces the credentials of an application.
    ///
    /// # Errors
    ///
    /// When there is no such application, or Entra would refuse to store one of the credentials.
    pub fn set_credentials(&self, change: &Change) -> Result<(), Fault> {
        self.world.directory().change(change, &self.world.issuers)
    }

    /// What `serve` prints when it is ready: URLs, files, tenants, applications.
    pub fn ready(&self) -> Value {
        let issuers = self.world.issuers.iter().map(|issuer| (issuer.name.clone(), Value::from(issuer.url.as_str())));
        let jobs = self
            .world
            .issuers
            .iter()
            .filter_map(|issuer| Some((issuer.name.clone(), platforms::environment(&self.world, issuer)?)));
        let directory = self.world.directory();
        let tenants = directory.iter().map(|tenant| {
            let applications = tenant.applications.iter().map(
                |application| json!({ "client_id": application.client_id, "name": application.name, "kind": application.kind }),
            );
            json!({ "id": tenant.id, "domains": tenant.domains, "applications": applications.collect::<Vec<_>>() })
        });
        json!({
            "url": self.url(),
            "ca_file": self.ca_file,
            "control": format!("{}/_emulator", self.url()),
            "issuers": issuers.collect::<serde_json::Map<_, _>>(),
            "jobs": jobs.collect::<serde_json::Map<_, _>>(),
            "tenants": tenants.collect::<Vec<_>>(),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Where the files go.
enum Files {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Files {
    fn new(directory: Option<PathBuf>) -> Result<Self, Fault> {
        let made = match &directory {
            Some(path) => std::fs::create_dir_all(path).map(|()| Self::Kept(path.clone())),
            None => tempfile::Builder::new().prefix("azure-oidc-emulator-").tempdir().map(Self::Temporary),
        };
        made.map_err(|error| failed("directory-unusable", format!("the directory for files can't be made: {error}")))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(directory) => directory.path(),
        }
    }
}

/// The host for URLs: an IPv6 address stands in brackets.
fn host(hostnames: &[String]) -> String {
    let first = hostnames.first().map_or("localhost", String::as_str);
    match first.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => first.to_owned(),
    }
}

/// Listens. `localhost` means two addresses to many clients, so with loopback of IPv4 goes that of IPv6, on the same port.
fn bind(listen: IpAddr, port: u16) -> io::Result<Vec<TcpListener>> {
    const ATTEMPTS: usize = 20;
    let mut taken = None;
    for _ in 0..ATTEMPTS {
        let first = TcpListener::bind(SocketAddr::new(listen, port))?;
        if listen != Ipv4Addr::LOCALHOST {
            return Ok(vec![first]);
        }
        match TcpListener::bind((Ipv6Addr::LOCALHOST, first.local_addr()?.port())) {
            Ok(second) => return Ok(vec![first, second]),
            // Somebody else has this port there, and would be sent our requests.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken = Some(error),
            Err(_) => return Ok(vec![first]),
        }
        if port != 0 {
            break;
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}

/// Everything that listens, but the Unix socket.
struct Doors {
    tls: Vec<TcpListener>,
    acceptor: TlsAcceptor,
    plain: TcpListener,
}

fn spawn(doors: Doors, world: Arc<World>, stopped: oneshot::Receiver<()>) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let inside = runtime.enter();
    for listener in doors.tls {
        tokio::spawn(server::accept_tls(asynchronous(listener)?, doors.acceptor.clone(), world.clone()));
    }
    tokio::spawn(server::accept_plain(asynchronous(doors.plain)?, world.clone()));
    #[cfg(unix)]
    if let Some(socket) = &world.socket {
        // One that a killed emulator left in a kept directory.
        let _ = std::fs::remove_file(socket);
        tokio::spawn(server::accept_socket(tokio::net::UnixListener::bind(socket)?, world.clone()));
    }
    drop(inside);
    std::thread::Builder::new().name("azure-oidc-emulator".to_owned()).spawn(move || {
        // Ends when the handle is dropped; the runtime takes the connections with it.
        let _ = runtime.block_on(stopped);
    })
}

fn asynchronous(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

fn failed(code: &'static str, message: String) -> Fault {
    Fault::new(Category::Usage, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_stands_in_brackets_in_urls() {
        for (name, expected) in [("localhost", "localhost"), ("::1", "[::1]"), ("127.0.0.1", "127.0.0.1")] {
            assert_eq!(host(&[name.to_owned()]), expected);
        }
    }

    #[test]
    fn loopback_means_both_families_on_one_port() {
        let listeners = bind(Ipv4Addr::LOCALHOST.into(), 0).unwrap();
        let mut ports: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        ports.dedup();
        assert_eq!(ports.len(), 1);
    }

    #[test]
    fn a_kept_directory_serves_again_after_an_emulator_that_was_killed() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("harness.sock"), "").unwrap();
        let start = || Emulator::new(Config::default()).directory(directory.path()).run();
        assert!(start().is_ok());
        assert!(start().is_ok());
    }
}
