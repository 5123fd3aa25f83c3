//! The session: handles the start, requests, results of tasks, and the time.

use std::mem;

use azure_oidc_core::Fault;

use super::action::{Action, Environment, Outcome};
use super::cache::{Entry, Flight, Waiter};
use super::environment::{self, ReadyFile};
use super::id_token::IdToken;
use super::protocol::{self, Asked, Request};
use super::settings::{Fixed, Listening, Offer};
use super::{answer, message};
use crate::Context;
use crate::exchange::{self, Notice};
use crate::json;

mod callers;
mod tasks;

/// The tokens of one program.
#[derive(Debug)]
pub struct Session {
    fixed: Fixed,
    pub(super) id_token: IdToken,
    entries: Vec<Entry>,
    /// Callers that wait for the ID token.
    waiting: Vec<Waiter>,
    phase: Phase,
    last_task: u64,
    /// The last time that was told.
    now: u64,
    wake: Option<u64>,
    out: Vec<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The ID token is awaited, then the first scopes.
    Starting,
    Running,
    Ended,
}

impl Session {
    /// Reads the options and the environment, and begins. The notices count in any case.
    pub fn open(
        request: &exchange::Request<'_>,
        offer: Offer,
        listening: Listening,
        context: Context<'_>,
        now: u64,
        notices: &mut Vec<Notice>,
    ) -> Result<(Self, Vec<Action>), Fault> {
        notices.extend(exchange::unread(request, context.ports.env));
        let fixed = Fixed::read(request, offer, listening, context)?;
        let mut session = Self {
            id_token: IdToken::new(fixed.supply),
            fixed,
            entries: Vec::new(),
            waiting: Vec::new(),
            phase: Phase::Starting,
            last_task: 0,
            now,
            wake: None,
            out: Vec::new(),
        };
        session.mint();
        let actions = session.end_of_call(now);
        Ok((session, actions))
    }

    /// Answers a request, now or later.
    pub fn request(&mut self, id: u64, request: &Request, now: u64) -> Vec<Action> {
        self.clock(now);
        let audience = self.id_token.held.as_ref().map_or("", |held| held.audience.as_str());
        match protocol::read(request, &self.fixed, audience) {
            Err(denied) => self.out.push(Action::Reply(answer::denied(id, &denied))),
            Ok(_) if self.phase != Phase::Running => {
                self.out.push(Action::Reply(answer::failure(id, &message::too_late(None))));
            }
            Ok(Asked::IdToken) => self.ask_id_token(id, now),
            Ok(Asked::Access { resource, shape }) => {
                if self.ask_access(id, resource, shape, now) && self.wake.is_some() {
                    // From cache, and nothing else to do.
                    return mem::take(&mut self.out);
                }
            }
        }
        self.end_of_call(now)
    }

    /// The end of a task.
    pub fn done(&mut self, task: u64, outcome: Outcome, notices: &str, now: u64) -> Vec<Action> {
        self.clock(now);
        // Later ID tokens have the same warnings.
        if self.phase == Phase::Starting && !notices.is_empty() {
            self.out.push(Action::Say(notices.to_owned()));
        }
        if self.phase == Phase::Ended {
            return self.end_of_call(now);
        }
        if self.id_token.minting == Some(task) {
            self.minted(outcome, now);
        } else if let Some(at) = self.entries.iter().position(|entry| entry.flight == Flight::Task(task)) {
            match outcome {
                Outcome::Exchanged(exchanged) => self.exchanged(at, exchanged, now),
                Outcome::Failed(failure) => self.exchange_failed(at, failure, now),
                Outcome::Minted(_) => {}
            }
        }
        self.start_if_ready(now);
        self.end_of_call(now)
    }

    /// Advances the clock, and starts the tasks that are due.
    pub fn tick(&mut self, now: u64) -> Vec<Action> {
        self.clock(now);
        self.wake = None;
        self.end_of_call(now)
    }

    /// The ready file. `removed` are the variables that were removed because of their values.
    pub fn ready_file(&self, pid: u32, removed: &[String]) -> String {
        json::line(&ReadyFile::new(pid, &self.fixed, &self.environment(), removed, self.id_token.last_end()))
    }

    fn environment(&self) -> Environment {
        environment::of(&self.fixed, self.id_token.held.as_ref())
    }

    /// A clock that was set back makes no token live longer.
    fn clock(&mut self, now: u64) {
        let back = self.now.saturating_sub(now);
        if back > 1_000 {
            for entry in &mut self.entries {
                entry.shift(back);
            }
            self.id_token.shift(back);
            for waiter in &mut self.waiting {
                waiter.until = waiter.until.saturating_sub(back);
            }
            self.wake = None;
        }
        self.now = now;
    }
}
