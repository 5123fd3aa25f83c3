//! How long each phase took, for `--timings`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

/// A stopwatch for the phases of one run.
#[derive(Debug)]
pub(crate) struct Timings {
    start: Instant,
    noted: Mutex<Noted>,
}

#[derive(Debug)]
struct Noted {
    /// When the phase that runs now began.
    since: Instant,
    phases: Vec<(&'static str, Duration)>,
    /// Building HTTP clients, which happens within the guest's time, if at all.
    client: Option<Duration>,
    /// Each request: where to and how long, the connection included.
    requests: Vec<(String, Duration)>,
}

impl Timings {
    /// Starts the stopwatch and its first phase.
    pub(crate) fn start() -> Self {
        let start = Instant::now();
        Self {
            start,
            noted: Mutex::new(Noted { since: start, phases: Vec::new(), client: None, requests: Vec::new() }),
        }
    }

    /// Ends the phase that runs now, and gives it its name.
    pub(crate) fn phase_done(&self, name: &'static str) {
        self.note(|noted| {
            let now = Instant::now();
            noted.phases.push((name, now - noted.since));
            noted.since = now;
        });
    }

    /// Notes how long it took to build an HTTP client.
    pub(crate) fn client(&self, since: Instant) {
        self.note(|noted| noted.client = Some(noted.client.unwrap_or_default() + since.elapsed()));
    }

    /// Notes one request.
    pub(crate) fn request(&self, host: String, since: Instant) {
        // A service sends requests without end, and prints no timings.
        const MOST: usize = 100;
        self.note(|noted| {
            if noted.requests.len() < MOST {
                noted.requests.push((host, since.elapsed()));
            }
        });
    }

    /// Prints everything in one line on standard error: microseconds, and the peak memory where the system tells it.
    pub(crate) fn print(&self) {
        let mut line = Map::new();
        self.note(|noted| {
            line.extend(noted.phases.iter().map(|(name, time)| (format!("{name}_us"), micros(*time))));
            line.insert("http_client_us".into(), noted.client.map_or(Value::Null, micros));
            let requests = noted.requests.iter().map(|(host, time)| json!({ "host": host, "us": micros(*time) }));
            line.insert("requests".into(), requests.collect());
        });
        line.insert("total_us".into(), micros(self.start.elapsed()));
        line.insert("peak_memory_kib".into(), peak_memory().into());
        eprintln!("{}", json!({ "timings": line }));
    }

    fn note(&self, change: impl FnOnce(&mut Noted)) {
        change(&mut self.noted.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn micros(time: Duration) -> Value {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).into()
}

/// The most memory that this process ever had in use, in KiB. Linux only.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}
