//! Ends the process in an orderly way when the job is cancelled.

use std::sync::mpsc;
use std::thread;

/// A thread that waits for signals, as soon as it does.
#[derive(Debug)]
pub(crate) struct Watching(mpsc::Receiver<()>);

impl Watching {
    /// Waits until signals are received, or until it is clear that they are not.
    pub(crate) fn wait(&self) {
        self.0.recv().ok();
    }
}

/// Calls `clean_up` on another thread when a signal asks this process to end, with the exit code that
/// a shell reports for it. `clean_up` must end the process. A limit on the size of files no longer
/// ends the process, and is an error of the write instead.
///
/// Where no thread can be started, a signal ends the process at once.
pub(crate) fn watch(clean_up: impl FnOnce(i32) + Send + 'static) -> Watching {
    let (ready, is_ready) = mpsc::channel();
    let watch = move || {
        if let Ok(Some(code)) = signal(&ready) {
            clean_up(code);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(watch).ok();
    Watching(is_ready)
}

/// Waits for a signal, and returns the exit code for it.
#[cfg(unix)]
fn signal(ready: &mpsc::Sender<()>) -> std::io::Result<Option<i32>> {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// The size limit of files (`ulimit -f`), on every system that this program is for.
    const SIGXFSZ: i32 = 25;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let _limit = signal(SignalKind::from_raw(SIGXFSZ))?;
        let (terminate, interrupt, hang_up) = (SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup());
        let mut signals = (signal(terminate)?, signal(interrupt)?, signal(hang_up)?);
        ready.send(()).ok();
        let kind = tokio::select! {
            _ = Signal::recv(&mut signals.0) => terminate,
            _ = Signal::recv(&mut signals.1) => interrupt,
            _ = Signal::recv(&mut signals.2) => hang_up,
        };
        Ok(Some(128 + kind.as_raw_value()))
    })
}

/// On Windows a cancelled job is ended without notice.
#[cfg(windows)]
fn signal(_ready: &mpsc::Sender<()>) -> std::io::Result<Option<i32>> {
    Ok(None)
}
