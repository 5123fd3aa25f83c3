//! Measures the phases and requests of one run for `--timings`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

/// A stopwatch for the phases of one run.
#[derive(Debug)]
pub(crate) struct Timings {
    start: Instant,
    records: Mutex<Records>,
}

#[derive(Debug)]
struct Records {
    /// Start of the current phase.
    since: Instant,
    phases: Vec<(&'static str, Duration)>,
    /// Time to build HTTP clients, which is part of the `guest` phase; none if none was built.
    client: Option<Duration>,
    /// Endpoint and duration of each request, connecting included.
    requests: Vec<(String, Duration)>,
}

impl Timings {
    /// Starts the stopwatch and its first phase.
    pub(crate) fn start() -> Self {
        let start = Instant::now();
        Self {
            start,
            records: Mutex::new(Records { since: start, phases: Vec::new(), client: None, requests: Vec::new() }),
        }
    }

    /// When this process began to run.
    pub(crate) fn started(&self) -> Instant {
        self.start
    }

    /// Ends the current phase under this name, and starts the next one.
    pub(crate) fn phase_done(&self, name: &'static str) {
        self.record(|records| {
            let now = Instant::now();
            records.phases.push((name, now - records.since));
            records.since = now;
        });
    }

    /// Records an HTTP client whose building began at `since`.
    pub(crate) fn client(&self, since: Instant) {
        self.record(|records| records.client = Some(records.client.unwrap_or_default() + since.elapsed()));
    }

    /// Records a request that began at `since`.
    pub(crate) fn request(&self, endpoint: String, since: Instant) {
        // Bounds the memory of a service, which sends requests for months.
        const MAX_REQUESTS: usize = 100;
        self.record(|records| {
            if records.requests.len() < MAX_REQUESTS {
                records.requests.push((endpoint, since.elapsed()));
            }
        });
    }

    /// Prints [`Self::line`] on standard error.
    pub(crate) fn print(&self) {
        eprint!("{}", self.line());
    }

    /// One line of JSON: times in microseconds, and the peak memory on Linux.
    pub(crate) fn line(&self) -> String {
        let mut line = Map::new();
        self.record(|records| {
            line.extend(records.phases.iter().map(|(name, time)| (format!("{name}_us"), micros(*time))));
            line.insert("http_client_us".into(), records.client.map_or(Value::Null, micros));
            let requests = records.requests.iter().map(|(host, time)| json!({ "host": host, "us": micros(*time) }));
            line.insert("requests".into(), requests.collect());
        });
        line.insert("total_us".into(), micros(self.start.elapsed()));
        line.insert("peak_memory_kib".into(), peak_memory().into());
        format!("{}\n", json!({ "timings": line }))
    }

    fn record(&self, change: impl FnOnce(&mut Records)) {
        change(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn micros(time: Duration) -> Value {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).into()
}

/// The peak resident memory of this process in KiB. Linux only.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
