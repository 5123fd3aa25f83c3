//! `credential`: writes the federated identity credentials that a pipeline needs.

use azure_oidc_cli::CredentialArgs;
use azure_oidc_core::Fault;
use azure_oidc_jobs::credential::{self, Parts, Request};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, id_token_of, text};

pub(super) fn run(args: &CredentialArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let token = match args.from_token || args.token.is_given() {
        true => Some(id_token_of(id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?)?),
        false => None,
    };
    let answer = credential::run(&Request {
        platform: args.platform.platform.clone(),
        parts: Some(Parts(args.parts.0.clone())),
        token: token.map(Into::into),
        issuer: args.issuer.clone(),
        subject: args.subject.clone(),
        audience: args.audience.clone(),
        name: args.name.clone(),
        flexible: Some(args.flexible),
        format: Some(args.format.name().to_owned()),
        client_id: args.client_id.clone(),
        identity_name: args.identity_name.clone(),
        resource_group: args.resource_group.clone(),
        cloud: Some(args.cloud.clone()),
        shell: Some(args.shell.chosen(context.ports.env)),
    })?;
    Ok(Outcome { stderr: text::notes(&answer.notes), ..Outcome::printed(answer.text) })
}
