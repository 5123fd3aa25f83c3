//! The steps of an exchange one by one, for a session that takes them at different times.

use azure_oidc_core::plan::{Limits, Plan, TokenPlan};
use azure_oidc_core::{Fault, Secret};

use super::answer::AccessToken;
use super::notice::{self, Notice};
use super::order::Order;
use super::request::Request;
use super::settings::{self, OfCommand, Settings};
use super::{alternative, audience, preflight, trade};
use crate::id_token::{self, Obtained};
use crate::{Context, Deadline};

/// Options of `exchange` that the commands in steps do not have. Their standard input belongs to
/// another protocol, or to the program that they run.
const OF_EXCHANGE: [&str; 3] = ["`--no-preflight`", "`--replication-wait", "exchange --id-token -`"];
/// As a part of a hint.
const STDIN_TOO: &str = ", or `--id-token -` for standard input";

/// Removes hints with options that do not exist there.
pub(crate) fn fitting(mut fault: Fault) -> Fault {
    fault.hints.retain(|hint| !OF_EXCHANGE.iter().any(|option| hint.contains(option)));
    for hint in &mut fault.hints {
        if let Some(at) = hint.find(STDIN_TOO) {
            hint.replace_range(at..at + STDIN_TOO.len(), "");
        }
    }
    fault
}

/// What every step needs.
pub(crate) struct Step {
    pub(crate) settings: Settings,
    pub(crate) plan: TokenPlan,
    is_debug: bool,
}

impl Step {
    /// Reads the options and the environment.
    pub(crate) fn new(request: &Request<'_>, context: Context<'_>) -> Result<Self, Fault> {
        let OfCommand { settings, is_debug, .. } = settings::of_command(request, context)?;
        let plan = Plan::resolve(&request.plan, settings.endpoint.cloud, context.ports.env)?.token;
        Ok(Self { settings, plan, is_debug })
    }

    /// Checks that Entra can accept the ID token, or the job's other one. Returns the one that it
    /// can accept.
    pub(crate) fn check(
        &self,
        request: &Request<'_>,
        obtained: &Obtained,
        context: Context<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<Secret, Fault> {
        let token = obtained.parse()?;
        if let Some(wanted) = request.plan.token.audience {
            audience::require(wanted, &token, obtained, &self.plan)?;
        }
        let order = Order {
            settings: &self.settings,
            id_token: obtained,
            token: &token,
            alternative: None,
            platform: self.plan.platform.name(),
            credentials: None,
            shell: request.shell,
        };
        if self.is_debug {
            notices.extend(notice::decisions(&order, self.plan.platform.title()));
        }
        let mut warnings = preflight::check(&order, context.ports.clock.now())?;
        warnings.retain(|warning| !warning.is_for_refusals());
        notices.extend(warnings.into_iter().map(Notice::Warning));
        Ok(obtained.token.clone())
    }

    /// Trades the ID token. Returns the one that Entra accepted too: a newer one when it had
    /// expired, or the job's other one.
    pub(crate) fn trade(
        &self,
        request: &Request<'_>,
        obtained: &Obtained,
        limits: Limits,
        context: Context<'_>,
    ) -> Result<(AccessToken, Secret), Fault> {
        let token = obtained.parse()?;
        let other = alternative(&self.plan, context).filter(|(other, _)| other.token != obtained.token);
        let order = Order {
            settings: &self.settings,
            id_token: obtained,
            token: &token,
            alternative: other.as_ref().map(|(id_token, token)| (id_token, token)),
            platform: self.plan.platform.name(),
            credentials: None,
            shell: request.shell,
        };
        let deadline = Deadline::after(limits.timeout, context.ports.clock);
        let renew = || Some(id_token::obtain(&self.plan, deadline, context).ok()?.token);
        let mut traded = trade::send(&order, limits, context.ports, &mut || renew())?;
        match traded.answer.tokens.pop() {
            Some(token) => Ok((token, traded.assertion)),
            None => Err(no_token()),
        }
    }
}

fn no_token() -> Fault {
    Fault::new(azure_oidc_core::Category::Network, "answer-unusable", "The authority answered without a token")
}
