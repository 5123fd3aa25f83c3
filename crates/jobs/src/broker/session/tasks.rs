//! Starts tasks, applies their results, and computes the time of the next one.

use std::mem;

use super::super::action::{Action, Exchanged, Failure, Outcome, Refusal, Task};
use super::super::cache::{Access, Flight};
use super::super::id_token::{Held, Status, Supply};
use super::super::{answer, message, token_file};
use super::{Phase, Session};

/// How many tasks run at the same time.
const MAX_TASKS: usize = 8;
/// A caller with less time than this, in milliseconds, is not kept waiting for another attempt.
const ONE_ATTEMPT: u64 = 500;

impl Session {
    /// Begins what is due, prints and returns what was collected.
    pub(super) fn end_of_call(&mut self, now: u64) -> Vec<Action> {
        if self.phase != Phase::Ended {
            self.end_waits(now);
            self.begin_due(now);
            self.begin_wanted(now);
            self.wake_up(now);
        }
        mem::take(&mut self.out)
    }

    /// The end of the ID token where no other can be had, and its life.
    pub(super) fn id_end(&self) -> (Option<u64>, u64) {
        (self.id_token.last_end(), self.id_token.held.as_ref().map_or(0, Held::life))
    }

    pub(super) fn mint(&mut self) {
        let is_awaited = !self.waiting.is_empty() || self.entries.iter().any(|entry| !entry.waiting.is_empty());
        let id = self.begin(Task::Mint(self.time_limit(is_awaited)));
        self.id_token.minting = Some(id);
    }

    fn begin(&mut self, task: Task) -> u64 {
        self.last_task += 1;
        self.out.push(Action::Start(self.last_task, task));
        self.last_task
    }

    /// In milliseconds: what the command line allows, or what a caller can wait.
    fn time_limit(&self, is_awaited: bool) -> u32 {
        let limit = match self.phase {
            Phase::Running if is_awaited => self.fixed.caller_waits(),
            _ => self.fixed.timeout,
        };
        u32::try_from(limit).unwrap_or(u32::MAX)
    }

    /// Exchanges and ID tokens whose time has come.
    fn begin_due(&mut self, now: u64) {
        let (last_end, id_life) = self.id_end();
        for entry in &mut self.entries {
            if entry.flight == Flight::None && entry.due(last_end, id_life).is_some_and(|due| due <= now) {
                entry.flight = Flight::Wanted;
            }
        }
        let is_due = self.file_due().is_some_and(|due| due <= now);
        if is_due && self.id_token.minting.is_none() {
            self.mint();
        }
    }

    /// When the file needs the next ID token.
    fn file_due(&self) -> Option<u64> {
        let held = self.id_token.held.as_ref()?;
        let is_offered = self.fixed.offer.token_file && self.phase == Phase::Running;
        (is_offered && self.id_token.supply != Supply::Once).then(|| self.id_token.next_try(token_file::due(held)))
    }

    /// Begins the exchanges that are wanted, as far as there is an ID token and room.
    fn begin_wanted(&mut self, now: u64) {
        let wanted: Vec<_> = (0..self.entries.len())
            .filter(|at| {
                let entry = &self.entries[*at];
                entry.flight == Flight::Wanted && entry.not_before() <= now
            })
            .collect();
        if wanted.is_empty() && self.waiting.is_empty() {
            return;
        }
        match self.id_token.status(now, self.fixed.platform) {
            Status::Awaited => {}
            Status::Wanted => self.mint(),
            Status::Gone(failure) => {
                for at in wanted {
                    self.exchange_failed(at, failure.clone(), now);
                }
                self.answer_id_token(|id| answer::failure(id, &failure));
            }
            Status::Usable(token) => {
                self.answer_id_token(|id| answer::id_token(id, &token));
                let running = self.entries.iter().filter(|entry| matches!(entry.flight, Flight::Task(_))).count();
                for at in wanted.into_iter().take(MAX_TASKS.saturating_sub(running)) {
                    let entry = &self.entries[at];
                    let timeout = self.time_limit(!entry.waiting.is_empty());
                    let task = Task::Exchange { scope: entry.scope.clone(), id_token: token.clone(), timeout };
                    self.entries[at].flight = Flight::Task(self.begin(task));
                }
            }
        }
    }

    pub(super) fn minted(&mut self, outcome: Outcome, now: u64) {
        let read = match outcome {
            Outcome::Minted(token) => {
                Held::read(token, now).map_err(|fault| Failure::new(&fault, format!("error: {fault}\n")))
            }
            Outcome::Failed(failure) => Err(failure),
            Outcome::Exchanged(_) => return,
        };
        match read {
            Ok(held) => self.adopt(held, now),
            Err(failure) if self.phase == Phase::Starting => self.refuse(&failure),
            Err(failure) => self.id_token.failed(Some(failure), now),
        }
    }

    fn adopt(&mut self, held: Held, now: u64) {
        let token = held.token.clone();
        if self.phase == Phase::Starting
            && self.fixed.offer.token_file
            && let Err(failure) = token_file::require_sound(&held)
        {
            return self.refuse(&failure);
        }
        let is_first = self.id_token.held.is_none();
        if self.id_token.arrived(held, now) && self.fixed.offer.token_file {
            self.out.push(Action::WriteTokenFile(token));
        }
        if is_first {
            for scope in self.fixed.first.clone() {
                if let Some(at) = self.entry(&scope, now) {
                    self.entries[at].flight = Flight::Wanted;
                }
            }
        }
    }

    pub(super) fn exchanged(&mut self, at: usize, exchanged: Exchanged, now: u64) {
        if let Some(other) = exchanged.id_token.clone()
            && let Ok(held) = Held::read(other, now)
        {
            self.adopt(held, now);
        }
        let token = Access::new(exchanged, now);
        if token.is_valid(now) {
            self.entries[at].granted(token);
            self.hand_out(at, now);
        } else {
            let failure = message::received_expired(&self.entries[at].scope);
            self.exchange_failed(at, failure, now);
        }
    }

    /// A valid token stays in use. Callers without one wait for another attempt, as far as they
    /// can.
    pub(super) fn exchange_failed(&mut self, at: usize, failure: Failure, now: u64) {
        if self.phase == Phase::Starting {
            return self.refuse(&failure);
        }
        let is_first = self.entries[at].failed(failure.clone(), now);
        if let Some(token) = self.entries[at].valid(now).filter(|_| is_first) {
            let warning = message::not_renewed(&self.entries[at].scope, token.until, &failure);
            self.out.push(Action::Say(warning));
        }
        if !self.entries[at].waiting.is_empty() {
            self.entries[at].hurry();
        }
        let later = if failure.is_passing { self.entries[at].not_before() + ONE_ATTEMPT } else { u64::MAX };
        self.turn_away(at, &failure, later);
        if !self.entries[at].waiting.is_empty() {
            self.entries[at].flight = Flight::Wanted;
        }
    }

    /// Lets the program start when the first scopes are there.
    pub(super) fn start_if_ready(&mut self, now: u64) {
        let is_open = self.id_token.held.is_none() || self.entries.iter().any(|entry| entry.valid(now).is_none());
        if self.phase != Phase::Starting || is_open {
            return;
        }
        self.phase = Phase::Running;
        if let Some(until) = self.id_token.last_end() {
            self.out.push(Action::Say(message::new_scopes_until(until, self.fixed.platform)));
        }
        let environment = self.environment();
        let removed: Vec<_> = environment.unset.iter().copied().filter(|name| self.fixed.is_set(name)).collect();
        if !removed.is_empty() {
            let names = removed.join(", ");
            self.out.push(Action::Say(format!("azure-oidc: removed from the environment: {names}\n")));
        }
        self.out.push(Action::Ready(environment));
    }

    fn refuse(&mut self, failure: &Failure) {
        self.phase = Phase::Ended;
        self.out.push(Action::Refuse(Refusal { exit_code: failure.exit_code, text: failure.text.clone() }));
    }

    /// Asks to be called when the next thing is due.
    fn wake_up(&mut self, now: u64) {
        let (last_end, id_life) = self.id_end();
        let waits =
            self.entries.iter().flat_map(|entry| &entry.waiting).chain(&self.waiting).map(|waiter| waiter.until);
        let dues = self.entries.iter().filter_map(|entry| match entry.flight {
            Flight::None => entry.due(last_end, id_life),
            Flight::Wanted if entry.not_before() > now => Some(entry.not_before()),
            Flight::Wanted | Flight::Task(_) => None,
        });
        let file = self.file_due().filter(|_| self.id_token.minting.is_none());
        let wake = waits.chain(dues).chain(file).min().map(|at| at.max(now + 1));
        if wake != self.wake
            && let Some(at) = wake
        {
            self.out.push(Action::WakeAt(at));
        }
        self.wake = wake;
    }
}
