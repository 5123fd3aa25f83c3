//! Obtains the ID token that the options of a command name.

use azure_oidc_cli::{PlatformArgs, TokenSource};
use azure_oidc_core::Fault;
use azure_oidc_core::plan::{Limits, TokenInputs, TokenPlan};
pub(crate) use azure_oidc_jobs::id_token::Obtained;
use azure_oidc_jobs::{Deadline, id_token};

use super::Context;

/// The source of the token.
pub(super) struct Wanted<'a>(TokenInputs<'a>);

impl<'a> Wanted<'a> {
    /// The source that the options name.
    pub(super) fn by(source: &'a TokenSource, platform: &'a PlatformArgs) -> Self {
        Self(source.inputs(platform))
    }
}

/// Obtains the token.
pub(super) fn obtain(wanted: &Wanted<'_>, context: Context<'_>) -> Result<Obtained, Fault> {
    let plan = TokenPlan::resolve(&wanted.0, None, context.ports.env)?;
    id_token::obtain(&plan, Deadline::after(Limits::DEFAULT.timeout, context.ports.clock), context)
}
