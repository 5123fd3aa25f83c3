//! The moment by which a whole job must have ended, whatever it waits for.

use std::time::Duration;

use azure_oidc_core::ports::Clock;

/// A moment on the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Duration);

impl Deadline {
    /// The moment after this time from now.
    pub fn after(time: Duration, clock: &dyn Clock) -> Self {
        Self(clock.monotonic().saturating_add(time))
    }

    /// The time that is left.
    pub fn left(self, clock: &dyn Clock) -> Duration {
        self.0.saturating_sub(clock.monotonic())
    }
}
