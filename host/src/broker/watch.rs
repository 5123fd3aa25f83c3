//! Notices the end of a process that is not a child of this one.

use std::io;
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};
use tokio::time::sleep;

/// How often a process is looked for where the system reports no ends.
const POLL: Duration = Duration::from_millis(200);

/// A process whose end is awaited.
#[derive(Debug)]
pub(super) enum Watched {
    /// The system reports the end on this descriptor, however it comes.
    Reported(reported::Descriptor),
    /// The process is looked for again and again.
    Polled(Pid),
}

impl Watched {
    /// Watches a process.
    ///
    /// The number of a process that has ended may belong to another one by now. The caller knows by
    /// other means that it was alive after this.
    ///
    /// # Errors
    ///
    /// When there is no such process.
    pub(super) fn open(pid: Pid) -> io::Result<Self> {
        match reported::open(pid) {
            Ok(descriptor) => Ok(Self::Reported(descriptor)),
            Err(error) if error == rustix::io::Errno::SRCH => Err(error.into()),
            // Old kernels, and sandboxes that forbid it.
            Err(_) if is_there(pid) => Ok(Self::Polled(pid)),
            Err(_) => Err(rustix::io::Errno::SRCH.into()),
        }
    }

    /// Whether it has ended already. Its parent may not have asked for its exit code yet.
    pub(super) fn has_ended(&self) -> bool {
        match self {
            Self::Reported(descriptor) => descriptor.is_readable(),
            Self::Polled(pid) => !is_there(*pid),
        }
    }

    /// Returns when the process has ended. Needs a runtime.
    pub(super) async fn ended(self) {
        if let Self::Reported(descriptor) = &self
            && descriptor.readable().await.is_ok()
        {
            return;
        }
        while !self.has_ended() {
            sleep(POLL).await;
        }
    }
}

/// Whether there is a process with this number. One of another user cannot be sent a signal.
fn is_there(pid: Pid) -> bool {
    test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
}

/// A descriptor that becomes readable when a process ends.
mod reported {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::sync::Arc;
    use std::thread;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::process::Pid;
    use tokio::sync::oneshot;

    #[derive(Debug)]
    pub(in crate::broker) struct Descriptor(Arc<OwnedFd>);

    impl Descriptor {
        /// Returns when the process has ended, or why that cannot be awaited.
        pub(super) async fn readable(&self) -> io::Result<()> {
            let (sender, ended) = oneshot::channel();
            let descriptor = Arc::clone(&self.0);
            let wait = move || {
                let mut polled = [PollFd::new(&*descriptor, PollFlags::IN)];
                while poll(&mut polled, None) == Err(Errno::INTR) {}
                sender.send(()).ok();
            };
            thread::Builder::new().name("watch".to_owned()).spawn(wait)?;
            ended.await.map_err(io::Error::other)
        }

        pub(super) fn is_readable(&self) -> bool {
            let mut polled = [PollFd::new(&*self.0, PollFlags::IN)];
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            poll(&mut polled, Some(&now)).is_ok() && polled[0].revents().contains(PollFlags::IN)
        }
    }

    /// A pidfd.
    #[cfg(target_os = "linux")]
    pub(super) fn open(pid: Pid) -> rustix::io::Result<Descriptor> {
        use rustix::process::{PidfdFlags, pidfd_open};

        pidfd_open(pid, PidfdFlags::empty()).map(|descriptor| Descriptor(Arc::new(descriptor)))
    }

    /// A queue of events, of which only this one is asked for.
    #[cfg(target_vendor = "apple")]
    #[expect(unsafe_code, reason = "the registration of an event may name a descriptor, and this one names none")]
    pub(super) fn open(pid: Pid) -> rustix::io::Result<Descriptor> {
        use std::ptr::null_mut;

        use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};

        let queue = kqueue()?;
        let filter = EventFilter::Proc { pid, flags: ProcessEvents::EXIT };
        let event = Event::new(filter, EventFlags::ADD | EventFlags::ONESHOT, null_mut());
        // SAFETY: the event names a process and no descriptor.
        unsafe { kevent(&queue, &[event], &mut [] as &mut [Event], None) }?;
        Ok(Descriptor(Arc::new(queue)))
    }

    #[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
    pub(super) fn open(_pid: Pid) -> rustix::io::Result<Descriptor> {
        Err(rustix::io::Errno::NOSYS)
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use tokio::time::timeout;

    use super::*;

    fn waiter() -> (Child, Pid) {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_child(&child);
        (child, pid)
    }

    /// Ends the process. It is not reaped, as a parent that has not looked yet.
    async fn is_noticed(watched: Watched, mut child: Child, reap: bool) {
        let mut ended = std::pin::pin!(watched.ended());
        assert!(timeout(2 * POLL, &mut ended).await.is_err(), "it still runs");
        child.kill().unwrap();
        if reap {
            child.wait().unwrap();
        }
        timeout(Duration::from_secs(10), ended).await.unwrap();
        child.wait().unwrap();
    }

    #[tokio::test]
    async fn the_end_of_a_process_is_noticed_before_anybody_reaps_it() {
        let (child, pid) = waiter();
        is_noticed(Watched::open(pid).unwrap(), child, false).await;
    }

    #[tokio::test]
    async fn where_the_system_reports_nothing_the_process_is_looked_for() {
        let (child, pid) = waiter();
        is_noticed(Watched::Polled(pid), child, true).await;
    }

    #[test]
    fn a_process_that_nobody_has_reaped_has_ended() {
        let (mut child, pid) = waiter();
        let watched = Watched::open(pid).unwrap();
        assert!(!watched.has_ended());
        child.kill().unwrap();
        let since = std::time::Instant::now();
        while !watched.has_ended() {
            assert!(since.elapsed() < Duration::from_secs(10), "it has not ended");
        }
        assert!(Watched::open(pid).unwrap().has_ended());
        child.wait().unwrap();
    }

    #[test]
    fn a_process_that_has_ended_cannot_be_watched() {
        let (mut child, pid) = waiter();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(Watched::open(pid).unwrap_err().raw_os_error(), Some(rustix::io::Errno::SRCH.raw_os_error()));
    }
}
