//! `exchange`: trades an ID token for access tokens.
//!
//! [`run`] is the whole job, as the command line has it: settings, plan, ID token, pre-flight,
//! trade, publication, in this order, so that what can fail without the network fails before it.
//! The typed interface and the HTTP service bring the ID token and take the answer: [`trade`] is
//! the part that all three share.

mod answer;
mod audience;
mod notice;
mod order;
mod preflight;
mod publication;
mod request;
mod service;
mod settings;
mod step;
mod trade;
mod trust;

pub use answer::{AccessToken, Answer, Body};
pub use notice::Notice;
pub(crate) use notice::unread;
pub use request::{Request, SignIn};
pub use service::{Refusal, serve};
pub use settings::Settings;
pub(crate) use settings::{explain_missing, of_command, scopes};
pub(crate) use step::{Step, fitting};
pub use trade::trade;

use std::time::Duration;

use azure_oidc_core::check::NEVER_MATCHES;
use azure_oidc_core::credential::{Credential, forms};
use azure_oidc_core::plan::{Limits, Plan, STANDARD_INPUT, TokenPlan};
use azure_oidc_core::platform::Publication;
use azure_oidc_core::settings::SUBSCRIPTION_ID;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault, Secret};

use crate::id_token::Obtained;
use crate::{Context, Deadline, id_token};
use order::Order;

/// Trades the job's ID token and returns what to publish. The notices count whether it succeeds or
/// fails.
pub fn run(request: &Request<'_>, context: Context<'_>, notices: &mut Vec<Notice>) -> Result<Vec<Publication>, Fault> {
    let deadline = Deadline::after(request.limits.timeout, context.ports.clock);
    notices.extend(notice::unread(request, context.ports.env));
    let settings::OfCommand { settings, names, is_debug } = settings::of_command(request, context)?;
    let plan = Plan::resolve(&request.plan, settings.endpoint.cloud, context.ports.env)?;
    let credentials = request.credential.map(|name| read_credentials(name, context, notices)).transpose()?;

    let obtain = || id_token::obtain(&plan.token, deadline, context);
    let id_token = obtain()?;
    let token = id_token.parse()?;
    if let Some(audience) = request.plan.token.audience {
        audience::require(audience, &token, &id_token, &plan.token)?;
    }
    publication::require_platform_file(&plan.output, context)?;
    let alternative = alternative(&plan.token, context);

    let first = Order {
        settings: &settings,
        id_token: &id_token,
        token: &token,
        alternative: alternative.as_ref().map(|(id_token, token)| (id_token, token)),
        platform: plan.token.platform.name(),
        credentials: credentials.as_deref(),
        shell: request.shell,
    };
    let order = if request.preflight { preflight::choose(first, context.ports.clock.now(), notices)? } else { first };
    if is_debug {
        notices.extend(notice::decisions(&order, plan.token.platform.title()));
    }

    // No credential can come that has a subject of this run alone, so waiting for one is no use.
    let is_hopeless = notices.iter().any(|notice| matches!(notice, Notice::Warning(one) if one.code == NEVER_MATCHES));
    let mut limits = Limits { timeout: deadline.left(context.ports.clock), ..request.limits };
    if is_hopeless {
        limits.replication_wait = Duration::ZERO;
    }
    let traded = trade::send(&order, limits, context.ports, &mut || Some(obtain().ok()?.token));
    let traded = traded.map_err(|mut fault| {
        fault.hints.retain(|hint| !is_hopeless || !hint.contains("--replication-wait"));
        fault
    })?;
    notices.retain(|notice| !matches!(notice, Notice::Warning(finding) if finding.is_for_refusals()));
    notices.extend(traded.notice(&order));

    let subscription_id = SUBSCRIPTION_ID.iter().find_map(|name| context.ports.env.present(name));
    let outcome = publication::Outcome { order: &order, traded: &traded, names: &names, subscription_id };
    publication::publish(&plan.output, &outcome, deadline, context, notices)
}

/// Another ID token of the job, if it can be read.
fn alternative(plan: &TokenPlan, context: Context<'_>) -> Option<(Obtained, Token)> {
    let name = plan.alternative.as_ref()?;
    let token = Secret::new(context.ports.env.present(name)?);
    context.ports.secrets.learn(token.reveal());
    let obtained = Obtained { token, place: format!("`{name}`") };
    let token = obtained.parse().ok()?;
    Some((obtained, token))
}

fn read_credentials(name: &str, context: Context<'_>, notices: &mut Vec<Notice>) -> Result<Vec<Credential>, Fault> {
    let bytes = context.files.read(name).map_err(|why| {
        let name = if name == STANDARD_INPUT { "Standard input" } else { name };
        Fault::new(Category::Usage, "file-unreadable", format!("{name}, named by `--credential`, {why}"))
            .hint(forms::LIST_HINT)
    })?;
    let parsed = forms::parse_bytes(&bytes)?;
    notices.extend(parsed.notes.into_iter().map(|note| Notice::Warning(note.into())));
    Ok(parsed.credentials)
}

#[cfg(test)]
mod tests;
