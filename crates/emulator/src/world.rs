//! Everything that answers depend on, shared by all connections.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use azure_oidc_core::Fault;

use crate::config::Config;
use crate::directory::Directory;
use crate::faults::Faults;
use crate::issuers::Issuers;
use crate::keys::Keys;
use crate::log::{Entry, Log};
use crate::server::Incoming;

/// Hears of every request when its answer is known.
pub(crate) type Observer = Box<dyn Fn(&Entry) + Send + Sync>;

/// What is played, and what has happened so far.
pub(crate) struct World {
    /// The URL of the emulator, without a last `/`.
    pub(crate) base: String,
    /// Host and port of plain HTTP, for the jobs of some platforms.
    pub(crate) plain_host: String,
    /// The Unix socket for the same, where there are any.
    pub(crate) socket: Option<PathBuf>,
    /// By how many seconds clocks may differ.
    pub(crate) skew: i64,
    /// What the secrets of jobs are made from.
    pub(crate) secret: String,
    pub(crate) keys: Keys,
    pub(crate) issuers: Issuers,
    directory: Mutex<Directory>,
    faults: Mutex<Faults>,
    log: Mutex<Log>,
    observer: Option<Observer>,
}

/// Where the emulator is reached.
pub(crate) struct Places {
    pub(crate) base: String,
    pub(crate) plain_host: String,
    pub(crate) socket: Option<PathBuf>,
}

impl World {
    /// The world of a configuration, at these places.
    pub(crate) fn new(config: &Config, places: Places, observer: Option<Observer>) -> Result<Self, Fault> {
        let Places { base, plain_host, socket } = places;
        let keys = Keys::load()?;
        let issuers = Issuers::new(&config.issuers, &base, &keys)?;
        let directory = Directory::new(&config.tenants, &issuers)?;
        let mut faults = Faults::default();
        config.faults.iter().for_each(|rule| faults.add(rule.clone()));
        Ok(Self {
            base,
            plain_host,
            socket,
            secret: keys.guid(),
            skew: config.clock_skew_seconds,
            keys,
            issuers,
            directory: Mutex::new(directory),
            faults: Mutex::new(faults),
            log: Mutex::default(),
            observer,
        })
    }

    /// The tenants and their applications.
    pub(crate) fn directory(&self) -> MutexGuard<'_, Directory> {
        lock(&self.directory)
    }

    /// The faults in force.
    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// The request log.
    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    /// Adds a request to the log and tells the observer.
    pub(crate) fn record(&self, entry: Entry) {
        let entry = self.log().add(entry);
        if let Some(observer) = &self.observer {
            observer(&entry);
        }
    }

    /// The URL of the emulator under the name that the client used for it.
    pub(crate) fn base_for(&self, incoming: &Incoming) -> String {
        match incoming.header("host") {
            Some(host) if host.parse::<http::uri::Authority>().is_ok() => format!("https://{host}"),
            _ => self.base.clone(),
        }
    }
}

/// A panic in another thread leaves every one of these in order: each change is one assignment.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
