//! Implements the core's ports with WASI 0.2.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use ::wasi::cli::environment::get_environment;
use ::wasi::clocks::{monotonic_clock, wall_clock};
use azure_oidc_core::ports::{Clock, Env, Ports, Random};
use azure_oidc_core::secret::KnownSecrets;

mod http;
pub mod streams;

/// All ports. The environment is read once, when this is made.
pub struct Wasi {
    variables: Vec<(String, String)>,
    drawn: Cell<u64>,
    secrets: KnownSecrets,
}

impl Wasi {
    /// Reads the environment.
    pub fn new() -> Self {
        Self { variables: get_environment(), drawn: Cell::new(0), secrets: KnownSecrets::default() }
    }

    /// The secrets of this run.
    pub fn secrets(&self) -> &KnownSecrets {
        &self.secrets
    }

    /// The ports, in the form that the commands and the service take.
    pub fn ports(&self) -> Ports<'_> {
        Ports { env: self, clock: self, random: self, http: self, secrets: &self.secrets }
    }
}

impl Env for Wasi {
    fn var(&self, name: &str) -> Option<String> {
        self.variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    }

    fn all(&self) -> Vec<(String, String)> {
        self.variables.clone()
    }
}

impl Clock for Wasi {
    fn now(&self) -> i64 {
        i64::try_from(wall_clock::now().seconds).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn sleep(&self, time: Duration) {
        monotonic_clock::subscribe_duration(nanoseconds(time)).block();
    }
}

impl Random for Wasi {
    /// A hash with the seed that Rust's standard library reads from the host's `insecure-seed`. It
    /// is used for request ids and jitter only, and avoids an import of `wasi:random/random`.
    fn number(&self) -> u64 {
        self.drawn.set(self.drawn.get() + 1);
        RandomState::new().hash_one((self.drawn.get(), monotonic_clock::now()))
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
