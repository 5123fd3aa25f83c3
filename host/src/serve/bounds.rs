//! The limits of the service that no option changes. `docs/serving.md` has them all as a table.

use std::time::Duration;

/// The most concurrent requests of each kind. Each reserves four GiB of addresses, and a process
/// has 128 TiB.
pub(super) const MAX_CONCURRENCY: u32 = 1000;
/// Open connections per concurrent request. Most of them are idle or slow most of the time.
pub(super) const CONNECTIONS_PER_REQUEST: usize = 4;
/// Concurrent requests for liveness, for which room is always kept.
pub(super) const LIVENESS: u32 = 2;

/// The longest head, in bytes, which is several times the longest token of a CI system.
pub(super) const MAX_HEAD: usize = 64 << 10;
/// The longest body that the component accepts, in bytes. It gets one byte more of a longer body,
/// and refuses it.
pub(super) const MAX_BODY: usize = 256 << 10;
/// How much more of a longer body is read and dropped: a client that is still sending does not read
/// the response.
pub(super) const MAX_DROPPED: usize = 1 << 20;
/// The longest body or answer that is small, in bytes. Small ones need no turn, and do not count
/// among the bytes in flight: the number of connections limits them.
pub(super) const SMALL: usize = 16 << 10;
/// Bodies and answers in memory at the same time, in KiB, small ones excepted.
pub(super) const MAX_IN_FLIGHT: usize = 32 << 10;
/// Bytes that the system keeps of the answers on one connection. Linux doubles it.
pub(super) const SEND_BUFFER: u32 = 64 << 10;

/// Time limit for the head of a request, and for the next request to begin; less if `--timeout` is
/// less.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Time limit for the body; less if `--timeout` is less.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// Time limit for the caller to take the answer.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// A connection of this age is closed after its current request.
pub(super) const MAX_AGE: Duration = Duration::from_secs(600);
/// How long a caller that is not waiting for its answer may still send or read after SIGTERM.
pub(super) const END_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an idle instance of the component is kept. Its memory still holds its last request.
pub(super) const MAX_IDLE: Duration = Duration::from_secs(1);
