//! How long the component may take.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use azure_oidc_cli::Command;

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

/// Does the work on a thread of its own and waits for it, but no longer than this.
///
/// Work that is not done by then is left behind: the process is about to end, and takes it along. So the machine code of the
/// component needs no checks for the time, which would make up a sixth of it. Where no thread can be had, the work is not done
/// either.
pub(crate) fn within<T: Send + 'static>(time: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, waiting) = mpsc::channel();
    let worker = move || {
        // Whoever no longer waits has no use for it.
        done.send(work()).ok();
    };
    thread::Builder::new().name("component".to_owned()).spawn(worker).ok()?;
    waiting.recv_timeout(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_never_ends_is_not_waited_for() {
        let forever = || loop {
            thread::park();
        };
        assert_eq!(within::<()>(Duration::from_millis(1), forever), None);
    }

    #[test]
    fn work_that_is_done_in_time_gives_its_result() {
        assert_eq!(within(Duration::from_secs(60), || 7), Some(7));
    }
}
