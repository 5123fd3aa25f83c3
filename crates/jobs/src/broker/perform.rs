//! The tasks that need the network: requesting an ID token, and exchanging one. Both are steps of
//! an exchange of the command line.

use std::time::Duration;

use azure_oidc_core::authority::Scope;
use azure_oidc_core::plan::Limits;
use azure_oidc_core::{Fault, Secret};

use super::action::Exchanged;
use crate::exchange::{Notice, Request, Step, fitting};
use crate::id_token::{self, Obtained};
use crate::{Context, Deadline};

/// Obtains an ID token and checks that Entra can accept it.
pub fn mint(
    request: &Request<'_>,
    timeout: Duration,
    context: Context<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Secret, Fault> {
    let step = Step::new(request, context)?;
    let obtained = id_token::obtain(&step.plan, Deadline::after(timeout, context.ports.clock), context)?;
    step.check(request, &obtained, context, notices).map_err(fitting)
}

/// Trades an ID token for one access token.
pub fn exchange(
    request: &Request<'_>,
    scope: &str,
    id_token: Secret,
    timeout: Duration,
    context: Context<'_>,
) -> Result<Exchanged, Fault> {
    let mut step = Step::new(request, context)?;
    step.settings.scopes = vec![Scope::parse(scope, step.settings.endpoint.cloud, "the request")?];
    let given = Obtained { token: id_token.clone(), place: id_token::place(&step.plan) };
    let limits = Limits { timeout, ..request.limits };
    let (token, assertion) = step.trade(request, &given, limits, context).map_err(fitting)?;
    Ok(Exchanged {
        access_token: token.access_token,
        token_type: token.token_type,
        expires_on: token.expires_on,
        id_token: (assertion != id_token).then_some(assertion),
    })
}
