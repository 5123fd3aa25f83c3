//! Exchanges an ID token for access tokens, one for each scope.
//!
//! Sends one POST for each scope (RFC 6749 §4.4 with the client assertion of RFC 7523 §2.2), all at
//! the same time. [`Exchange`] is a state machine without input and output: it says what to send
//! next and reads the answers. [`run`] executes it with the ports.

use std::time::Duration;

use crate::authority::{Authority, ClientId, Scope, Tenant};
use crate::fault::{Category, Fault};
use crate::ports::{Ports, Random, Request, Response, TransportError};
use crate::secret::Secret;

mod answer;
pub mod registry;
mod request;
pub use answer::is_about_subject;
pub use request::USER_AGENT;
pub use retry::share;
mod retry;

use answer::Answer;
use retry::Repeats;

/// The parameters of an exchange.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The sign-in service.
    pub authority: Authority,
    /// The tenant.
    pub tenant: Tenant,
    /// The application or managed identity.
    pub client_id: ClientId,
    /// The scopes. Each gets one access token.
    pub scopes: Vec<Scope>,
    /// The CI job's ID token.
    pub assertion: Secret,
    /// The deadline for the whole exchange, including retries.
    pub timeout: Duration,
    /// How often one request is repeated after a temporary failure.
    pub retries: u32,
    /// How long to repeat requests while Entra finds no matching credential or cannot reach the
    /// issuer: after a change, both can disappear without action.
    pub replication_wait: Duration,
    /// Another ID token of the same job. It is sent when Entra refuses the first for its subject.
    pub alternative: Option<Secret>,
}

/// The result of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// One access token for each scope.
    pub tokens: Vec<AccessToken>,
    /// The ID token that Entra accepted: the first, a renewed one, or the alternative.
    pub assertion: Secret,
}

/// An Azure access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The scope.
    pub scope: Scope,
    /// The token.
    pub token: Secret,
    /// The type, normally `Bearer`.
    pub token_type: String,
    /// The expiry, in seconds since 1970.
    pub expires_on: i64,
}

/// The next step of an exchange.
#[derive(Debug)]
pub enum Step {
    /// Send these requests at the same time, and pass the results to [`Exchange::answered`].
    Send {
        /// One request for each scope without a token.
        requests: Vec<Request>,
        /// The time limit of each request.
        timeout: Duration,
    },
    /// Wait, then call [`Exchange::next`] again.
    Wait(Duration),
    /// The assertion has expired. Request a new one, if possible, and pass it to
    /// [`Exchange::renewed`].
    Renew,
    /// The exchange has ended.
    Done(Result<Granted, Fault>),
}

/// A running exchange.
#[derive(Debug)]
pub struct Exchange {
    terms: Terms,
    started: Duration,
    scopes: Vec<ScopeState>,
    renewed: bool,
    repeats: Repeats,
    /// The refusal of the first ID token, while the alternative is in use.
    first_refusal: Option<Fault>,
    state: State,
}

/// The state of one scope.
#[derive(Debug)]
struct ScopeState {
    scope: Scope,
    /// The GUID of the request, which appears in Entra's logs and answers.
    request_id: String,
    tries: u32,
    token: Option<AccessToken>,
}

#[derive(Debug)]
enum State {
    Sending,
    Pausing(Duration),
    /// Holds the fault for the case that there is no new assertion.
    Renewing(Fault),
    Failed(Fault),
}

impl Exchange {
    /// A new exchange. `started` is the current monotonic time.
    pub fn new(terms: Terms, started: Duration, random: &dyn Random) -> Self {
        let scopes = terms
            .scopes
            .iter()
            .map(|scope| ScopeState { scope: scope.clone(), request_id: request::id(random), tries: 0, token: None })
            .collect();
        let repeats = Repeats::new(terms.replication_wait);
        Self { terms, started, scopes, renewed: false, repeats, first_refusal: None, state: State::Sending }
    }

    /// The next step.
    pub fn next(&mut self, monotonic: Duration) -> Step {
        match std::mem::replace(&mut self.state, State::Sending) {
            State::Failed(fault) => return Step::Done(Err(fault)),
            State::Pausing(pause) => return Step::Wait(pause),
            State::Renewing(fault) => {
                self.state = State::Renewing(fault);
                return Step::Renew;
            }
            State::Sending => {}
        }
        let open = self.scopes.iter().filter(|state| state.token.is_none());
        let requests: Vec<_> = open.map(|state| request::token(&self.terms, &state.scope, &state.request_id)).collect();
        if requests.is_empty() {
            let tokens = self.scopes.iter_mut().filter_map(|state| state.token.take()).collect();
            return Step::Done(Ok(Granted { tokens, assertion: self.terms.assertion.clone() }));
        }
        let remaining = self.remaining(monotonic);
        Step::Send { requests, timeout: retry::attempt_timeout(self.terms.timeout, remaining, self.terms.retries) }
    }

    /// Reads the results of the last [`Step::Send`], in its order. `now` is in seconds since 1970.
    pub fn answered(
        &mut self,
        results: Vec<Result<Response, TransportError>>,
        now: i64,
        monotonic: Duration,
        random: &dyn Random,
    ) {
        let remaining = self.remaining(monotonic);
        let mut pause = None;
        let mut passing = None;
        let mut expired = None;
        let mut faults = Vec::new();
        for (state, result) in self.scopes.iter_mut().filter(|state| state.token.is_none()).zip(results) {
            state.tries += 1;
            let locate = |fault| with_location(fault, &state.scope, &state.request_id, &self.terms);
            match answer::read(result, now) {
                Answer::Token { token, token_type, expires_on } => {
                    state.token = Some(AccessToken { scope: state.scope.clone(), token, token_type, expires_on });
                }
                Answer::Expired(fault) if !self.renewed && self.first_refusal.is_none() => {
                    expired = Some(locate(fault));
                }
                Answer::Passing(fault) => passing = passing.or(Some((locate(fault), state.tries))),
                Answer::Temporary { fault, after } => {
                    match retry::pause(state.tries, self.terms.retries, after, remaining, random) {
                        Some(time) => pause = pause.max(Some(time)),
                        None => faults.push(locate(retry::gave_up(fault, state.tries, after, remaining))),
                    }
                }
                Answer::Expired(fault) | Answer::Final(fault) => faults.push(locate(fault)),
            }
        }
        if let Some((fault, tries)) = passing {
            match self.repeat(&fault, remaining) {
                Some(time) => pause = pause.max(Some(time)),
                None => faults.push(retry::still_refused(fault, tries)),
            }
        }
        // A refusal is more useful than a failed connection.
        let worst = faults.iter().position(|fault| fault.category == Category::Refused).unwrap_or_default();
        self.state = match (faults.into_iter().nth(worst), expired, pause) {
            // What is wrong with the first ID token is what a person can act on.
            (Some(fault), _, _) => State::Failed(self.first_refusal.take().unwrap_or(fault)),
            (None, Some(fault), _) => State::Renewing(fault),
            (None, None, Some(time)) if !time.is_zero() => State::Pausing(time),
            (None, None, _) => State::Sending,
        };
    }

    /// The answer to [`Step::Renew`]: a new assertion, or None when there is none.
    pub fn renewed(&mut self, assertion: Option<Secret>) {
        self.renewed = true;
        match std::mem::replace(&mut self.state, State::Sending) {
            State::Renewing(fault) => match assertion {
                Some(assertion) if assertion != self.terms.assertion => self.terms.assertion = assertion,
                _ => self.state = State::Failed(fault),
            },
            state => self.state = state,
        }
    }

    /// The pause before the requests are sent again, after a refusal that may pass. The alternative
    /// is sent at once; after it the pause begins, and then the first ID token is sent again.
    fn repeat(&mut self, fault: &Fault, remaining: Duration) -> Option<Duration> {
        let Terms { assertion, alternative, .. } = &mut self.terms;
        match (&self.first_refusal, alternative) {
            (None, Some(alternative)) if answer::is_about_subject(fault) => {
                std::mem::swap(assertion, alternative);
                self.first_refusal = Some(retry::still_refused(fault.clone(), 1));
                Some(Duration::ZERO)
            }
            (refused, alternative) => {
                let pause = self.repeats.pause(remaining)?;
                if let (Some(_), Some(alternative)) = (refused, alternative) {
                    std::mem::swap(assertion, alternative);
                    self.first_refusal = None;
                }
                Some(pause)
            }
        }
    }

    fn remaining(&self, monotonic: Duration) -> Duration {
        self.terms.timeout.saturating_sub(monotonic.saturating_sub(self.started))
    }
}

/// Executes an exchange. Calls `renew` at most once, when the assertion has expired.
pub fn run(terms: Terms, ports: Ports<'_>, renew: &mut dyn FnMut() -> Option<Secret>) -> Result<Granted, Fault> {
    for assertion in [&terms.assertion].into_iter().chain(&terms.alternative) {
        ports.secrets.learn(assertion.reveal());
    }
    let mut exchange = Exchange::new(terms, ports.clock.monotonic(), ports.random);
    loop {
        match exchange.next(ports.clock.monotonic()) {
            Step::Send { requests, timeout } => {
                let results = ports.http.send(&requests, timeout);
                exchange.answered(results, ports.clock.now(), ports.clock.monotonic(), ports.random);
                let tokens = exchange.scopes.iter().filter_map(|state| state.token.as_ref());
                tokens.for_each(|granted| ports.secrets.learn(granted.token.reveal()));
            }
            Step::Wait(time) => ports.clock.sleep(time),
            Step::Renew => {
                let assertion = renew();
                assertion.iter().for_each(|assertion| ports.secrets.learn(assertion.reveal()));
                exchange.renewed(assertion);
            }
            Step::Done(result) => return result,
        }
    }
}

/// Adds the authority, the scope and the request id to a fault.
fn with_location(mut fault: Fault, scope: &Scope, request_id: &str, terms: &Terms) -> Fault {
    fault = fault.fact("authority", terms.authority.base()).fact("scope", scope.value.clone());
    let echoed = fault.entra.as_ref().is_some_and(|entra| entra.correlation_id.is_some());
    if !echoed {
        fault = fault.fact("correlation id", request_id);
    }
    fault
}

#[cfg(test)]
mod tests;
