//! The ID token of the job: kept, and minted anew when less than half of its life is left.

use azure_oidc_core::{Fault, Secret};

use super::action::Failure;
use super::attempts::{Attempts, pause};
use super::message;
use crate::id_token::Obtained;

/// Whether another ID token can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Supply {
    /// At any time.
    Endless,
    /// When somebody replaces the file.
    PerhapsAgain,
    /// Never.
    Once,
}

/// A token with the moments between which it counts.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) token: Secret,
    pub(super) from: u64,
    pub(super) until: u64,
    /// Its first audience.
    pub(super) audience: String,
}

impl Held {
    /// Reads the claims of a token that has arrived now.
    pub(super) fn read(token: Secret, now: u64) -> Result<Self, Fault> {
        let claims = Obtained { token: token.clone(), place: "the new ID token".to_owned() }.parse()?;
        let claims = claims.claims();
        let until = claims.exp.map_or(now, milliseconds);
        // A clock that runs late must not make its life longer.
        let from = claims.iat.map_or(now, milliseconds).min(now);
        let audience = claims.aud.first().cloned().unwrap_or_default();
        Ok(Self { token, from, until, audience })
    }

    pub(super) fn life(&self) -> u64 {
        self.until.saturating_sub(self.from)
    }

    /// Whether at least half of its life is left.
    fn is_fresh(&self, now: u64) -> bool {
        self.until.saturating_sub(now) * 2 >= self.life() && now < self.until
    }
}

fn milliseconds(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or_default().saturating_mul(1000)
}

/// What can be done with the ID token now.
#[derive(Debug)]
pub(super) enum Status {
    /// It can be used.
    Usable(Secret),
    /// A new one is on its way.
    Awaited,
    /// A new one has to be requested.
    Wanted,
    /// There is none.
    Gone(Failure),
}

/// The ID token, and the attempts to get the next one.
#[derive(Debug)]
pub(super) struct IdToken {
    pub(super) supply: Supply,
    pub(super) held: Option<Held>,
    /// The task that mints the next one.
    pub(super) minting: Option<u64>,
    attempts: Attempts,
}

impl IdToken {
    pub(super) const fn new(supply: Supply) -> Self {
        Self { supply, held: None, minting: None, attempts: Attempts::new() }
    }

    /// Its end, where no other can be had.
    pub(super) fn last_end(&self) -> Option<u64> {
        match self.supply {
            Supply::Endless => None,
            Supply::PerhapsAgain | Supply::Once => self.held.as_ref().map(|held| held.until),
        }
    }

    /// The state of the ID token. A token past half of its lifetime is used only while no new one
    /// can be had.
    pub(super) fn status(&self, now: u64, platform: &str) -> Status {
        let valid = self.held.as_ref().filter(|held| now < held.until);
        if let Some(held) = valid.filter(|held| held.is_fresh(now)) {
            return Status::Usable(held.token.clone());
        }
        // No token yet: the first one is requested whatever the supply is.
        let is_first = self.held.is_none() && self.attempts.failure.is_none();
        let may_mint = is_first || self.supply != Supply::Once && now >= self.attempts.not_before();
        match (valid, self.minting) {
            (_, Some(_)) => Status::Awaited,
            (_, None) if may_mint => Status::Wanted,
            (Some(held), None) => Status::Usable(held.token.clone()),
            (None, None) => Status::Gone(self.gone(platform)),
        }
    }

    fn gone(&self, platform: &str) -> Failure {
        match (&self.attempts.failure, &self.held) {
            (Some(failure), _) if self.supply == Supply::Endless => failure.clone(),
            (_, Some(held)) => message::id_token_ended(held.until, platform),
            (Some(failure), None) => failure.clone(),
            (None, None) => message::id_token_ended(0, platform),
        }
    }

    /// A token has arrived. Returns whether it is a new one.
    pub(super) fn arrived(&mut self, held: Held, now: u64) -> bool {
        self.minting = None;
        let is_new = self.held.as_ref().is_none_or(|old| old.token != held.token);
        if is_new {
            // A token that arrives with less than half of its life is not fresh: no storm of
            // requests.
            self.attempts.succeeded(now + pause(1, held.life()));
            self.held = Some(held);
        } else {
            self.failed(None, now);
        }
        is_new
    }

    /// No token has arrived.
    pub(super) fn failed(&mut self, failure: Option<Failure>, now: u64) {
        self.minting = None;
        self.attempts.failed(failure, now, self.held.as_ref().map_or(0, Held::life));
    }

    /// The clock was set back. The claims of the token stay what they are.
    pub(super) fn shift(&mut self, by: u64) {
        self.attempts.shift(by);
    }

    /// When the next one has to be requested for the file of Azure's SDKs.
    pub(super) fn next_try(&self, at: u64) -> u64 {
        at.max(self.attempts.not_before())
    }
}
