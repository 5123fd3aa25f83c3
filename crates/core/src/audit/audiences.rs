//! The rules for audiences: those of Entra's own tokens, those that a platform always writes, and the
//! exchange audiences of the clouds.

use super::Question;
use super::rules::{Ruling, parsed, with_audience};
use crate::check::quote::quoted;
use crate::cloud::{Cloud, PUBLIC};
use crate::credential::audience::{EXCHANGE_APPLICATION, entra_cloud, is_entra_issuer};
use crate::credential::{Credential, CredentialProblem};
use crate::platform::{Platform, Subject};

/// A token that Entra itself issues is accepted for the cloud's exchange audience only.
pub(super) fn of_entra(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let audience = credential.audience()?;
    let usual = entra_cloud(&credential.issuer)?.exchange_audience.filter(|usual| *usual != audience)?;
    let message =
        format!("the audience is {}, and Entra accepts its own tokens for {} only", quoted(audience), quoted(usual));
    let problem = CredentialProblem::fatal("audience-entra", message).aadsts(7_002_206).at("audiences");
    let problem = problem.remedy(format!("set the audience to {usual}"));
    Some(Ruling::wrong(problem).with(with_audience(credential, usual)))
}

/// A platform that gives all tokens of a form one audience.
struct FixedAudience {
    platform: &'static str,
    audience: fn(&str, &Subject) -> Option<String>,
}

const FIXED_AUDIENCES: &[FixedAudience] = &[
    FixedAudience {
        platform: "pulumi",
        audience: |_, subject| {
            let part = subject.parts.iter().find(|part| subject.form == "deployment" && part.name == "org")?;
            Some(part.value.clone())
        },
    },
    FixedAudience { platform: "spacelift", audience: |issuer, _| issuer.strip_prefix("https://").map(str::to_owned) },
    FixedAudience {
        platform: "azure-pipelines",
        audience: |issuer, _| (!is_entra_issuer(issuer)).then(|| PUBLIC.usual_audience().to_owned()),
    },
];

/// The platform leaves no choice of audience, and the credential has another one.
pub(super) fn fixed(credential: &Credential, question: &Question<'_>) -> Option<Ruling> {
    let audience = credential.audience()?;
    let (platform, subject) = parsed(credential)?;
    let row = FIXED_AUDIENCES.iter().find(|row| row.platform == platform.name())?;
    let fixed = (row.audience)(&credential.issuer, &subject).filter(|fixed| fixed != audience)?;
    // Not known: which audience Azure Pipelines writes for the other clouds.
    if question.cloud.exchange_audience == Some(audience) {
        return (platform.name() != "azure-pipelines").then(|| always(credential, platform, &fixed));
    }
    Some(always(credential, platform, &fixed))
}

fn always(credential: &Credential, platform: &dyn Platform, fixed: &str) -> Ruling {
    let message = format!(
        "the audience is {}, and tokens of {} always have {}",
        quoted(credential.audience().unwrap_or_default()),
        platform.title(),
        quoted(fixed)
    );
    let problem = CredentialProblem::fatal("audience-fixed", message).aadsts(700_212).at("audiences");
    let problem = problem.remedy(format!("set the audience to {fixed}"));
    Ruling::wrong(problem).with(with_audience(credential, fixed))
}

/// The audience is that of another cloud, or nearly that of this one.
pub(super) fn exchange(credential: &Credential, question: &Question<'_>) -> Option<Ruling> {
    let audience = credential.audience().filter(|audience| !audience.is_empty())?;
    let usual = question.cloud.exchange_audience.filter(|usual| *usual != audience)?;
    if let Some(other) = Cloud::by_exchange_audience(audience) {
        // An issuer of Entra is in one cloud, and so is the application.
        let is_fixed = entra_cloud(&credential.issuer).is_some_and(|home| home.name == other.name);
        let message = format!(
            "the audience {} is that of {}, and this audit is for {}",
            quoted(audience),
            other.title,
            question.cloud.title
        );
        let problem = CredentialProblem::advice("audience-other-cloud", message).aadsts(700_212).at("audiences");
        let remedy = if is_fixed {
            format!("audit with `--cloud {}`: the issuer is in that cloud too", other.name)
        } else {
            format!(
                "audit with `--cloud {}` if the application is there, or else set the audience to {usual}",
                other.name
            )
        };
        return Some(Ruling::wrong(problem.remedy(remedy)));
    }
    let message = if audience == EXCHANGE_APPLICATION {
        format!("the audience is the id of Entra's exchange application, and jobs request {}", quoted(usual))
    } else if plain(audience) == plain(usual) {
        format!("the audience {} differs a little from {}, which jobs request", quoted(audience), quoted(usual))
    } else {
        return None;
    };
    let problem = CredentialProblem::advice("audience-misspelt", message).aadsts(700_212).at("audiences");
    let problem = problem.remedy(format!("set the audience to {usual}"));
    Some(Ruling::wrong(problem).with(with_audience(credential, usual)))
}

/// The letters and digits of an audience, without the scheme and in lower case.
fn plain(audience: &str) -> String {
    let rest = audience.split_once(':').map_or(audience, |(_, rest)| rest);
    rest.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
