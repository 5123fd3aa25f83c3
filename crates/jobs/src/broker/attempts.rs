//! Attempts to get a token that failed since the last success: when the next one may begin.

use super::action::Failure;

/// After which time a failed attempt is repeated while a caller waits, in milliseconds.
const WHILE_SOMEBODY_WAITS: u64 = 1_000;

/// What failed since the last success.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    /// The last failure.
    pub(super) failure: Option<Failure>,
    failed_at: u64,
    failures: u32,
    /// Before this moment nothing is sent.
    not_before: u64,
    /// Until then the server asked to wait.
    asked_until: u64,
}

impl Attempts {
    pub(super) const fn new() -> Self {
        Self { failure: None, failed_at: 0, failures: 0, not_before: 0, asked_until: 0 }
    }

    /// One succeeded. The next one is not before this moment.
    pub(super) fn succeeded(&mut self, not_before: u64) {
        *self = Self { not_before, ..Self::new() };
    }

    /// One failed; without a new failure the last one counts. `life` is that of the token in use, in
    /// milliseconds.
    pub(super) fn failed(&mut self, failure: Option<Failure>, now: u64, life: u64) {
        self.failures += 1;
        self.failed_at = now;
        let asked = failure.as_ref().and_then(|failure| failure.retry_after);
        self.asked_until = now + asked.map_or(0, |seconds| u64::from(seconds) * 1000);
        self.not_before = self.asked_until.max(now + pause(self.failures, life));
        self.failure = failure.or(self.failure.take());
    }

    /// Before this moment nothing is sent.
    pub(super) const fn not_before(&self) -> u64 {
        self.not_before
    }

    /// Until then the server asked to wait.
    pub(super) const fn asked_until(&self) -> u64 {
        self.asked_until
    }

    /// Whether the last failure is less than so many milliseconds old.
    pub(super) const fn is_recent(&self, now: u64, age: u64) -> bool {
        now >= self.failed_at && now < self.failed_at + age
    }

    /// A caller waits: the next attempt comes soon, unless the server asked to wait.
    pub(super) fn hurry(&mut self) {
        self.not_before = self.not_before.min(self.failed_at + WHILE_SOMEBODY_WAITS).max(self.asked_until);
    }

    /// The clock was set back.
    pub(super) fn shift(&mut self, by: u64) {
        for moment in [&mut self.failed_at, &mut self.not_before, &mut self.asked_until] {
            *moment = moment.saturating_sub(by);
        }
    }
}

/// The pause after so many failures: it doubles, and fits the life of the token.
pub(super) fn pause(failures: u32, life: u64) -> u64 {
    let life = if life == 0 { 60_000 } else { life };
    let doubled = (life / 60).saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.clamp(100, (life / 8).max(100))
}
