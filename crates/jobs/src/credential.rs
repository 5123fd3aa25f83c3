//! `credential`: writes the federated identity credentials that a pipeline needs.

use std::collections::BTreeMap;

use azure_oidc_core::audit;
use azure_oidc_core::check::{changes_every_run, obstacle};
use azure_oidc_core::cloud::Cloud;
use azure_oidc_core::credential::normal::{check_subject, issued_form, normalise, normalise_issuer};
use azure_oidc_core::credential::pipeline::{Pipeline, credentials};
use azure_oidc_core::credential::write::{self, Format, Owner, Target};
use azure_oidc_core::credential::{Credential, breadth, limits, short_lived};
use azure_oidc_core::platform::{self, Platform};
use azure_oidc_core::shell::Shell;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};

use crate::{Interface, TokenText, document};

/// The pipeline: the parts of its platform, one of its tokens, or issuer and subject. And the tool
/// to write for.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// Name of the CI platform that `parts` belong to.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::schema::platforms_or_null())))]
    pub platform: Option<String>,
    /// What the platform's subjects are made of, such as `repo` and `branch`. A part with several
    /// values is a list. When a part is missing or unknown, the problem lists all of them.
    #[cfg_attr(feature = "schema", schemars(with = "Option<BTreeMap<String, Values>>"))]
    pub parts: Option<Parts>,
    /// An ID token of the pipeline. It gives issuer and audience, and the subject as one of those
    /// that the pipeline can have.
    pub token: Option<TokenText>,
    /// The issuer, in place of the token's or the platform's; required when there is neither.
    pub issuer: Option<String>,
    /// The subject, as `issuer`. With `flexible` it is a pattern.
    pub subject: Option<String>,
    /// The audience, as `issuer`; the cloud's audience when nothing else gives one.
    pub audience: Option<String>,
    /// A name, when there is one credential only; made from the subject when absent.
    pub name: Option<String>,
    /// Write expressions in place of exact subjects; for GitHub, GitLab and HCP Terraform.
    #[cfg_attr(feature = "schema", schemars(extend("default" = false)))]
    pub flexible: Option<bool>,
    /// The tool to write for.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::schema::formats(), "default" = "graph")))]
    pub format: Option<String>,
    /// The application that will own them.
    pub client_id: Option<String>,
    /// The managed identity that will own them.
    pub identity_name: Option<String>,
    /// The resource group of the managed identity.
    pub resource_group: Option<String>,
    /// Name of the cloud.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::schema::clouds(), "default" = "public")))]
    pub cloud: Option<String>,
    /// The shell that the formats `az` and `az-identity` are for.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = crate::schema::shells(), "default" = "bash")))]
    pub shell: Option<Shell>,
    /// The interface that the request came by, whose words the notes use.
    #[serde(skip)]
    pub interface: Interface,
}

/// Names of parts with their values, in the order in which they were given.
#[derive(Default, Deserialize)]
#[serde(from = "BTreeMap<String, Values>")]
pub struct Parts(pub Vec<(String, String)>);

/// The values of one part.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a string or a list of strings")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum Values {
    One(String),
    Several(Vec<String>),
}

impl From<BTreeMap<String, Values>> for Parts {
    fn from(parts: BTreeMap<String, Values>) -> Self {
        let pairs = |(name, values): (String, Values)| {
            let values = match values {
                Values::One(value) => vec![value],
                Values::Several(values) => values,
            };
            values.into_iter().map(move |value| (name.clone(), value))
        };
        Self(parts.into_iter().flat_map(pairs).collect())
    }
}

/// Federated identity credentials, written for a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// The format of the text.
    pub format: &'static str,
    /// What to know about the credentials, a line each.
    pub notes: Vec<String>,
    /// What to paste or to save.
    pub text: String,
}

/// Writes the credentials.
///
/// # Errors
/// When something is missing or unknown, or when Entra would refuse a credential.
pub fn run(request: &Request) -> Result<Answer, Fault> {
    let format = request.format.as_deref().map_or(Ok(Format::GraphJson), format)?;
    let Needed { credentials, cloud, notes, .. } = needed(request)?;
    let target = Target { owner: owner(request, format), cloud, shell: request.shell.unwrap_or_default() };
    let text = write::write(&credentials, format, &target)?;
    Ok(Answer { format: format.name(), notes, text })
}

/// What a pipeline needs.
pub(crate) struct Needed {
    pub(crate) platform: Option<&'static dyn Platform>,
    pub(crate) credentials: Vec<Credential>,
    /// The cloud that the audience of the credentials is for.
    pub(crate) cloud: &'static Cloud,
    /// What to know about the credentials, a line each.
    pub(crate) notes: Vec<String>,
}

/// The credentials that the pipeline of a request needs.
pub(crate) fn needed(request: &Request) -> Result<Needed, Fault> {
    let token = request.token.as_ref().map(|token| Token::parse(token.reveal())).transpose()?;
    let given = request.parts.as_ref().map(|parts| parts.0.as_slice()).unwrap_or_default();
    let platform = request.platform.as_deref().map_or(Ok(None), platform)?;
    let flexible = request.flexible.unwrap_or_default();
    let of_token = || platform_of(token.as_ref()?);
    let recognised = platform.or_else(of_token);
    let (normalised, mut notes) = match recognised {
        Some(platform) => normalise(platform, given, flexible)?,
        None => (given.to_vec(), Vec::new()),
    };
    if let Some(subject) = &request.subject {
        check_subject(subject, flexible)?;
    }
    let issuer = request.issuer.as_deref().map(normalise_issuer).transpose()?;
    let issuer = issuer.map(|(issuer, note)| {
        notes.extend(note);
        let Some((right, title)) = issued_form(&issuer) else { return issuer };
        notes.push(format!("note: the issuer is `{}`, as {title} writes it", right.escape_debug()));
        right
    });
    let parts = normalised.as_slice();
    let pipeline = Pipeline {
        platform,
        parts,
        claims: token.as_ref().map(Token::claims),
        issuer: issuer.as_deref(),
        subject: request.subject.as_deref(),
        audience: request.audience.as_deref(),
        name: request.name.as_deref(),
        flexible,
        cloud: crate::cloud(request.cloud.as_deref())?,
    };
    let credentials = credentials(&pipeline).map_err(|fault| match fault.code {
        "subject-part-missing" if parts.is_empty() => {
            fault.hint("give each part by its name: an option such as `--org contoso`, or a member of `parts`")
        }
        _ => fault,
    })?;
    // An issuer out of parts has the form that a given one has. A token's stays as it is.
    if let (None, Some(credential)) = (&token, credentials.first()) {
        normalise_issuer(&credential.issuer)?;
    }
    // The audience says for which cloud the credentials are.
    let audience = credentials.first().and_then(|credential| credential.audience()).unwrap_or_default();
    let cloud = Cloud::by_exchange_audience(audience).unwrap_or(pipeline.cloud);
    credentials.iter().try_for_each(|credential| possible(credential, token.as_ref(), cloud))?;
    notes.extend(document::notes(limits::problems(&credentials)));
    let short_lived = |one: &Credential| short_lived::problem(&one.issuer, one.matcher.subject()?);
    notes.extend(document::notes(credentials.iter().filter_map(short_lived).collect()));
    let broad = credentials.iter().filter_map(breadth::problem);
    // One warning is enough for all credentials of a pipeline.
    notes.extend(document::notes(broad.take(1).collect()));
    if token.is_some() && parts.is_empty() && credentials.len() > 1 {
        let count = credentials.len();
        notes.push(format!(
            "note: the token has one of {count} subjects of its pipeline, and there is a credential for each"
        ));
    }
    let notes = notes.iter().map(|note| request.interface.words(note)).collect();
    Ok(Needed { platform: recognised, credentials, cloud, notes })
}

/// Refuses an exact subject that no token has, or no later one.
fn possible(credential: &Credential, token: Option<&Token>, cloud: &'static Cloud) -> Result<(), Fault> {
    let Some(subject) = credential.matcher.subject() else { return Ok(()) };
    let of_token = |token: &&Token| {
        let claims = token.claims();
        claims.iss.as_deref() == Some(credential.issuer.as_str()) && claims.sub.as_deref() == Some(subject)
    };
    let problem = match (token, token.filter(of_token)) {
        (_, Some(token)) => obstacle(token, cloud),
        (Some(_), None) => changes_every_run(&credential.issuer, subject),
        (None, _) => audit::impossible(credential, cloud),
    };
    problem.map_or(Ok(()), |problem| Err(problem.into()))
}

fn platform_of(token: &Token) -> Option<&'static dyn Platform> {
    platform::identify(token.claims().iss.as_deref()?, token.claims().sub.as_deref())
}

/// The platform whose parts are given. `auto` stands for the platform of the token.
fn platform(name: &str) -> Result<Option<&'static dyn Platform>, Fault> {
    if name == "auto" {
        return Ok(None);
    }
    platform::by_name(name).map(Some).ok_or_else(|| {
        let message = format!("The platform `{}` is not known", name.escape_debug());
        let names: Vec<_> = platform::ALL.iter().map(|platform| platform.name()).collect();
        Fault::new(Category::Usage, "platform-unknown", message).hint(format!("known platforms: {}", names.join(", ")))
    })
}

pub(crate) fn format(name: &str) -> Result<Format, Fault> {
    Format::by_name(name).ok_or_else(|| {
        let message = format!("The format `{}` is not known", name.escape_debug());
        let known = Format::ALL.map(Format::name).join(", ");
        Fault::new(Category::Usage, "format-unknown", message).hint(format!("known formats: {known}"))
    })
}

/// The application or managed identity that gets the credentials. Some formats are for managed
/// identities only.
fn owner(request: &Request, format: Format) -> Owner {
    let is_for_identity = matches!(format, Format::ArmJson | Format::AzIdentity | Format::Bicep);
    if is_for_identity || request.identity_name.is_some() || request.resource_group.is_some() {
        let (name, resource_group) = (request.identity_name.clone(), request.resource_group.clone());
        return Owner::ManagedIdentity { name, resource_group, subscription: None };
    }
    Owner::Application { client_id: request.client_id.clone() }
}
