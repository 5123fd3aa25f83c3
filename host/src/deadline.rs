//! How long the component may take.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use azure_oidc_cli::Command;
use azure_oidc_core::{Category, Fault};

/// The component keeps `--timeout` by itself and says what it was waiting for; this much later the host ends it.
const GRACE: Duration = Duration::from_secs(5);
/// For commands that have no timeout of their own.
const USUAL: Duration = Duration::from_secs(60);

/// The time for a command, from start to end.
pub(crate) fn of(command: &Command) -> Duration {
    match command {
        Command::Exchange(args) => args.timeout.saturating_add(GRACE),
        _ => USUAL,
    }
}

/// Watches the clock while the component runs. Dropping it ends the watch.
#[derive(Debug)]
pub(crate) struct Watch {
    is_over: Arc<Mutex<bool>>,
    #[expect(dead_code, reason = "the watching thread wakes up when it is dropped")]
    alive: mpsc::Sender<()>,
}

/// Calls `late` from another thread when the time is over, unless the watch has ended before. `late` ends the process: nothing else
/// can end a component that computes forever, whose machine code would be a sixth larger with checks for the time in it.
///
/// The component stays on the thread that has read the arguments. To hand it to a new one and wait takes a fifth of the time of a
/// whole exchange. Where no thread can be had for the watch, the component's own timeout must do.
pub(crate) fn watch(time: Duration, late: impl FnOnce(Fault) + Send + 'static) -> Watch {
    let (alive, ended) = mpsc::channel::<()>();
    let is_over = Arc::new(Mutex::new(false));
    let over = Arc::clone(&is_over);
    let watching = move || {
        if ended.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout) {
            // Held until the process has ended, so that nobody publishes meanwhile.
            let over = over.lock().unwrap_or_else(PoisonError::into_inner);
            if !*over {
                late(fault(time));
            }
        }
    };
    thread::Builder::new().name("deadline".to_owned()).spawn(watching).ok();
    Watch { is_over, alive }
}

impl Drop for Watch {
    /// When it is too late, this does not return: the process is ending.
    fn drop(&mut self) {
        *self.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }
}

fn fault(time: Duration) -> Fault {
    Fault::new(
        Category::Network,
        "guest-deadline",
        format!("The component was ended: it was not done within {} s", time.as_secs()),
    )
    .hint("`--timings` shows where the time went; `--timeout TIME` gives `exchange` more of it")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A watch, and what it says when it is too late.
    fn watched(time: Duration) -> (Watch, mpsc::Receiver<&'static str>) {
        let (said, heard) = mpsc::channel();
        let late = move |fault: Fault| said.send(fault.code).unwrap();
        (watch(time, late), heard)
    }

    #[test]
    fn when_the_time_is_over_somebody_else_says_so() {
        let (_watch, heard) = watched(Duration::from_millis(1));
        assert_eq!(heard.recv(), Ok("guest-deadline"));
    }

    #[test]
    fn nobody_says_so_when_the_watch_has_ended() {
        let (watch, heard) = watched(Duration::from_secs(60));
        drop(watch);
        assert!(heard.recv().is_err());
    }
}
