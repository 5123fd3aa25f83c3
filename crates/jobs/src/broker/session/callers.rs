//! Answers callers: from the cache at once, or after one exchange for all callers of a scope.

use super::super::action::{Action, Failure, Reply};
use super::super::cache::{Entry, Flight, MAX_SCOPES, Waiter};
use super::super::id_token::Status;
use super::super::protocol::Shape;
use super::super::{answer, message};
use super::Session;

/// How many callers wait at the same time. A hundred processes are many.
const MAX_WAITING: usize = 1_000;

impl Session {
    pub(super) fn ask_id_token(&mut self, id: u64, now: u64) {
        let waiter = Waiter { id, until: now + self.fixed.caller_waits(), asked: None };
        match self.id_token.status(now, self.fixed.platform) {
            Status::Usable(token) => self.reply(answer::id_token(id, &token)),
            Status::Gone(failure) => self.reply(answer::failure(id, &failure)),
            Status::Awaited | Status::Wanted if self.is_full() => {
                self.reply(answer::failure(id, &message::too_late(None)));
            }
            Status::Awaited | Status::Wanted => self.waiting.push(waiter),
        }
    }

    /// Returns whether the answer was there and nothing else has to be done.
    pub(super) fn ask_access(&mut self, id: u64, resource: String, shape: Shape, now: u64) -> bool {
        let scope = match resource.ends_with("/.default") {
            true => resource.clone(),
            false => format!("{resource}/.default"),
        };
        let Some(at) = self.entry(&scope, now) else {
            let message = format!("More than {MAX_SCOPES} resources were asked for");
            self.reply(answer::denied(id, &(400, message)));
            return true;
        };
        let (last_end, id_life) = self.id_end();
        let entry = &self.entries[at];
        if let Some(token) = entry.valid(now) {
            let is_due = entry.flight == Flight::None && entry.due(last_end, id_life).is_some_and(|due| due <= now);
            let reply = answer::access(id, token, &resource, shape, self.fixed.client_id(), now);
            self.reply(reply);
            return !is_due;
        }
        if let Some(failure) = entry.answer_at_once(now, self.fixed.caller_waits()) {
            self.reply(answer::failure(id, &failure));
            return true;
        }
        if self.is_full() {
            self.reply(answer::failure(id, &message::too_late(None)));
            return true;
        }
        let waiter = Waiter { id, until: now + self.fixed.caller_waits(), asked: Some((resource, shape)) };
        let entry = &mut self.entries[at];
        entry.waiting.push(waiter);
        entry.hurry();
        if entry.flight == Flight::None {
            entry.flight = Flight::Wanted;
        }
        false
    }

    /// The place of a scope. None when there is no room for a new one.
    pub(super) fn entry(&mut self, scope: &str, now: u64) -> Option<usize> {
        let kept_as = self.fixed.kept_as(scope);
        if let Some(at) = self.entries.iter().position(|entry| entry.scope == kept_as) {
            return Some(at);
        }
        if self.entries.len() >= MAX_SCOPES {
            self.entries.retain(|entry| !entry.is_idle(now));
        }
        if self.entries.len() >= MAX_SCOPES {
            return None;
        }
        self.entries.push(Entry::new(kept_as.to_owned()));
        Some(self.entries.len() - 1)
    }

    fn is_full(&self) -> bool {
        self.waiting.len() + self.entries.iter().map(|entry| entry.waiting.len()).sum::<usize>() >= MAX_WAITING
    }

    pub(super) fn reply(&mut self, reply: Reply) {
        self.out.push(Action::Reply(reply));
    }

    /// Answers all who wait for the ID token.
    pub(super) fn answer_id_token(&mut self, answer: impl Fn(u64) -> Reply) {
        let replies = self.waiting.drain(..).map(|waiter| Action::Reply(answer(waiter.id)));
        self.out.extend(replies);
    }

    /// Answers all who wait for this scope with its token.
    pub(super) fn hand_out(&mut self, at: usize, now: u64) {
        let client_id = self.fixed.client_id();
        let entry = &mut self.entries[at];
        let waiting = std::mem::take(&mut entry.waiting);
        let Some(token) = &entry.token else { return };
        for Waiter { id, asked, .. } in waiting {
            if let Some((resource, shape)) = asked {
                self.out.push(Action::Reply(answer::access(id, token, &resource, shape, client_id, now)));
            }
        }
    }

    /// Answers those who wait for this scope and may not wait until `later`.
    pub(super) fn turn_away(&mut self, at: usize, failure: &Failure, later: u64) {
        let (wait, go): (Vec<_>, _) = self.entries[at].waiting.drain(..).partition(|waiter| waiter.until > later);
        self.entries[at].waiting = wait;
        self.out.extend(go.into_iter().map(|waiter| Action::Reply(answer::failure(waiter.id, failure))));
    }

    /// Tells those whose time is over that there is no answer yet.
    pub(super) fn end_waits(&mut self, now: u64) {
        for at in 0..self.entries.len() {
            let failure = message::too_late(self.entries[at].failure());
            self.turn_away(at, &failure, now);
        }
        let (wait, go): (Vec<_>, _) = self.waiting.drain(..).partition(|waiter| waiter.until > now);
        self.waiting = wait;
        let failure = message::too_late(None);
        self.out.extend(go.into_iter().map(|waiter| Action::Reply(answer::failure(waiter.id, &failure))));
    }
}
