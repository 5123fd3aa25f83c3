//! `credential`: writes the federated identity credentials that a pipeline needs.

use azure_oidc_cli::CredentialArgs;
use azure_oidc_core::authority::cloud_by_name;
use azure_oidc_core::cloud::Cloud;
use azure_oidc_core::credential::limits;
use azure_oidc_core::credential::pipeline::{Pipeline, credentials};
use azure_oidc_core::credential::write::{self, Format, Owner, Target};
use azure_oidc_core::platform::{self, Platform};
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, text};

pub(super) fn run(args: &CredentialArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let token = match args.from_token || args.token.is_given() {
        true => Some(id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?.parse()?),
        false => None,
    };
    let (stdout, stderr) = written(
        &Pipeline {
            platform: named_platform(args.platform.platform.as_deref())?,
            parts: &args.parts.0,
            claims: token.as_ref().map(Token::claims),
            issuer: args.issuer.as_deref(),
            subject: args.subject.as_deref(),
            audience: args.audience.as_deref(),
            name: args.name.as_deref(),
            flexible: args.flexible,
            cloud: cloud_by_name(&args.cloud, "--cloud")?,
        },
        args.format,
        owner(args),
    )
    .map_err(|fault| match (fault.code, args.parts.0.first()) {
        ("subject-part-missing", None) => fault.hint("give each part as an option, such as `--org contoso`"),
        _ => fault,
    })?;
    Ok(Outcome { stderr, ..Outcome::printed(stdout) })
}

/// The platform whose parts are given. `auto` is for the token, and so is a name that no platform has.
pub(crate) fn named_platform(name: Option<&str>) -> Result<Option<&'static dyn Platform>, Fault> {
    match name {
        None | Some("auto") => Ok(None),
        Some(name) => platform::by_name(name).map(Some).ok_or_else(|| {
            let message = format!("The platform `{}` is not known", name.escape_debug());
            let names: Vec<_> = platform::ALL.iter().map(|platform| platform.name()).collect();
            Fault::new(Category::Usage, "platform-unknown", message)
                .hint(format!("known platforms: {}", names.join(", ")))
        }),
    }
}

/// The credentials as the format has them, with a line end; then what should be known of them, as warnings. The audience tells the
/// cloud.
pub(crate) fn written(pipeline: &Pipeline<'_>, format: Format, owner: Owner) -> Result<(String, String), Fault> {
    let credentials = credentials(pipeline)?;
    let audience = credentials.first().and_then(|credential| credential.audience()).unwrap_or_default();
    let cloud = Cloud::by_exchange_audience(audience).unwrap_or(pipeline.cloud);
    let text = write::write(&credentials, format, &Target { owner, cloud })?;
    let mut warnings: String =
        limits::problems(&credentials).into_iter().map(|problem| text::warning(&problem.into())).collect();
    if pipeline.claims.is_some() && pipeline.parts.is_empty() && credentials.len() > 1 {
        warnings += &format!(
            "note: the token has one of {} subjects of its pipeline, and there is a credential for each\n",
            credentials.len()
        );
    }
    Ok((text, warnings))
}

/// Whom a form is for. Terraform has resources for both.
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
    owner_of(args.format, identity, args.client_id.as_deref())
}
