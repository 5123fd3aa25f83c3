//! Ends the process when a command takes too long or the job is cancelled, whatever it waits for.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_cli::{Cli, WITHOUT_OPTION};
use azure_oidc_core::{Category, Fault};

use crate::exhausted;
use crate::waker::{self, Waker, Woken};

/// Time that the host adds to `--timeout`. The component keeps `--timeout` itself, and its error
/// says more.
const GRACE: Duration = Duration::from_millis(250);

/// How long a command may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    time: Duration,
    /// Whether `--timeout` sets it.
    is_option: bool,
}

impl Limit {
    /// The limit of commands without `--timeout`.
    pub(crate) const DEFAULT: Self = Self { time: WITHOUT_OPTION, is_option: false };

    /// The limit of a command.
    pub(crate) fn of(cli: &Cli) -> Self {
        let (time, is_option) = cli.command.time_limit();
        Self { time, is_option }
    }
}

/// What a command is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It reads the command line and the environment.
    Start,
    /// It reads standard input.
    StandardInput,
    /// It reads a file, which may be a pipe or a device.
    File { name: String, kind: &'static str },
    /// It waits for a program of the CI system.
    Program(String),
    /// The component runs, and waits for its requests.
    Component,
    /// It waits for another `login` or `logout` of the job.
    OtherLogin,
    /// It writes the results to files.
    Publishing,
    /// It prints.
    Printing,
}

impl Phase {
    /// The end of a sentence about a command, and what to do.
    fn words(&self) -> (String, &'static str) {
        let waits = |what: &str| what.to_owned();
        match self {
            Self::Start => (waits("it was starting"), "try again; the machine may be overloaded"),
            Self::StandardInput => (
                waits("standard input did not end"),
                "close standard input, or name a file; `< /dev/null` gives an empty one",
            ),
            Self::File { name, kind } => (
                format!("the end of {name}, which is {kind}, was not reached"),
                "name a regular file, or make sure that a program writes to the pipe and closes it",
            ),
            Self::Program(name) => {
                (format!("the program `{name}` did not end"), "run it by itself to see what it waits for")
            }
            Self::Component => {
                (waits("the component and its requests did not end"), "see with `--timings` where the time went")
            }
            Self::OtherLogin => (
                waits("another `azure-oidc login` or `logout` of this job did not end"),
                "try again when it has ended, or end it",
            ),
            Self::Publishing => (
                waits("the files of the results could not be written"),
                "look for a program that locks them, or a network disk that does not answer",
            ),
            Self::Printing => {
                (waits("nobody reads the output"), "let a program read it to its end, or redirect it to a file")
            }
        }
    }
}

/// The moment by which everything must have ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// A moment that never comes.
    #[cfg(test)]
    pub(crate) const NEVER: Self = Self(None);

    /// A moment so long after another one.
    pub(crate) fn after(since: Instant, time: Duration) -> Self {
        Self(since.checked_add(time))
    }

    /// The time that is left.
    pub(crate) fn left(self) -> Duration {
        self.0.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }
}

/// Why a command has to end early.
#[derive(Debug)]
pub(crate) enum Early {
    /// Its time is over. It was doing this.
    Late(Phase, Fault),
    /// A signal asks it to end with this exit code.
    Signal(i32),
}

/// Watches the clock, and signals if asked to, while a command runs. Dropping it stops the watch.
#[derive(Debug)]
pub(crate) struct Watchdog {
    limit: Limit,
    deadline: Deadline,
    phase: Arc<Mutex<Phase>>,
    stopped: Arc<Mutex<bool>>,
    waker: Waker,
}

impl Watchdog {
    /// Calls `end` on another thread when the limit has passed since that moment, or at a signal.
    /// `end` must end the process, and wait for nothing that the command may hold: nothing else stops
    /// a blocked write or a component that never returns.
    ///
    /// The command stays on the calling thread, because moving it to a new one costs a fifth of a
    /// whole exchange. One thread watches everything, because each costs a thirtieth.
    ///
    /// # Errors
    ///
    /// `out-of-threads` when the system starts no thread, `out-of-descriptors` when it has none.
    pub(crate) fn start(limit: Limit, since: Instant, end: impl FnOnce(Early) + Send + 'static) -> Result<Self, Fault> {
        let grace = if limit.is_option { GRACE } else { Duration::ZERO };
        let last = Deadline::after(since, limit.time.saturating_add(grace));
        let (waker, waiter) = waker::pair().map_err(|error| exhausted::no_descriptor(&error))?;
        let (phase, stopped) = (Arc::new(Mutex::new(Phase::Start)), Arc::new(Mutex::new(false)));
        let (current, is_stopped) = (Arc::clone(&phase), Arc::clone(&stopped));
        let watch = move || {
            let woken = waiter.sleep(last.left());
            // Locked until the process has ended, so that the main thread cannot end it with
            // another exit code.
            let is_stopped = is_stopped.lock().unwrap_or_else(PoisonError::into_inner);
            match woken {
                Woken::Late if !*is_stopped => {
                    let phase = current.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    let fault = timed_out(limit, &phase);
                    end(Early::Late(phase, fault));
                }
                Woken::Signal(code) => end(Early::Signal(code)),
                Woken::Late | Woken::Stopped => {}
            }
        };
        let started = thread::Builder::new().name("deadline".to_owned()).spawn(watch);
        started.map_err(|error| exhausted::no_thread(&error))?;
        Ok(Self { limit, deadline: Deadline::after(since, limit.time), phase, stopped, waker })
    }

    /// Watches signals too, from now on. Where that cannot be, a signal ends the process at once.
    pub(crate) fn watch_signals(&self) {
        self.waker.wake_at_signals().ok();
    }

    /// Says what the command does from now on.
    pub(crate) fn enter(&self, phase: Phase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    /// The moment by which the command must have ended, without the grace.
    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// The time that is left of `--timeout`, if a part that matters has passed.
    pub(crate) fn shortened(&self) -> Option<Duration> {
        /// The component's own timeout may end so much later.
        const TOLERATED: Duration = Duration::from_millis(100);
        let left = self.deadline.left();
        (self.limit.is_option && self.limit.time.saturating_sub(left) > TOLERATED).then_some(left)
    }
}

impl Watchdog {
    /// Stops the watch of a process that is about to end. Waking the thread for that would take time.
    ///
    /// Does not return after the deadline: the other thread holds the lock and ends the process.
    pub(crate) fn forget(self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        std::mem::forget(self);
    }
}

impl Drop for Watchdog {
    /// Does not return after the deadline: the other thread holds the lock and ends the process.
    fn drop(&mut self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.waker.stop();
    }
}

fn timed_out(limit: Limit, phase: &Phase) -> Fault {
    let (what, hint) = phase.words();
    let message = format!("The command was stopped after {limit}: {what}");
    let fault = Fault::new(Category::Network, "deadline-passed", message).hint(hint);
    if limit.is_option { fault.hint("`--timeout TIME` gives it more time") } else { fault }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = if self.is_option { " of `--timeout`" } else { "" };
        write!(f, "the {:?}{source}", self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// A watchdog, and the faults that it reports.
    fn watchdog(limit: Limit) -> (Watchdog, mpsc::Receiver<Fault>) {
        let (sender, faults) = mpsc::channel();
        let end = move |early| match early {
            Early::Late(_, fault) => sender.send(fault).unwrap(),
            Early::Signal(code) => panic!("no signal {code} is watched"),
        };
        (Watchdog::start(limit, Instant::now(), end).unwrap(), faults)
    }

    #[test]
    fn a_passed_deadline_is_reported_from_another_thread_with_what_the_command_was_doing() {
        let limit = Limit { time: Duration::from_millis(200), is_option: true };
        let (watchdog, faults) = watchdog(limit);
        let since = Instant::now();
        watchdog.enter(Phase::StandardInput);
        let fault = faults.recv().unwrap();
        assert!(since.elapsed() < Duration::from_secs(10), "it took {:?}", since.elapsed());
        assert_eq!(fault.code, "deadline-passed");
        assert_eq!(fault.message, "The command was stopped after the 200ms of `--timeout`: standard input did not end");
        assert!(fault.hints.iter().any(|hint| hint.contains("--timeout")), "{:?}", fault.hints);
    }

    #[test]
    fn a_stopped_watchdog_reports_nothing() {
        let (watchdog, faults) = watchdog(Limit::DEFAULT);
        drop(watchdog);
        assert!(faults.recv().is_err());
    }

    #[test]
    fn the_component_has_less_time_after_slow_inputs_only() {
        let limit = Limit { time: Duration::from_secs(30), is_option: true };
        let since = |elapsed| Instant::now().checked_sub(Duration::from_millis(elapsed)).unwrap();
        let started = |limit, elapsed| Watchdog::start(limit, since(elapsed), |_| ()).unwrap();
        assert_eq!(started(limit, 0).shortened(), None);
        assert!(started(limit, 5000).shortened().is_some_and(|left| left <= Duration::from_secs(25)));
        assert_eq!(started(Limit::DEFAULT, 5000).shortened(), None);
    }

    #[test]
    fn the_longest_timeout_never_passes() {
        let limit = Limit { time: Duration::MAX, is_option: true };
        let (watchdog, faults) = watchdog(limit);
        assert!(faults.recv_timeout(Duration::from_millis(20)).is_err());
        assert_eq!(watchdog.deadline().left(), Duration::MAX);
    }
}
