//! The ports of the core over WASI 0.2.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use azure_oidc_core::ports::{Clock, Env, Ports, Random};

use crate::bindings::wasi::cli::environment::get_environment;
use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};

mod http;
pub mod streams;

/// Everything the host gives.
pub struct Wasi {
    variables: Vec<(String, String)>,
    drawn: Cell<u64>,
}

impl Wasi {
    /// Takes the environment as it is now.
    pub fn new() -> Self {
        Self { variables: get_environment(), drawn: Cell::new(0) }
    }

    /// All ports, as the commands use them.
    pub fn ports(&self) -> Ports<'_> {
        Ports { env: self, clock: self, random: self, http: self }
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
    /// Std seeds its hashers from the host's `insecure-seed`, which is random enough for request ids and jitter, and keeps
    /// `wasi:random/random` out of the import list.
    fn number(&self) -> u64 {
        self.drawn.set(self.drawn.get() + 1);
        RandomState::new().hash_one((self.drawn.get(), monotonic_clock::now()))
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
