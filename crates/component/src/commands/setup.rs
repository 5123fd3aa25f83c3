//! `setup`: writes the script that creates an identity, its credentials and its roles.

use azure_oidc_cli::SetupArgs;
use azure_oidc_core::Fault;
use azure_oidc_jobs::setup::{self, Request};

use super::{Context, Outcome, credential, text};

pub(super) fn run(args: &SetupArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let answer = setup::run(&Request {
        pipeline: credential::request(&args.pipeline, &args.parts, context)?,
        tool: args.format,
        name: args.name.clone(),
        identity: args.identity,
        identity_group: args.identity_group.clone(),
        location: args.location.clone(),
        subscription: args.subscription.clone(),
        resource_group: args.resource_group.clone(),
        resource: args.resource.clone(),
        roles: args.role.clone(),
    })?;
    Ok(Outcome { stderr: text::notes(&answer.notes), ..Outcome::printed(answer.text) })
}
