//! The trade as a value: it says what to send next, takes what came back, and ends with all access tokens or one fault.
//!
//! One POST a scope (RFC 6749 §4.4 with the client assertion of RFC 7523 §2.2), all at the same time. [`run`] drives it over the
//! ports; everything that can be wrong is decided in [`Exchange`], which does nothing by itself.

use std::time::Duration;

use crate::authority::{Authority, ClientId, Scope, Tenant};
use crate::fault::{Category, Fault};
use crate::ports::{Ports, Random, Request, Response, TransportError};
use crate::secret::Secret;

mod answer;
mod request;
pub use request::USER_AGENT;
mod retry;

use answer::Answer;

/// What to trade for what, and how long to try.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Where to sign in.
    pub authority: Authority,
    /// Which tenant.
    pub tenant: Tenant,
    /// As which application or managed identity.
    pub client_id: ClientId,
    /// One access token for each.
    pub scopes: Vec<Scope>,
    /// The CI job's ID token.
    pub assertion: Secret,
    /// For everything together.
    pub timeout: Duration,
    /// How often one request may be asked again after a passing failure.
    pub retries: u32,
    /// How long to ask again while Entra finds no matching credential, because one was made a moment ago.
    pub replication_wait: Duration,
}

/// An Azure access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// What it is for.
    pub scope: Scope,
    /// The token.
    pub token: Secret,
    /// Normally `Bearer`.
    pub token_type: String,
    /// When it ends, in seconds since 1970.
    pub expires_on: i64,
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Send these, at the same time, and hand the results to [`Exchange::answered`].
    Send {
        /// One for each scope that has no token yet.
        requests: Vec<Request>,
        /// For each.
        timeout: Duration,
    },
    /// Wait, then ask again.
    Wait(Duration),
    /// The assertion has run out: get a new one for [`Exchange::renewed`], if there is one to be had.
    Renew,
    /// The end.
    Done(Result<Vec<AccessToken>, Fault>),
}

/// One trade, under way.
#[derive(Debug)]
pub struct Exchange {
    terms: Terms,
    started: Duration,
    asks: Vec<Ask>,
    renewed: bool,
    state: State,
}

/// One scope of a trade.
#[derive(Debug)]
struct Ask {
    scope: Scope,
    /// A GUID of our own that Entra's logs and answers carry.
    request_id: String,
    tries: u32,
    token: Option<AccessToken>,
}

#[derive(Debug)]
enum State {
    Asking,
    Pausing(Duration),
    /// Holds what to say when there is no new assertion.
    Renewing(Fault),
    Failed(Fault),
}

impl Exchange {
    /// Nothing has been sent yet. `started` is the monotonic time now.
    pub fn new(terms: Terms, started: Duration, random: &dyn Random) -> Self {
        let asks = terms
            .scopes
            .iter()
            .map(|scope| Ask { scope: scope.clone(), request_id: request::id(random), tries: 0, token: None })
            .collect();
        Self { terms, started, asks, renewed: false, state: State::Asking }
    }

    /// What to do at this moment.
    pub fn next(&mut self, monotonic: Duration) -> Step {
        match std::mem::replace(&mut self.state, State::Asking) {
            State::Failed(fault) => return Step::Done(Err(fault)),
            State::Pausing(pause) => return Step::Wait(pause),
            State::Renewing(fault) => {
                self.state = State::Renewing(fault);
                return Step::Renew;
            }
            State::Asking => {}
        }
        let open = self.asks.iter().filter(|ask| ask.token.is_none());
        let requests: Vec<_> = open.map(|ask| request::token(&self.terms, &ask.scope, &ask.request_id)).collect();
        if requests.is_empty() {
            return Step::Done(Ok(self.asks.iter_mut().filter_map(|ask| ask.token.take()).collect()));
        }
        let remaining = self.remaining(monotonic);
        Step::Send { requests, timeout: retry::attempt_timeout(self.terms.timeout, remaining, self.terms.retries) }
    }

    /// Takes the results of the last [`Step::Send`], in its order. `now` is in seconds since 1970.
    pub fn answered(
        &mut self,
        results: Vec<Result<Response, TransportError>>,
        now: i64,
        monotonic: Duration,
        random: &dyn Random,
    ) {
        let remaining = self.remaining(monotonic);
        let elapsed = monotonic.saturating_sub(self.started);
        let replication = self.terms.replication_wait.saturating_sub(elapsed);
        let mut pause = None;
        let mut expired = None;
        let mut faults = Vec::new();
        for (ask, result) in self.asks.iter_mut().filter(|ask| ask.token.is_none()).zip(results) {
            ask.tries += 1;
            let place = |fault| placed(fault, &ask.scope, &ask.request_id, &self.terms);
            match answer::read(result, now) {
                Answer::Token { token, token_type, expires_on } => {
                    ask.token = Some(AccessToken { scope: ask.scope.clone(), token, token_type, expires_on });
                }
                Answer::Expired(fault) if !self.renewed => expired = Some(place(fault)),
                Answer::Unmatched(fault) => match retry::replication_pause(replication, remaining) {
                    Some(time) => pause = pause.max(Some(time)),
                    None => faults.push(place(fault)),
                },
                Answer::Passing { fault, after } => {
                    match retry::pause(ask.tries, self.terms.retries, after, remaining, random) {
                        Some(time) => pause = pause.max(Some(time)),
                        None => faults.push(place(retry::gave_up(fault, ask.tries, after, remaining))),
                    }
                }
                Answer::Expired(fault) | Answer::Final(fault) => faults.push(place(fault)),
            }
        }
        // A refusal says more than a failed connection beside it.
        let worst = faults.iter().position(|fault| fault.category == Category::Refused).unwrap_or_default();
        self.state = match (faults.into_iter().nth(worst), expired, pause) {
            (Some(fault), _, _) => State::Failed(fault),
            (None, Some(fault), _) => State::Renewing(fault),
            (None, None, Some(time)) => State::Pausing(time),
            (None, None, None) => State::Asking,
        };
    }

    /// The answer to [`Step::Renew`]: a new assertion, or nothing when the same one is all there is.
    pub fn renewed(&mut self, assertion: Option<Secret>) {
        self.renewed = true;
        match std::mem::replace(&mut self.state, State::Asking) {
            State::Renewing(fault) => match assertion {
                Some(assertion) if assertion != self.terms.assertion => self.terms.assertion = assertion,
                _ => self.state = State::Failed(fault),
            },
            state => self.state = state,
        }
    }

    fn remaining(&self, monotonic: Duration) -> Duration {
        self.terms.timeout.saturating_sub(monotonic.saturating_sub(self.started))
    }
}

/// Drives an exchange to its end. `renew` is called at most once, when the assertion has run out.
pub fn run(
    terms: Terms,
    ports: Ports<'_>,
    renew: &mut dyn FnMut() -> Option<Secret>,
) -> Result<Vec<AccessToken>, Fault> {
    let mut exchange = Exchange::new(terms, ports.clock.monotonic(), ports.random);
    loop {
        match exchange.next(ports.clock.monotonic()) {
            Step::Send { requests, timeout } => {
                let results = ports.http.send(&requests, timeout);
                exchange.answered(results, ports.clock.now(), ports.clock.monotonic(), ports.random);
            }
            Step::Wait(time) => ports.clock.sleep(time),
            Step::Renew => exchange.renewed(renew()),
            Step::Done(result) => return result,
        }
    }
}

/// Says where a fault happened: which scope, at which authority, under which request id.
fn placed(mut fault: Fault, scope: &Scope, request_id: &str, terms: &Terms) -> Fault {
    fault = fault.fact("authority", terms.authority.base()).fact("scope", scope.value.clone());
    let echoed = fault.entra.as_ref().is_some_and(|entra| entra.correlation_id.is_some());
    if !echoed {
        fault = fault.fact("correlation id", request_id);
    }
    fault
}

#[cfg(test)]
mod tests;
