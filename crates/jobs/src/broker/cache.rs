//! The access tokens, and when each is renewed.

use azure_oidc_core::Secret;

use super::action::{Exchanged, Failure};
use super::attempts::Attempts;
use super::protocol::Shape;

/// How many scopes are kept. A program needs a few.
pub(super) const MAX_SCOPES: usize = 64;
/// For how long a refusal answers further callers, in milliseconds.
const REFUSED_FOR: u64 = 3_000;
/// The longest time before the end of the last ID token at which each access token is exchanged
/// once more, in milliseconds.
const LAST_EXCHANGE: u64 = 30_000;

/// An access token with the moments between which it counts.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) token: Secret,
    pub(super) token_type: String,
    pub(super) from: u64,
    pub(super) until: u64,
}

impl Access {
    pub(super) fn new(exchanged: Exchanged, now: u64) -> Self {
        let until = u64::try_from(exchanged.expires_on).unwrap_or_default().saturating_mul(1000);
        Self { token: exchanged.access_token, token_type: exchanged.token_type, from: now, until }
    }

    /// Whether it can be handed out: no SDK may see an `expires_on` that is not in the future.
    pub(super) fn is_valid(&self, now: u64) -> bool {
        self.until / 1000 > now / 1000
    }

    fn life(&self) -> u64 {
        self.until.saturating_sub(self.from)
    }
}

/// A caller that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiter {
    pub(super) id: u64,
    /// When it is told that there is no answer yet.
    pub(super) until: u64,
    /// What it asked for; none when it waits for the ID token.
    pub(super) asked: Option<(String, Shape)>,
}

/// The exchange for a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flight {
    None,
    /// As soon as there is an ID token and room.
    Wanted,
    /// This task.
    Task(u64),
}

/// One scope.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) scope: String,
    pub(super) token: Option<Access>,
    pub(super) flight: Flight,
    pub(super) waiting: Vec<Waiter>,
    attempts: Attempts,
    is_warned: bool,
}

impl Entry {
    pub(super) const fn new(scope: String) -> Self {
        Self {
            scope,
            token: None,
            flight: Flight::None,
            waiting: Vec::new(),
            attempts: Attempts::new(),
            is_warned: false,
        }
    }

    /// The token, while it can be handed out.
    pub(super) fn valid(&self, now: u64) -> Option<&Access> {
        self.token.as_ref().filter(|token| token.is_valid(now))
    }

    /// When the token is exchanged anew: when two fifths of its life are left, or half of it where
    /// the life is so short that Terraform's providers ask again at half. Once more just before the
    /// end of the last ID token. None when that has ended.
    pub(super) fn due(&self, last_end: Option<u64>, id_life: u64) -> Option<u64> {
        let token = self.token.as_ref()?;
        let life = token.life();
        let ahead = if life < 2_400_000 { life / 2 } else { life / 5 * 2 };
        let usual = token.until.saturating_sub(ahead);
        let due = match last_end {
            None => usual,
            Some(end) => {
                let last = end.saturating_sub(LAST_EXCHANGE.min(id_life / 10));
                let once_more = if token.from < last { last } else { usual };
                let due = usual.min(once_more);
                if due.max(self.not_before()) >= end {
                    return None;
                }
                due
            }
        };
        Some(due.max(self.not_before()))
    }

    /// The failure that answers a caller at once: a refusal a moment ago, or a server that asked to
    /// wait for longer than the caller can.
    pub(super) fn answer_at_once(&self, now: u64, caller_waits: u64) -> Option<Failure> {
        let failure = self.failure()?;
        let asked_until = self.attempts.asked_until();
        match failure.is_passing {
            false => self.attempts.is_recent(now, REFUSED_FOR).then(|| failure.clone()),
            true => (asked_until > now + caller_waits).then(|| {
                let left = (asked_until - now).div_ceil(1000);
                Failure { retry_after: Some(u32::try_from(left).unwrap_or(u32::MAX)), ..failure.clone() }
            }),
        }
    }

    /// The last failure, until the next success.
    pub(super) const fn failure(&self) -> Option<&Failure> {
        self.attempts.failure.as_ref()
    }

    /// A caller waits: the next attempt comes soon, unless the server asked to wait.
    pub(super) fn hurry(&mut self) {
        self.attempts.hurry();
    }

    /// Before this moment nothing is sent.
    pub(super) const fn not_before(&self) -> u64 {
        self.attempts.not_before()
    }

    pub(super) fn granted(&mut self, token: Access) {
        self.token = Some(token);
        self.flight = Flight::None;
        self.attempts.succeeded(0);
        self.is_warned = false;
    }

    /// Returns whether it is the first refusal since the last success, for a warning.
    pub(super) fn failed(&mut self, failure: Failure, now: u64) -> bool {
        self.flight = Flight::None;
        let is_first = !self.is_warned && !failure.is_passing;
        self.is_warned |= is_first;
        self.attempts.failed(Some(failure), now, self.token.as_ref().map_or(0, Access::life));
        is_first
    }

    /// The clock was set back: the token lives for as long as before.
    pub(super) fn shift(&mut self, by: u64) {
        if let Some(token) = &mut self.token {
            token.from = token.from.saturating_sub(by);
            token.until = token.until.saturating_sub(by);
        }
        self.attempts.shift(by);
        for waiter in &mut self.waiting {
            waiter.until = waiter.until.saturating_sub(by);
        }
    }

    /// Whether the entry can be removed: it has no valid token, no caller and no task.
    pub(super) fn is_idle(&self, now: u64) -> bool {
        self.flight == Flight::None && self.waiting.is_empty() && self.valid(now).is_none()
    }
}
