//! Keeps instances between two requests.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::instance::Instance;

/// Idle instances, each with the time of its last response.
pub(super) struct IdleInstances {
    waiting: Mutex<Vec<(Instance, Instant)>>,
    capacity: usize,
}

impl IdleInstances {
    pub(super) fn new(capacity: usize) -> Self {
        Self { waiting: Mutex::new(Vec::with_capacity(capacity)), capacity }
    }

    /// Takes the instance that was used last: its memory is still in the processor's cache, and
    /// instances that are never needed become old enough to be dropped.
    pub(super) fn take(&self) -> Option<Instance> {
        self.waiting().pop().map(|(instance, _)| instance)
    }

    /// Keeps an instance, if it is reusable and there is room for it.
    pub(super) fn put(&self, instance: Instance) {
        let mut waiting = self.waiting();
        if waiting.len() < self.capacity && instance.is_reusable() {
            waiting.push((instance, Instant::now()));
        }
    }

    /// Drops instances that have been idle for this long. Says whether there were any.
    pub(super) fn drop_older(&self, idle_for: Duration) -> bool {
        let mut waiting = self.waiting();
        let before = waiting.len();
        waiting.retain(|(_, since)| since.elapsed() < idle_for);
        waiting.len() < before
    }

    /// The number of responses of each instance.
    #[cfg(test)]
    pub(super) fn answered(&self) -> Vec<u32> {
        self.waiting().iter().map(|(instance, _)| instance.answered).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(Instance, Instant)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
