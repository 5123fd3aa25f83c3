//! Computes the pause before a retry, and when to stop.

use std::time::Duration;

use crate::fault::Fault;
use crate::ports::Random;

const FIRST_PAUSE: Duration = Duration::from_millis(400);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const REPLICATION_PAUSE: Duration = Duration::from_secs(5);

/// The time limit of one attempt. With retries it is at most half of the whole time, so that after
/// a hanging connection there is time for a second attempt.
pub(super) fn attempt_timeout(whole: Duration, remaining: Duration, retries: u32) -> Duration {
    if retries == 0 { remaining } else { remaining.min(whole / 2) }
}

/// The pause after a temporary failure. None when no retry is left or the pause is longer than the
/// time left.
///
/// The server's `Retry-After` wins. Otherwise the pause doubles each time, with jitter, so that
/// many jobs that were throttled at the same time do not retry at the same time.
pub(super) fn pause(
    tries: u32,
    retries: u32,
    after: Option<Duration>,
    remaining: Duration,
    random: &dyn Random,
) -> Option<Duration> {
    if tries > retries {
        return None;
    }
    let pause = after.unwrap_or_else(|| {
        let doubled = FIRST_PAUSE.saturating_mul(1 << (tries - 1).min(10)).min(LONGEST_PAUSE);
        doubled.mul_f64(0.75 + (random.number() % 512) as f64 / 1024.0)
    });
    (pause < remaining).then_some(pause)
}

/// The pause while a new credential may not be replicated yet.
pub(super) fn replication_pause(replication: Duration, remaining: Duration) -> Option<Duration> {
    let pause = REPLICATION_PAUSE.min(replication);
    (!replication.is_zero() && pause < remaining).then_some(pause)
}

/// Adds to a temporary failure why there was no further retry.
pub(super) fn gave_up(mut fault: Fault, tries: u32, after: Option<Duration>, remaining: Duration) -> Fault {
    if let Some(after) = after.filter(|after| *after >= remaining) {
        fault.message.push_str(&format!(", and asks to wait {}s, which is longer than the time left", after.as_secs()));
    } else if remaining.is_zero() {
        fault.message.push_str(", and the time is up");
    }
    fault.fact("attempts", tries.to_string())
}
