//! Ends the process when the component takes too long.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use azure_oidc_cli::Command;
use azure_oidc_core::{Category, Fault};

/// Time that the host adds to `--timeout`. The component keeps `--timeout` itself, and its error
/// says what it was waiting for.
const GRACE: Duration = Duration::from_secs(5);
/// Limit of the commands without `--timeout`.
const DEFAULT: Duration = Duration::from_secs(60);

/// How long the component may run for a command.
pub(crate) fn of_command(command: &Command) -> Duration {
    match command {
        Command::Exchange(args) => args.timeout.saturating_add(GRACE),
        _ => DEFAULT,
    }
}

/// Watches the clock while the component runs. Dropping it stops the watch.
#[derive(Debug)]
pub(crate) struct Watchdog {
    stopped: Arc<Mutex<bool>>,
    #[expect(dead_code, reason = "dropping it wakes the watching thread")]
    alive: mpsc::Sender<()>,
}

impl Watchdog {
    /// Calls `on_timeout` on another thread when `limit` has passed. `on_timeout` must end the
    /// process: nothing else stops a component that never returns.
    ///
    /// The component stays on the calling thread, because moving it to a new one costs a fifth of a
    /// whole exchange. If no thread can be started, only the component's own timeout applies.
    pub(crate) fn start(limit: Duration, on_timeout: impl FnOnce(Fault) + Send + 'static) -> Self {
        let (alive, dropped) = mpsc::channel::<()>();
        let stopped = Arc::new(Mutex::new(false));
        let is_stopped = Arc::clone(&stopped);
        let watch = move || {
            if dropped.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout) {
                // Locked until the process has ended, so that the main thread cannot publish
                // meanwhile.
                let is_stopped = is_stopped.lock().unwrap_or_else(PoisonError::into_inner);
                if !*is_stopped {
                    on_timeout(timed_out(limit));
                }
            }
        };
        thread::Builder::new().name("deadline".to_owned()).spawn(watch).ok();
        Self { stopped, alive }
    }
}

impl Drop for Watchdog {
    /// Does not return after the deadline: the other thread holds the lock and ends the process.
    fn drop(&mut self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

fn timed_out(limit: Duration) -> Fault {
    let message = format!("The component was stopped: it did not finish within {} s", limit.as_secs());
    Fault::new(Category::Network, "guest-deadline", message)
        .hint("see with `--timings` where the time went; `--timeout TIME` gives `exchange` more time")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A watchdog, and the codes that it reports.
    fn watchdog(limit: Duration) -> (Watchdog, mpsc::Receiver<&'static str>) {
        let (sender, codes) = mpsc::channel();
        let on_timeout = move |fault: Fault| sender.send(fault.code).unwrap();
        (Watchdog::start(limit, on_timeout), codes)
    }

    #[test]
    fn a_passed_deadline_is_reported_from_another_thread() {
        let (_watchdog, codes) = watchdog(Duration::from_millis(1));
        assert_eq!(codes.recv(), Ok("guest-deadline"));
    }

    #[test]
    fn a_stopped_watchdog_reports_nothing() {
        let (watchdog, codes) = watchdog(Duration::from_secs(60));
        drop(watchdog);
        assert!(codes.recv().is_err());
    }
}
