//! The open connections. When there are too many, the one that has waited longest for its caller is
//! closed, so that a new caller is always heard, whatever the others do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;

use super::bounds::{END_TIMEOUT, MAX_AGE, WRITE_TIMEOUT};

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// For the head of the first request, or of the next one.
    Head,
    /// For the body of a request.
    Body,
    /// For the component. Only then the service itself is at work.
    Answer,
    /// For the caller to take the answer.
    Write,
}

/// All open connections.
#[derive(Debug)]
pub(crate) struct Connections {
    open: Mutex<Open>,
    limit: usize,
    /// When the service began to shut down.
    ending: OnceLock<Instant>,
}

#[derive(Debug, Default)]
struct Open {
    connections: BTreeMap<u64, Arc<Connection>>,
    next: u64,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    opened: Instant,
    state: Mutex<State>,
    closed: Notify,
}

#[derive(Debug, Clone, Copy)]
struct State {
    phase: Phase,
    since: Instant,
    has_answered: bool,
}

/// Counts a connection among the open ones until it is dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    connections: Arc<Connections>,
    number: u64,
    pub(crate) connection: Arc<Connection>,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Self {
        Self { open: Mutex::default(), limit, ending: OnceLock::new() }
    }

    /// Admits a connection. If there are too many, another one is closed for it; none if all of them
    /// wait for the component.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Admitted> {
        if self.open().connections.len() >= self.limit && !self.close_longest_waiting() {
            return None;
        }
        let connection = Arc::new(Connection::new());
        let mut open = self.open();
        let number = open.next;
        open.next += 1;
        open.connections.insert(number, Arc::clone(&connection));
        Some(Admitted { connections: Arc::clone(self), number, connection })
    }

    /// Closes the connection that has waited longest for its caller. False if there is none.
    pub(crate) fn close_longest_waiting(&self) -> bool {
        let mut open = self.open();
        let longest = open
            .connections
            .iter()
            .filter_map(|(number, connection)| Some((connection.patience_used()?, *number)))
            .max()
            .and_then(|(_, number)| open.connections.remove(&number));
        longest.is_some_and(|connection| {
            connection.closed.notify_one();
            true
        })
    }

    /// Closes the connections whose callers take too long.
    pub(crate) fn close_overdue(&self) {
        let ending = self.ending.get().copied();
        self.open().connections.retain(|_, connection| {
            let is_overdue = connection.is_overdue(ending);
            if is_overdue {
                connection.closed.notify_one();
            }
            !is_overdue
        });
    }

    /// The number of open connections.
    pub(crate) fn count(&self) -> usize {
        self.open().connections.len()
    }

    /// Shortens the time limits, because the service shuts down.
    pub(crate) fn end(&self) {
        self.ending.get_or_init(Instant::now);
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    fn new() -> Self {
        let now = Instant::now();
        let state = State { phase: Phase::Head, since: now, has_answered: false };
        Self { opened: now, state: Mutex::new(state), closed: Notify::new() }
    }

    /// Begins a phase.
    pub(crate) fn enter(&self, phase: Phase) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let has_answered = state.has_answered || phase == Phase::Write;
        *state = State { phase, since: Instant::now(), has_answered };
    }

    /// Returns when the connection is to be closed.
    pub(crate) async fn closed(&self) {
        self.closed.notified().await;
    }

    /// The bytes of an answer. When the system has taken all of them, the next request is awaited.
    pub(crate) fn sending<Held>(self: Arc<Self>, bytes: Bytes, held: Held) -> Sending<Held> {
        self.enter(Phase::Write);
        Sending { bytes, connection: self, _held: held }
    }

    /// Whether the connection is to be closed after its current request.
    pub(crate) fn is_old(&self) -> bool {
        self.opened.elapsed() > MAX_AGE
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the connection has waited for its caller; none while it waits for the component. A
    /// caller that has had an answer and pauses may wait ten times as long as others: many
    /// strangers shall not drive it away.
    fn patience_used(&self) -> Option<Duration> {
        let State { phase, since, has_answered } = self.state();
        match phase {
            Phase::Answer => None,
            Phase::Head if has_answered => Some(since.elapsed() / 10),
            Phase::Head | Phase::Body | Phase::Write => Some(since.elapsed()),
        }
    }

    fn is_overdue(&self, ending: Option<Instant>) -> bool {
        let State { phase, since, .. } = self.state();
        let is_ending = ending.is_some_and(|ending| ending.max(since).elapsed() > END_TIMEOUT);
        match phase {
            Phase::Answer => false,
            // The time limits of these are kept elsewhere, and the caller of a body gets an answer.
            Phase::Head | Phase::Body => is_ending,
            Phase::Write => is_ending || since.elapsed() > WRITE_TIMEOUT,
        }
    }
}

/// The bytes of an answer on its way, and what is held until the system has taken them.
#[derive(Debug)]
pub(crate) struct Sending<Held> {
    bytes: Bytes,
    connection: Arc<Connection>,
    _held: Held,
}

impl<Held> AsRef<[u8]> for Sending<Held> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<Held> Drop for Sending<Held> {
    fn drop(&mut self) {
        self.connection.enter(Phase::Head);
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.connections.open().connections.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(limit: usize) -> Arc<Connections> {
        Arc::new(Connections::new(limit))
    }

    /// Whether a connection was told to close.
    fn is_closed(admitted: &Admitted) -> bool {
        !admitted.connections.open().connections.contains_key(&admitted.number)
    }

    /// Makes a connection older than it is.
    fn age(admitted: &Admitted, by: Duration) {
        admitted.connection.state.lock().unwrap().since -= by;
    }

    #[test]
    fn a_new_caller_takes_the_place_of_the_one_that_has_waited_longest() {
        let connections = connections(3);
        let admitted: Vec<_> = (0..3).map(|_| connections.admit().unwrap()).collect();
        admitted[0].connection.enter(Phase::Answer);
        admitted[1].connection.enter(Phase::Body);
        for one in &admitted {
            age(one, Duration::from_secs(9));
        }
        age(&admitted[1], Duration::from_secs(1));
        let _fourth = connections.admit().unwrap();
        assert_eq!(admitted.iter().map(is_closed).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn a_caller_that_has_had_an_answer_is_kept_longer() {
        let connections = connections(2);
        let (known, stranger) = (connections.admit().unwrap(), connections.admit().unwrap());
        known.connection.enter(Phase::Write);
        known.connection.enter(Phase::Head);
        age(&known, Duration::from_secs(5));
        age(&stranger, Duration::from_secs(1));
        let _third = connections.admit().unwrap();
        assert_eq!((is_closed(&known), is_closed(&stranger)), (false, true));
    }

    #[test]
    fn a_request_that_the_component_answers_is_never_closed() {
        let connections = connections(1);
        let only = connections.admit().unwrap();
        only.connection.enter(Phase::Answer);
        assert!(connections.admit().is_none());
        connections.end();
        age(&only, Duration::from_secs(3600));
        connections.close_overdue();
        assert!(!is_closed(&only));
    }

    #[test]
    fn an_answer_that_is_not_taken_is_given_up() {
        let connections = connections(2);
        let (unread, body) = (connections.admit().unwrap(), connections.admit().unwrap());
        unread.connection.enter(Phase::Write);
        body.connection.enter(Phase::Body);
        connections.close_overdue();
        assert!(!is_closed(&unread));
        for one in [&unread, &body] {
            age(one, WRITE_TIMEOUT + Duration::from_secs(1));
        }
        connections.close_overdue();
        assert_eq!((is_closed(&unread), is_closed(&body)), (true, false));
    }

    #[test]
    fn the_number_of_open_connections_falls_when_one_is_dropped() {
        let connections = connections(1);
        let first = connections.admit().unwrap();
        first.connection.enter(Phase::Answer);
        drop(first);
        assert!(connections.admit().is_some());
    }
}
