//! Instances between two requests.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::instance::Instance;

/// A few instances that wait, each with the time since when.
pub(super) struct Idle {
    waiting: Mutex<Vec<(Instance, Instant)>>,
    most: usize,
}

impl Idle {
    /// Room for so many.
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: Mutex::new(Vec::with_capacity(most)), most }
    }

    /// The one that came last: its memory is still in the processor's cache, and the others may end when they are never needed.
    pub(super) fn take(&self) -> Option<Instance> {
        self.waiting().pop().map(|(instance, _)| instance)
    }

    /// Takes one back, unless it has served long enough or there are as many as may wait.
    pub(super) fn keep(&self, instance: Instance) {
        let mut waiting = self.waiting();
        if waiting.len() < self.most && instance.is_fit() {
            waiting.push((instance, Instant::now()));
        }
    }

    /// Ends those that have waited for so long.
    pub(super) fn forget(&self, idle_for: Duration) {
        self.waiting().retain(|(_, since)| since.elapsed() < idle_for);
    }

    /// How often each has answered.
    #[cfg(test)]
    pub(super) fn answered(&self) -> Vec<u32> {
        self.waiting().iter().map(|(instance, _)| instance.answered()).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(Instance, Instant)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
