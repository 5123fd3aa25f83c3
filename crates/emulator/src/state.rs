//! The state of a running emulator, which all requests share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Extension;
use axum::extract::FromRequestParts;
use axum::extract::rejection::ExtensionRejection;
use azure_oidc_core::Fault;
use http::request::Parts;

use crate::config::{Config, Registry};
use crate::directory::Directory;
use crate::guid;
use crate::injections::Injections;
use crate::issuers::Issuers;
use crate::keys::Keys;
use crate::log::{Entry, Log};
use crate::received::Received;

/// Is called for every request when its answer is known.
pub(crate) type Observer = Box<dyn Fn(&Entry) + Send + Sync>;

/// The emulated tenants and issuers, the injections, and the log.
pub(crate) struct EmulatorState {
    pub(crate) addresses: Addresses,
    /// By how many seconds clocks may differ.
    pub(crate) skew: i64,
    /// The secrets of jobs are derived from it.
    pub(crate) secret: String,
    pub(crate) keys: Keys,
    pub(crate) issuers: Issuers,
    registries: Vec<Registry>,
    directory: Mutex<Directory>,
    injections: Mutex<Injections>,
    log: Mutex<Log>,
    observer: Option<Observer>,
}

/// Where clients reach the emulator.
pub(crate) struct Addresses {
    /// The https URL, without a trailing `/`.
    pub(crate) base: String,
    /// Host and port for plain HTTP, which jobs on some platforms use.
    pub(crate) plain_host: String,
    /// The Unix socket that jobs on Harness use, if the system has such sockets.
    pub(crate) socket: Option<PathBuf>,
}

impl EmulatorState {
    /// Creates the state that a configuration describes.
    pub(crate) fn new(config: &Config, addresses: Addresses, observer: Option<Observer>) -> Result<Self, Fault> {
        let keys = Keys::load()?;
        let issuers = Issuers::new(&config.issuers, &addresses.base, &keys)?;
        let directory = Directory::new(&config.tenants, &issuers)?;
        let mut injections = Injections::default();
        config.injections.iter().try_for_each(|injection| injections.add(injection.clone()))?;
        Ok(Self {
            addresses,
            secret: guid::random(),
            skew: config.clock_skew_seconds,
            keys,
            issuers,
            registries: config.registries.clone(),
            directory: Mutex::new(directory),
            injections: Mutex::new(injections),
            log: Mutex::default(),
            observer,
        })
    }

    /// The tenants and their applications.
    pub(crate) fn directory(&self) -> MutexGuard<'_, Directory> {
        lock(&self.directory)
    }

    /// The id of the tenant that a registry belongs to.
    pub(crate) fn registry_tenant(&self, host: &str) -> Option<String> {
        let named = self.registries.iter().find(|registry| registry.host.eq_ignore_ascii_case(host));
        named.map(|registry| registry.tenant.clone()).or_else(|| Some(self.directory().iter().next()?.id.clone()))
    }

    /// The active injections.
    pub(crate) fn injections(&self) -> MutexGuard<'_, Injections> {
        lock(&self.injections)
    }

    /// The request log.
    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    /// Adds a request to the log and calls the observer.
    pub(crate) fn record(&self, entry: Entry) {
        let entry = self.log().add(entry);
        if let Some(observer) = &self.observer {
            observer(&entry);
        }
    }
}

/// Every change is one assignment, so the data is consistent after a panic in another thread.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request and the state, for the handlers of Entra and of the CI platforms.
pub(crate) struct Call {
    pub(crate) state: Arc<EmulatorState>,
    pub(crate) request: Arc<Received>,
}

impl Call {
    /// The https URL with the host name that the client used.
    pub(crate) fn base(&self) -> String {
        match self.request.header("host") {
            Some(host) if host.parse::<http::uri::Authority>().is_ok() => format!("https://{host}"),
            _ => self.state.addresses.base.clone(),
        }
    }
}

impl FromRequestParts<Arc<EmulatorState>> for Call {
    /// Never happens: the layer in `inject` is around every handler that takes a `Call`.
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<EmulatorState>) -> Result<Self, Self::Rejection> {
        let Extension(request) = Extension::from_request_parts(parts, state).await?;
        Ok(Self { state: state.clone(), request })
    }
}
