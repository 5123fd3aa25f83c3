//! `credential`: writes the federated identity credential that a pipeline needs.

use azure_oidc_cli::{CredentialArgs, CredentialFormat};
use azure_oidc_core::cloud;
use azure_oidc_core::credential::write::{self, Format, Owner, Target};
use azure_oidc_core::credential::{Credential, Matcher};
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};

use super::id_token::{self, Wanted};
use super::{Context, Outcome};

pub(super) fn run(args: &CredentialArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let token = match args.from_token || args.token.is_given() {
        true => Some(id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?.parse()?),
        false => None,
    };
    let stdout = written(&Wish {
        token: token.as_ref(),
        issuer: args.issuer.as_deref(),
        subject: args.subject.as_deref(),
        audience: args.audience.as_deref(),
        name: args.name.as_deref(),
        owner: owner(args),
        format: format(args.format),
    })?;
    Ok(Outcome { stdout, ..Outcome::default() })
}

/// What credential to write, and how.
pub(crate) struct Wish<'a> {
    pub(crate) token: Option<&'a Token>,
    pub(crate) issuer: Option<&'a str>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) audience: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    pub(crate) owner: Owner,
    pub(crate) format: Format,
}

/// Writes it, with a line end. The audience tells the cloud.
pub(crate) fn written(wish: &Wish<'_>) -> Result<String, Fault> {
    let claims = wish.token.map(Token::claims);
    let issuer = given("issuer", wish.issuer, claims.and_then(|claims| claims.iss.as_deref()))?;
    let subject = given("subject", wish.subject, claims.and_then(|claims| claims.sub.as_deref()))?;
    let of_token = claims.and_then(|claims| claims.aud.first()).map(String::as_str);
    let audience = wish.audience.or(of_token).or(cloud::PUBLIC.exchange_audience).unwrap_or_default();
    let credential = Credential {
        name: wish.name.map_or_else(|| write::name_for(issuer, subject), ToOwned::to_owned),
        issuer: issuer.to_owned(),
        matcher: Matcher::Subject(subject.to_owned()),
        audiences: vec![audience.to_owned()],
        description: None,
    };
    let cloud = cloud::Cloud::by_exchange_audience(audience).unwrap_or(cloud::PUBLIC);
    write::write(&[credential], wish.format, &Target { owner: wish.owner.clone(), cloud })
}

/// The kind of owner that a form is for. Terraform has resources for both.
pub(crate) fn owner_of(
    format: Format,
    identity: Option<(Option<&str>, Option<&str>)>,
    client_id: Option<&str>,
) -> Owner {
    let identity_form = matches!(format, Format::ArmJson | Format::AzIdentity | Format::Bicep);
    match identity {
        Some((name, group)) => {
            Owner::ManagedIdentity { name: name.map(ToOwned::to_owned), resource_group: group.map(ToOwned::to_owned) }
        }
        None if identity_form => Owner::ManagedIdentity { name: None, resource_group: None },
        None => Owner::Application { client_id: client_id.map(ToOwned::to_owned) },
    }
}

fn owner(args: &CredentialArgs) -> Owner {
    let (name, group) = (args.identity_name.as_deref(), args.resource_group.as_deref());
    let identity = (name.is_some() || group.is_some()).then_some((name, group));
    owner_of(format(args.format), identity, args.client_id.as_deref())
}

fn given<'a>(what: &str, option: Option<&'a str>, claim: Option<&'a str>) -> Result<&'a str, Fault> {
    option.or(claim).ok_or_else(|| {
        Fault::new(Category::Usage, "credential-incomplete", format!("No {what} was given for the credential"))
            .hint(format!("pass `--{what}`, or `--from-token` to take it from a token"))
    })
}

fn format(format: CredentialFormat) -> Format {
    match format {
        CredentialFormat::Graph => Format::GraphJson,
        CredentialFormat::Arm => Format::ArmJson,
        CredentialFormat::Az => Format::Az,
        CredentialFormat::AzIdentity => Format::AzIdentity,
        CredentialFormat::Terraform => Format::Terraform,
        CredentialFormat::Bicep => Format::Bicep,
    }
}
