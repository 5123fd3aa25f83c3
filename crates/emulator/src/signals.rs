//! The signals that ask this process to end.

use std::io;
use std::task::Poll;

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;
use tokio::runtime::{Builder, Runtime};

/// A stream of them, from its creation on: none is lost between two waits.
pub(crate) struct Signals(Vec<(i32, system::Stream)>);

impl Signals {
    /// Catches them from now on, so before anything exists that this process must remove at its end.
    /// The runtime is for waiting.
    pub(crate) fn catch() -> Result<(Runtime, Self), Fault> {
        let caught = Builder::new_current_thread().enable_all().build().and_then(|runtime| {
            let inside = runtime.enter();
            let streams = system::streams()?;
            drop(inside);
            Ok((runtime, Self(streams)))
        });
        let failed = |error: io::Error| format!("signals can't be caught: {error}");
        caught.map_err(|error| Fault::new(Category::Usage, "failed", failed(error)))
    }

    /// Waits for the next one, and returns its number.
    pub(crate) async fn next(&mut self) -> i32 {
        std::future::poll_fn(|context| {
            let came = self.0.iter_mut().find_map(|(number, stream)| match stream.poll_recv(context) {
                Poll::Ready(Some(())) => Some(*number),
                Poll::Ready(None) | Poll::Pending => None,
            });
            came.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

#[cfg(unix)]
mod system {
    use std::io;

    use rustix::process::Signal;
    pub(super) use tokio::signal::unix::Signal as Stream;
    use tokio::signal::unix::{SignalKind, signal};

    /// One for each signal that this process does not ignore.
    pub(super) fn streams() -> io::Result<Vec<(i32, Stream)>> {
        let ignored = ignored();
        let wanted = [Signal::HUP, Signal::INT, Signal::TERM].map(Signal::as_raw);
        let wanted = wanted.into_iter().filter(|number| ignored >> (number - 1) & 1 == 0);
        wanted.map(|number| Ok((number, signal(SignalKind::from_raw(number))?))).collect()
    }

    /// The mask of the signals that this process was started to ignore, as `nohup` does: where the
    /// system shows it.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
    }
}

#[cfg(not(unix))]
mod system {
    use std::io;

    pub(super) use tokio::signal::windows::CtrlC as Stream;

    /// Ctrl-C.
    pub(super) fn streams() -> io::Result<Vec<(i32, Stream)>> {
        Ok(vec![(2, tokio::signal::windows::ctrl_c()?)])
    }
}
