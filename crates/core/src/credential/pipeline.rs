//! Computes the credentials that a pipeline needs: from the parts of its platform, from one of its
//! tokens, or from explicit values.

use super::audience::wanted_audience;
use super::short_lived::queue_pattern;
use super::write::name_for;
use super::{Credential, Matcher, expression};
use crate::cloud::Cloud;
use crate::platform::{self, Platform};
use crate::token::Claims;
use crate::{Category, Fault};

/// What is known of a pipeline.
#[derive(Clone, Copy)]
pub struct Pipeline<'a> {
    /// The CI platform of the pipeline.
    pub platform: Option<&'static dyn Platform>,
    /// Names and values of [`Platform::parts`].
    pub parts: &'a [(String, String)],
    /// The claims of one of its tokens. They give issuer, audience, and one of the pipeline's
    /// subjects.
    pub claims: Option<&'a Claims>,
    /// The issuer, which wins over all of these.
    pub issuer: Option<&'a str>,
    /// The subject, or with `flexible` a pattern.
    pub subject: Option<&'a str>,
    /// The audience.
    pub audience: Option<&'a str>,
    /// The name of the credential, when there is only one.
    pub name: Option<&'a str>,
    /// Whether to write expressions instead of exact subjects.
    pub flexible: bool,
    /// The cloud, which gives the default audience.
    pub cloud: &'static Cloud,
}

/// The credentials with which every run of the pipeline can sign in, and no other pipeline.
///
/// # Errors
/// When a part of the platform is missing, when issuer or subject are unknown, or when Entra allows
/// no expression for these values.
pub fn credentials(pipeline: &Pipeline<'_>) -> Result<Vec<Credential>, Fault> {
    let Pipeline { claims, parts, flexible, .. } = *pipeline;
    let pipeline = &Pipeline { platform: pipeline.platform.or_else(|| platform_of(claims?)), ..*pipeline };
    if let (Some((name, _)), None, false) = (parts.first(), pipeline.platform, flexible) {
        let message = format!("The part `{}` was given without a platform", name.escape_debug());
        return Err(incomplete(message).hint("name the CI platform of the part: `--platform NAME`"));
    }
    let issuer = issuer(pipeline)?;
    if flexible && !expression::is_allowed_issuer(&issuer) {
        return Err(expression::issuer_problem(&issuer).into());
    }
    let subjects = subjects(pipeline)?;
    if let (Some(_), count @ 2..) = (pipeline.name, subjects.len()) {
        return Err(incomplete(format!("One name was given, but the pipeline needs {count} credentials"))
            .hint("leave the name out: each credential gets a name that is made from its subject"));
    }
    let audience = audience(pipeline)?;
    let id = |claim: &str, part: &str| {
        let given = parts.iter().find(|(name, _)| name == part).map(|(_, value)| value.as_str());
        given.or_else(|| claims?.text(claim)).filter(|id| !id.is_empty()).map(str::to_owned)
    };
    let credential = |subject: String| {
        let name = pipeline.name.map_or_else(|| name_for(&issuer, &subject), str::to_owned);
        let matcher = match flexible {
            true => Matcher::Expression { value: expression::write(&issuer, &subject, &id)?, language_version: 1 },
            false => Matcher::Subject(subject),
        };
        let audiences = vec![audience.clone()];
        Ok(Credential {
            name,
            issuer: issuer.clone(),
            matcher,
            audiences,
            description: None,
            application: None,
            identity: None,
        })
    };
    subjects.into_iter().map(credential).collect()
}

/// Whether Entra allows expressions for the issuer of this platform.
pub fn takes_expressions(platform: &dyn Platform) -> bool {
    let examples: Vec<_> = platform
        .parts()
        .iter()
        .filter(|part| part.required)
        .map(|part| (part.name.to_owned(), part.example.to_owned()))
        .collect();
    platform.issuer_from_parts(&examples).is_ok_and(|issuer| expression::is_allowed_issuer(&issuer))
}

fn platform_of(claims: &Claims) -> Option<&'static dyn Platform> {
    platform::identify(claims.iss.as_deref()?, claims.sub.as_deref())
}

fn issuer(pipeline: &Pipeline<'_>) -> Result<String, Fault> {
    match (pipeline.issuer, pipeline.claims.and_then(|claims| claims.iss.as_deref()), pipeline.platform) {
        (Some(issuer), ..) | (None, Some(issuer), _) => Ok(issuer.to_owned()),
        (None, None, Some(platform)) => platform.issuer_from_parts(pipeline.parts),
        (None, None, None) => Err(incomplete_without("issuer")),
    }
}

fn subjects(pipeline: &Pipeline<'_>) -> Result<Vec<String>, Fault> {
    let Pipeline { platform, parts, flexible, .. } = *pipeline;
    match (pipeline.subject, pipeline.claims.and_then(|claims| claims.sub.as_deref()), platform) {
        (Some(subject), ..) => Ok(vec![subject.to_owned()]),
        (None, Some(subject), platform) if flexible => {
            let issuer = pipeline.claims.and_then(|claims| claims.iss.as_deref()).unwrap_or_default();
            Ok(vec![queue_pattern(issuer, subject).unwrap_or_else(|| pattern(platform, subject))])
        }
        (None, Some(subject), Some(platform)) => siblings(platform, subject, parts),
        (None, Some(subject), None) => Ok(vec![subject.to_owned()]),
        (None, None, Some(platform)) if flexible => platform.build_patterns(parts),
        (None, None, Some(platform)) => platform.build_subjects(parts),
        (None, None, None) => Err(incomplete_without("subject")),
    }
}

/// Every subject of the token's pipeline, when they differ only in a fixed set of values, such as
/// the phases of a run. Given parts win over those of the token.
fn siblings(platform: &dyn Platform, subject: &str, given: &[(String, String)]) -> Result<Vec<String>, Fault> {
    let mut parts = given.to_vec();
    for part in platform.subject(subject).map(|subject| subject.parts).unwrap_or_default() {
        let name = part.name.replace('_', "-");
        let known = platform.parts().iter().any(|known| known.name == name && (known.required || !part.varies));
        if known && !given.iter().any(|(given, _)| *given == name) {
            parts.push((name, part.value));
        }
    }
    match platform.build_subjects(&parts) {
        Ok(subjects) if !given.is_empty() || subjects.iter().any(|sibling| sibling == subject) => Ok(subjects),
        Err(fault) if !given.is_empty() => Err(fault),
        _ => Ok(vec![subject.to_owned()]),
    }
}

/// The subject, with a wildcard instead of a last part that can change from run to run.
fn pattern(platform: Option<&dyn Platform>, subject: &str) -> String {
    let last = platform.and_then(|platform| platform.subject(subject)?.parts.pop());
    match last.filter(|last| last.varies).and_then(|last| subject.strip_suffix(last.value.as_str())) {
        Some(stays) => format!("{stays}*"),
        None => subject.to_owned(),
    }
}

fn audience(pipeline: &Pipeline<'_>) -> Result<String, Fault> {
    let usual = pipeline.cloud.usual_audience();
    Ok(match (pipeline.audience, pipeline.claims, pipeline.platform) {
        (Some(audience), ..) => audience.to_owned(),
        (None, Some(claims), _) => wanted_audience(claims, pipeline.cloud),
        (None, None, Some(platform)) if !pipeline.parts.is_empty() => {
            platform.default_audience(pipeline.parts)?.unwrap_or_else(|| usual.to_owned())
        }
        _ => usual.to_owned(),
    })
}

fn incomplete_without(what: &str) -> Fault {
    incomplete(format!("No {what} was given for the credential"))
        .hint("name the platform and its parts, as in `--platform github --repo octo-org/octo-repo --branch main`")
        .hint("or use a token with `--from-token`, or pass `--issuer` and `--subject`")
}

#[cold]
fn incomplete(message: String) -> Fault {
    Fault::new(Category::Usage, "credential-incomplete", message)
}

#[cfg(test)]
mod tests;
