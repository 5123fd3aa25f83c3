//! Wakes the thread that watches a command: at a signal that asks this process to end, or when there
//! is nothing to watch any more.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// What woke the watching thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The time has passed.
    Late,
    /// A signal came. The exit code is what a shell reports for it.
    Signal(i32),
    /// There is nothing to watch any more.
    Stopped,
}

/// The end that wakes the thread.
#[derive(Debug)]
pub(crate) struct Waker {
    sender: system::Sender,
    signal: Arc<AtomicUsize>,
}

/// The end that waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    receiver: system::Receiver,
    signal: Arc<AtomicUsize>,
}

/// Both ends.
pub(crate) fn pair() -> io::Result<(Waker, Waiter)> {
    let (sender, receiver) = system::pair()?;
    let signal = Arc::new(AtomicUsize::new(0));
    Ok((Waker { sender, signal: Arc::clone(&signal) }, Waiter { receiver, signal }))
}

impl Waker {
    /// Wakes the thread at SIGTERM, SIGINT and SIGHUP from now on, instead of ending the process. A
    /// limit on the size of files no longer ends the process either, and is an error of the write
    /// instead.
    ///
    /// On Windows a cancelled job is ended without notice.
    pub(crate) fn wake_at_signals(&self) -> io::Result<()> {
        self.sender.at_signals(&self.signal)
    }

    /// Wakes the waiter for good.
    pub(crate) fn stop(&self) {
        self.sender.now();
    }
}

impl Waiter {
    /// Waits at most so long.
    pub(crate) fn sleep(&self, time: Duration) -> Woken {
        if !self.receiver.within(time) {
            return Woken::Late;
        }
        match self.signal.load(Relaxed) {
            0 => Woken::Stopped,
            signal => Woken::Signal(i32::try_from(signal).map_or(128, |signal| 128 + signal)),
        }
    }
}

#[cfg(unix)]
mod system {
    use std::io::{self, Write};
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize};
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::flag;
    use signal_hook::low_level::pipe;

    #[derive(Debug)]
    pub(super) struct Sender(UnixStream);

    #[derive(Debug)]
    pub(super) struct Receiver(UnixStream);

    pub(super) fn pair() -> io::Result<(Sender, Receiver)> {
        let (sender, receiver) = UnixStream::pair()?;
        Ok((Sender(sender), Receiver(receiver)))
    }

    impl Sender {
        pub(super) fn at_signals(&self, note: &Arc<AtomicUsize>) -> io::Result<()> {
            flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
            for signal in [SIGTERM, SIGINT, SIGHUP] {
                // In this order: the number of the signal is stored before the thread wakes.
                flag::register_usize(signal, Arc::clone(note), usize::try_from(signal).unwrap_or_default())?;
                pipe::register(signal, self.0.try_clone()?)?;
            }
            Ok(())
        }

        pub(super) fn now(&self) {
            (&self.0).write_all(&[0]).ok();
        }
    }

    impl Receiver {
        /// Whether it was woken within this time.
        pub(super) fn within(&self, time: Duration) -> bool {
            let since = Instant::now();
            loop {
                // None for a time that never passes.
                let left = Timespec::try_from(time.saturating_sub(since.elapsed())).ok();
                match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], left.as_ref()) {
                    Ok(0) => return false,
                    Ok(_) => return true,
                    // A signal was delivered to this thread.
                    Err(_) if since.elapsed() < time => {}
                    Err(_) => return false,
                }
            }
        }
    }
}

#[cfg(windows)]
mod system {
    use std::io;
    use std::sync::atomic::AtomicUsize;
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    #[derive(Debug)]
    pub(super) struct Sender(mpsc::Sender<()>);

    #[derive(Debug)]
    pub(super) struct Receiver(mpsc::Receiver<()>);

    pub(super) fn pair() -> io::Result<(Sender, Receiver)> {
        let (sender, receiver) = mpsc::channel();
        Ok((Sender(sender), Receiver(receiver)))
    }

    impl Sender {
        #[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
        pub(super) fn at_signals(&self, _note: &Arc<AtomicUsize>) -> io::Result<()> {
            let Self(_) = self;
            Ok(())
        }

        pub(super) fn now(&self) {
            self.0.send(()).ok();
        }
    }

    impl Receiver {
        /// Whether it was woken within this time.
        pub(super) fn within(&self, time: Duration) -> bool {
            self.0.recv_timeout(time) != Err(mpsc::RecvTimeoutError::Timeout)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_wake_the_time_passes() {
        let (_waker, waiter) = pair().unwrap();
        assert_eq!(waiter.sleep(Duration::from_millis(5)), Woken::Late);
    }

    #[test]
    fn a_stop_wakes_a_waiter_without_an_end() {
        let (waker, waiter) = pair().unwrap();
        let asleep = std::thread::spawn(move || waiter.sleep(Duration::MAX));
        waker.stop();
        assert_eq!(asleep.join().unwrap(), Woken::Stopped);
    }

    #[cfg(unix)]
    #[test]
    fn a_signal_wakes_the_waiter_with_the_exit_code_of_a_shell() {
        use rustix::process::{Signal, getpid, kill_process};
        let (waker, waiter) = pair().unwrap();
        waker.wake_at_signals().unwrap();
        kill_process(getpid(), Signal::HUP).unwrap();
        assert_eq!(waiter.sleep(Duration::from_secs(10)), Woken::Signal(129));
    }
}
