//! Lets requests of the service take turns on a processor, and interrupts one that computes for too
//! long.
//!
//! Wasmtime counts epochs: the service begins a new one each [`TICK`]. At the first check of the
//! machine code after that, the request yields to the others on its thread.

use std::fmt;
use std::time::Duration;

use wasmtime::{Store, UpdateDeadline};

use super::state::State;

/// The longest time that a request computes before it is the turn of another one.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// The turns of one request.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Turns that were used up.
    used: u32,
    /// The most turns of one request.
    limit: u32,
    /// Their time.
    time: Duration,
}

/// A request computed for longer than it may.
#[derive(Debug)]
pub(super) struct Interrupted(Duration);

/// Gives each request of this store at most so much processor time.
pub(super) fn limit(store: &mut Store<State>, time: Duration) {
    let limit = u32::try_from(time.as_nanos() / TICK.as_nanos()).unwrap_or(u32::MAX);
    store.data_mut().turns = Turns { used: 0, limit, time };
    store.epoch_deadline_callback(|mut store| {
        let turns = &mut store.data_mut().turns;
        turns.used = turns.used.saturating_add(1);
        // A turn more, because the first one began in the middle of an epoch.
        if turns.used > turns.limit.saturating_add(1) {
            return Err(Interrupted(turns.time).into());
        }
        // tokio's own yield: it looks for input of other connections before this goes on.
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
}

/// Starts the count for the next request.
pub(super) fn begin(store: &mut Store<State>) {
    store.data_mut().turns.used = 0;
    store.set_epoch_deadline(1);
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it needs more than {:?} of processor time", self.0)
    }
}

impl std::error::Error for Interrupted {}
