//! Starts the emulator on a thread of its own, and stops it when its handle is dropped.

use std::io;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;
use rustls::ServerConfig;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::directory::Change;
use crate::injections::Injection;
use crate::log::Entry;
use crate::mint::{self, Order};
use crate::server::Sockets;
use crate::state::{Addresses, EmulatorState, Observer};
use crate::{platforms, tls};

/// The longest path, in bytes, that a Unix socket can have on every system.
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

    /// Writes files to this directory instead of a temporary one. It is created and kept.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Sets a function that is called for every request when its answer is known.
    #[must_use]
    pub fn observer(mut self, observer: impl Fn(&Entry) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Starts it. When this returns, it answers requests.
    ///
    /// # Errors
    ///
    /// When the configuration is contradictory, the port is taken, or a file cannot be written.
    pub fn run(self) -> Result<Running, Fault> {
        let Self { config, directory, observer } = self;
        let tls = tls::make(&config.hostnames)?;
        let listen_failed = |error: io::Error| {
            let why = match error.kind() {
                io::ErrorKind::AddrInUse => "another program has it".to_owned(),
                io::ErrorKind::AddrNotAvailable => "this machine does not have this address".to_owned(),
                _ => error.to_string(),
            };
            let fault =
                failed("listen-failed", format!("can't listen on {} port {}: {why}", config.listen, config.port));
            match error.kind() {
                io::ErrorKind::AddrInUse => fault.hint("leave `--port` out, or give `--port 0`"),
                io::ErrorKind::AddrNotAvailable => fault.hint("give an address of this machine to `--listen`"),
                _ => fault,
            }
        };
        let sockets = Sockets::bind(config.listen, config.port).map_err(listen_failed)?;
        let port = sockets.port().map_err(listen_failed)?;
        let plain_host = sockets.plain().map_err(listen_failed)?.to_string();
        let files = Files::new(directory)?;
        let addresses = Addresses {
            base: format!("https://{}:{port}", host(&config.hostnames)),
            plain_host,
            socket: cfg!(unix)
                .then(|| files.path().join("harness.sock"))
                .filter(|path| path.as_os_str().len() <= MAX_SOCKET_PATH),
        };
        let state = Arc::new(EmulatorState::new(&config, addresses, observer)?);
        let ca_file = files.path().join("ca.pem");
        std::fs::write(&ca_file, &tls.ca_pem)
            .map_err(|error| failed("file-unwritable", format!("`{}` can't be written: {error}", ca_file.display())))?;

        let (stop, stopped) = oneshot::channel();
        let thread = serve(sockets, tls.server, &state, stopped)
            .map_err(|error| failed("start-failed", format!("the server can't be started: {error}")))?;
        Ok(Running { state, ca_pem: tls.ca_pem, ca_file, _files: files, stop: Some(stop), thread: Some(thread) })
    }
}

/// A running emulator. It stops when this value is dropped.
pub struct Running {
    state: Arc<EmulatorState>,
    ca_pem: String,
    ca_file: PathBuf,
    _files: Files,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Its URL, which is also the authority host: `https://localhost:PORT`, without a trailing `/`.
    pub fn url(&self) -> &str {
        &self.state.addresses.base
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
        self.state.issuers.by_name(name).map(|issuer| issuer.url.as_str())
    }

    /// Creates an ID token.
    ///
    /// # Errors
    ///
    /// When the issuer or the key is not known.
    pub fn mint(&self, order: &Order) -> Result<String, Fault> {
        mint::mint(order, &self.state.issuers, &self.state.keys)
    }

    /// The logged requests, oldest first, without those to the control API.
    pub fn requests(&self) -> Vec<Entry> {
        self.state.log().entries()
    }

    /// Removes all requests from the log.
    pub fn clear_requests(&self) {
        self.state.log().clear();
    }

    /// Adds an injection, which makes requests fail.
    ///
    /// # Errors
    ///
    /// When it has a setting that its kind does not use.
    pub fn inject(&self, injection: Injection) -> Result<(), Fault> {
        self.state.injections().add(injection)
    }

    /// Removes all injections.
    pub fn clear_injections(&self) {
        self.state.injections().clear();
    }

    /// Replaces the credentials of an application.
    ///
    /// # Errors
    ///
    /// When there is no such application, or Entra would refuse to store one of the credentials.
    pub fn set_credentials(&self, change: &Change) -> Result<(), Fault> {
        self.state.directory().change(change, &self.state.issuers)
    }

    /// What `serve` prints when it is ready: URLs, files, tenants, applications.
    pub fn ready(&self) -> Value {
        let state = &self.state;
        let (mut issuers, mut jobs) = (Map::new(), Map::new());
        for issuer in state.issuers.iter() {
            issuers.insert(issuer.name.clone(), issuer.url.as_str().into());
            jobs.extend(platforms::environment(state, issuer).map(|variables| (issuer.name.clone(), json!(variables))));
        }
        let directory = state.directory();
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
            "issuers": issuers,
            "jobs": jobs,
            "tenants": tenants.collect::<Vec<_>>(),
        })
    }
}

/// Where Unix systems keep the certificates that they trust.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The variables by which programs find the certificates to trust.
const TRUST: [&str; 5] =
    ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"];

impl Running {
    /// The variables of a job of this issuer that signs in here: those of its platform, whom to sign
    /// in as, what to trust besides the system's certificates, and in `AZURE_OIDC_EMULATOR` the file
    /// with [`ready`](Self::ready).
    ///
    /// # Errors
    ///
    /// When there is no such issuer, its platform has no token endpoint, or a file is not writable.
    pub fn variables(&self, job: &str) -> Result<Vec<(String, String)>, Fault> {
        let state = &self.state;
        let own =
            state.issuers.by_name(job).and_then(|issuer| platforms::environment(state, issuer)).ok_or_else(|| {
                let has_job = |issuer: &&crate::issuers::Issuer| platforms::environment(state, issuer).is_some();
                let names: Vec<_> = state.issuers.iter().filter(has_job).map(|issuer| issuer.name.clone()).collect();
                failed("job-unknown", format!("there is no job `{job}`"))
                    .hint(format!("known jobs: {}", names.join(", ")))
            })?;
        let mut variables: Vec<_> = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut set = |name: &str, value: &str| variables.push((name.to_owned(), value.to_owned()));
        if let Some(tenant) = state.directory().iter().next() {
            for prefix in ["AZURE", "ARM"] {
                set(&format!("{prefix}_TENANT_ID"), &tenant.id);
                if let Some(application) = tenant.applications.first() {
                    set(&format!("{prefix}_CLIENT_ID"), &application.client_id);
                }
            }
            if let Some(name) = tenant.cloud.environments.first() {
                set("ARM_ENVIRONMENT", name);
            }
        }
        set("AZURE_AUTHORITY_HOST", self.url());
        set("AZURE_OIDC_REGISTRIES", self.url().trim_start_matches("https://"));
        let system = SYSTEM.iter().find_map(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let trusted = self.file("trusted.pem", &format!("{system}\n{}", self.ca_pem))?;
        for name in TRUST {
            set(name, &trusted);
        }
        let no_proxy = std::env::var("NO_PROXY").map(|old| format!("{old},")).unwrap_or_default();
        for name in ["NO_PROXY", "no_proxy"] {
            set(name, &format!("{no_proxy}localhost,127.0.0.1"));
        }
        set("AZURE_OIDC_EMULATOR", &self.file("ready.json", &format!("{}\n", self.ready()))?);
        variables.extend(self.results(job)?);
        Ok(variables)
    }

    /// The variables by which a job of this issuer's platform hands results to later steps, and that
    /// name a folder of its own: empty files and a folder beside the certificate.
    ///
    /// # Errors
    ///
    /// When one of them cannot be made.
    pub fn results(&self, job: &str) -> Result<Vec<(String, String)>, Fault> {
        let platform = self.state.issuers.by_name(job).map_or("", |issuer| issuer.shape.platform);
        let (files, folder): (&[&str], _) = match platform {
            "github" => (&["GITHUB_OUTPUT", "GITHUB_ENV"], "RUNNER_TEMP"),
            "azure-pipelines" => (&[], "AGENT_TEMPDIRECTORY"),
            "harness" => (&["HARNESS_OUTPUT_SECRET_FILE", "DRONE_OUTPUT"], "HARNESS_SCRATCH_DIR"),
            _ => (&[], "TMPDIR"),
        };
        let mut variables = Vec::new();
        for name in files {
            variables.push(((*name).to_owned(), self.file(&name.to_ascii_lowercase(), "")?));
        }
        let path = self.ca_file.with_file_name("temp");
        std::fs::create_dir_all(&path).map_err(|error| {
            failed("directory-unusable", format!("the directory `{}` can't be made: {error}", path.display()))
        })?;
        variables.push((folder.to_owned(), path.display().to_string()));
        Ok(variables)
    }

    /// What a person wants to know first.
    pub fn for_people(&self) -> String {
        let mut text = format!("azure-oidc-emulator {}\n\n", env!("CARGO_PKG_VERSION"));
        text += &format!("  authority    {}\n  trust        {}\n", self.url(), self.ca_file.display());
        for tenant in self.state.directory().iter() {
            text += &format!("  tenant       {} {}\n", tenant.id, tenant.domains.join(" "));
            for application in &tenant.applications {
                text += &format!("  application  {} {}\n", application.client_id, application.name);
            }
        }
        let names: Vec<_> = self.state.issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        text += &format!("  issuers      {}\n\nCtrl-C ends it. Requests:\n", names.join(", "));
        text
    }

    /// Writes a file beside the certificate, and returns its path.
    fn file(&self, name: &str, contents: &str) -> Result<String, Fault> {
        let path = self.ca_file.with_file_name(name);
        std::fs::write(&path, contents)
            .map_err(|error| failed("file-unwritable", format!("`{}` can't be written: {error}", path.display())))?;
        Ok(path.display().to_string())
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

/// The directory for files.
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

/// The host for URLs, in which an IPv6 address needs brackets.
fn host(hostnames: &[String]) -> String {
    let first = hostnames.first().map_or("localhost", String::as_str);
    match first.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => first.to_owned(),
    }
}

/// Serves on a new thread until `stopped`, when the runtime closes all connections.
fn serve(
    sockets: Sockets,
    tls: Arc<ServerConfig>,
    state: &Arc<EmulatorState>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let inside = runtime.enter();
    sockets.serve(&TlsAcceptor::from(tls), state)?;
    drop(inside);
    std::thread::Builder::new().name("azure-oidc-emulator".to_owned()).spawn(move || drop(runtime.block_on(stopped)))
}

fn failed(code: &'static str, message: String) -> Fault {
    Fault::new(Category::Usage, code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_has_brackets_in_urls() {
        for (name, expected) in [("localhost", "localhost"), ("::1", "[::1]"), ("127.0.0.1", "127.0.0.1")] {
            assert_eq!(host(&[name.to_owned()]), expected);
        }
    }

    #[test]
    fn a_kept_directory_is_usable_after_an_emulator_was_killed() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("harness.sock"), "").unwrap();
        let start = || Emulator::new(Config::default()).directory(directory.path()).run();
        assert!(start().is_ok());
        assert!(start().is_ok());
    }
}
