//! Limits the processor time of one input.

use std::time::Duration;

/// An answer takes at most 250 ms in a release build. Code that is instrumented for coverage and
/// checks its arithmetic takes several times as long. A parser that is not linear takes minutes.
const LIMIT: Duration = Duration::from_millis(if cfg!(fuzzing) { 2000 } else { 250 });

/// Runs the property and checks its processor time. A test without optimisation checks none.
pub(crate) fn limited(name: &str, length: usize, property: impl FnOnce()) {
    let before = now();
    property();
    let taken = now().saturating_sub(before);
    let is_measured = cfg!(fuzzing) || !cfg!(debug_assertions);
    assert!(!is_measured || taken <= LIMIT, "{name}: {length} bytes take {taken:?}, and the limit is {LIMIT:?}");
}

/// The processor time of this thread, so that other programs on the machine do not count.
#[cfg(unix)]
fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Time is measured on Unix only.
#[cfg(not(unix))]
fn now() -> Duration {
    Duration::ZERO
}
