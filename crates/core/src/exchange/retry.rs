//! Computes the pause before a retry, and when to stop.

use std::time::Duration;

use crate::fault::Fault;
use crate::ports::Random;

const FIRST_PAUSE: Duration = Duration::from_millis(400);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const FIRST_REPLICATION_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_REPLICATION_PAUSE: Duration = Duration::from_secs(5);

/// A whole time that is too short to be divided: a slow answer is likelier than a hanging connection.
const SHORT: Duration = Duration::from_secs(4);

/// The time limit of one attempt. With retries it is at most half of the whole time, so that after
/// a hanging connection there is time for a second attempt.
pub(super) fn attempt_timeout(whole: Duration, remaining: Duration, retries: u32) -> Duration {
    share(whole, remaining, if retries == 0 { 1 } else { 2 })
}

/// The time limit of one of so many attempts.
pub fn share(whole: Duration, remaining: Duration, attempts: u32) -> Duration {
    if whole < SHORT { remaining } else { remaining.min(whole / attempts.max(1)) }
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

/// The pauses after refusals that can pass by themselves. They double, and are together as long as
/// the whole wait.
#[derive(Debug)]
pub(super) struct Repeats {
    left: Duration,
    next: Duration,
}

impl Repeats {
    pub(super) fn new(whole: Duration) -> Self {
        Self { left: whole, next: FIRST_REPLICATION_PAUSE }
    }

    /// The next pause. None when the wait is over or the pause is longer than the time left.
    pub(super) fn pause(&mut self, remaining: Duration) -> Option<Duration> {
        let pause = self.next.min(self.left);
        if pause.is_zero() || pause >= remaining {
            return None;
        }
        self.left -= pause;
        self.next = (self.next * 2).min(LONGEST_REPLICATION_PAUSE);
        Some(pause)
    }
}

/// Adds to a refusal that can pass by itself how often it came, and the option that waits longer.
pub(super) fn still_refused(fault: Fault, tries: u32) -> Fault {
    let when = match super::answer::is_about_issuers_server(&fault) {
        true => "an outage of the issuer's server passes by itself",
        false => {
            "a credential that was created or changed a moment ago can take minutes to reach all of Entra's servers"
        }
    };
    let fault = fault.hint(format!("{when}: `--replication-wait 2m --timeout 3m` asks again for that long"));
    if tries > 1 { fault.fact("attempts", tries.to_string()) } else { fault }
}

/// Adds to a temporary failure why there was no further retry.
pub(super) fn gave_up(mut fault: Fault, tries: u32, after: Option<Duration>, remaining: Duration) -> Fault {
    if let Some(after) = after.filter(|after| *after >= remaining) {
        fault.message.push_str(&format!(", and asks to wait {}s, which is longer than the time left", after.as_secs()));
        fault.hints = vec!["run the job again after that time, or wait for it with a longer `--timeout`".to_owned()];
    } else if remaining.is_zero() {
        fault.message.push_str(", and the time is up");
    }
    fault.retry_after = after.map(|after| u32::try_from(after.as_secs()).unwrap_or(u32::MAX));
    fault.fact("attempts", tries.to_string())
}
