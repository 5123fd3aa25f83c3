//! `/v1/exchange`: trades the caller's ID token.

use azure_oidc_core::ports::Ports;
use azure_oidc_jobs::exchange::{self, Body, Refusal};
use azure_oidc_jobs::json::line;

use super::{Head, Problem};

pub(super) fn exchange(head: &Head, body: &Body, ports: Ports<'_>) -> Result<String, Problem> {
    match exchange::serve(body, head.bearer.as_ref(), ports) {
        Ok(answer) => Ok(line(&answer)),
        Err(Refusal::NoToken(fault)) => Err(Problem::without_token(fault)),
        Err(Refusal::Configuration(fault)) => Err(Problem::of_configuration(fault)),
        Err(Refusal::Fault(fault)) => Err(fault.into()),
    }
}
