//! Obtains the ID token that the options of a command name, and `id-token`, which hands it over.

use azure_oidc_cli::{IdTokenArgs, PlatformArgs, TokenSource};
use azure_oidc_core::Fault;
use azure_oidc_core::plan::{Limits, TokenInputs, TokenPlan};
use azure_oidc_core::platform::Publication;
pub(crate) use azure_oidc_jobs::id_token::Obtained;
use azure_oidc_jobs::id_token::{Order, hand_over};
use azure_oidc_jobs::{Deadline, id_token};

use super::{Context, Outcome};

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

/// `id-token`.
pub(super) fn run(args: &IdTokenArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let audience = args.wanted_audience(context.ports.env);
    let order = Order { source: args.inputs(audience.as_deref()), form: &args.output, timeout: args.timeout };
    Ok(match hand_over(&order, context)? {
        Publication::Print(text) => Outcome::printed(text.reveal().to_owned()),
        publication => Outcome { publish: vec![publication], ..Outcome::default() },
    })
}
