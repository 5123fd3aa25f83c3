//! `credential`: writes the federated identity credentials that a pipeline needs.

use azure_oidc_cli::{CredentialArgs, Parts as PartOptions, PipelineArgs};
use azure_oidc_core::Fault;
use azure_oidc_jobs::Interface;
use azure_oidc_jobs::credential::{self, Parts, Request};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, id_token_of, text};

pub(super) fn run(args: &CredentialArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let answer = credential::run(&Request {
        name: args.name.clone(),
        format: Some(args.format.name().to_owned()),
        client_id: args.client_id.clone(),
        identity_name: args.identity_name.clone(),
        resource_group: args.resource_group.clone(),
        ..request(&args.pipeline, &args.parts, context)?
    })?;
    Ok(Outcome { stderr: text::notes(&answer.notes), ..Outcome::printed(answer.text) })
}

/// The pipeline of a request.
pub(super) fn request(args: &PipelineArgs, parts: &PartOptions, context: Context<'_>) -> Result<Request, Fault> {
    let token = match args.is_of_token() {
        true => Some(id_token_of(id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?)?),
        false => None,
    };
    Ok(Request {
        platform: args.platform.platform.clone(),
        parts: Some(Parts(parts.0.clone())),
        token: token.map(Into::into),
        issuer: args.issuer.clone(),
        subject: args.subject.clone(),
        audience: args.audience.clone(),
        flexible: Some(args.flexible),
        cloud: Some(args.cloud.clone()),
        shell: Some(args.shell.chosen(context.ports.env)),
        interface: Interface::CommandLine,
        ..Request::default()
    })
}
