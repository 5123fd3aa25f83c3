//! What has to be undone when a command ends early: results that are written in part, and a program
//! that still runs.

use std::process;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use crate::program::Group;
use crate::publish::Outputs;

/// What is unfinished. A signal and the deadline undo it in the same way.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    outputs: Mutex<Outputs>,
    program: Mutex<Option<Group>>,
    /// The exit code of a command whose results are out.
    exit_code: AtomicU8,
}

impl Unfinished {
    /// The files of the results.
    pub(crate) fn outputs(&self) -> MutexGuard<'_, Outputs> {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program that runs; none when it has ended.
    pub(crate) fn program(&self) -> MutexGuard<'_, Option<Group>> {
        self.program.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the results stay; the command ends with this exit code, whatever happens now.
    pub(crate) fn keep(&self, exit_code: u8) {
        let mut outputs = self.outputs();
        self.exit_code.store(exit_code, Relaxed);
        outputs.keep();
    }

    /// Takes back what was written. Later callers can publish nothing.
    pub(crate) fn discard(&self) {
        *self.outputs() = Outputs::default();
    }

    /// Undoes everything, then ends the process with the exit code of `end`. Waits at most so long
    /// for a step of publishing that is under way; the file system may never finish it.
    pub(crate) fn undo(&self, patience: Duration, end: impl FnOnce() -> i32) -> ! {
        let outputs = locked(&self.outputs, patience);
        if let Some(group) = locked(&self.program, Duration::ZERO).and_then(|mut program| program.take()) {
            group.kill();
        }
        // Locked until the process has ended, so that nothing can be published meanwhile.
        let Some(mut outputs) = outputs else { process::exit(end()) };
        if outputs.is_kept() {
            process::exit(self.exit_code.load(Relaxed).into());
        }
        *outputs = Outputs::default();
        process::exit(end())
    }
}

/// Locks within this time.
fn locked<T>(mutex: &Mutex<T>, patience: Duration) -> Option<MutexGuard<'_, T>> {
    const PAUSE: Duration = Duration::from_millis(5);
    let since = Instant::now();
    loop {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if since.elapsed() >= patience => return None,
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
        }
    }
}
