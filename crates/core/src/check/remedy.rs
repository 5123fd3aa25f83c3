//! Chooses the remedy when no credential accepts a token, and writes its command, ready to paste
//! into a shell.
//!
//! Issuer and subject of a credential are unique within an application, so a credential is never
//! created beside one that has both.

use super::Question;
use super::alike::{alike, same_issuer};
use super::audience_origin::{Origin, origin};
use super::decision::matches_subject;
use super::finding::Remedy;
use super::objection::objection;
use super::quote::quoted;
use crate::cloud::{Cloud, PUBLIC};
use crate::credential::audience::{is_entra_issuer, matches_audience, wanted_audience};
use crate::credential::limits::{MAX_PER_APPLICATION, NAME_CHARACTERS};
use crate::credential::owner;
use crate::credential::write::{Format, Owner, Target, delete_command, name_for, update_command, write};
use crate::credential::{Credential, Matcher};
use crate::shell::Shell;
use crate::token::{Claims, Token};

/// What to do when no credential is for this pipeline: normally the command that creates one for
/// exactly this token. `near` is the credential that the token is compared with, if any.
pub(super) fn create(question: &Question<'_>, near: Option<&Credential>) -> Option<Remedy> {
    if let Some(objection) = objection(question.token, question.cloud) {
        return objection.remedy.map(Remedy::Advice);
    }
    if let Some(existing) = question.credentials.iter().find(|one| has_issuer_and_subject(one, question.token.claims()))
    {
        return audience(question, existing);
    }
    if let Some(advice) = of_several_owners(question.credentials) {
        return Some(Remedy::Advice(advice));
    }
    if let Some(full) = full(question.credentials) {
        return Some(Remedy::Advice(full));
    }
    let audiences = vec![audience_for(question, near)];
    let credential = Credential { audiences, ..beside(question.credentials, question.token, question.cloud) };
    let (target, format) = target_of(question, &credential);
    create_command(&credential, format, &target).map(|command| Remedy::Command(command, Box::new(credential)))
}

/// As [`create`], when only a command helps. The credential belongs to the managed identity of the
/// `existing` credentials, or else to the application `client_id`. None when one of them has the
/// token's issuer and subject, when there is no room, when they have several owners, or when there is
/// an objection to the token.
pub(crate) fn create_for(
    token: &Token,
    existing: &[Credential],
    client_id: Option<&str>,
    cloud: &'static Cloud,
    shell: Shell,
) -> Option<String> {
    if objection(token, cloud).is_some() || existing.iter().any(|one| has_issuer_and_subject(one, token.claims())) {
        return None;
    }
    if owner::has_several(existing) || full(existing).is_some() {
        return None;
    }
    let credential = beside(existing, token, cloud);
    let (target, format) = Target::of(&credential, client_id, cloud, shell);
    create_command(&credential, format, &target)
}

/// As [`create_for`], for a managed identity of unknown name: the alternative when no credential says
/// whose they are.
pub(crate) fn create_for_identity(token: &Token, cloud: &'static Cloud, shell: Shell) -> Option<String> {
    let credential = exact(token, cloud);
    if objection(token, cloud).is_some() { None } else { on_identity(&credential, cloud, shell) }
}

/// As [`create`] without credentials, for a managed identity of unknown name.
pub(super) fn create_on_identity(question: &Question<'_>) -> Option<String> {
    let Question { token, cloud, shell, .. } = *question;
    let credential = Credential { audiences: vec![audience_for(question, None)], ..exact(token, cloud) };
    if objection(token, cloud).is_some() { None } else { on_identity(&credential, cloud, shell) }
}

fn on_identity(credential: &Credential, cloud: &'static Cloud, shell: Shell) -> Option<String> {
    let owner = Owner::ManagedIdentity { name: None, resource_group: None, subscription: None };
    create_command(credential, Format::AzIdentity, &Target { owner, cloud, shell })
}

/// What to do about a credential that differs from the token: the command that changes it to the
/// token's values when it is for the same pipeline, otherwise [`create`].
pub(super) fn correct(question: &Question<'_>, credential: &Credential) -> Option<Remedy> {
    let claims = question.token.claims();
    let changed = with_values_of_token(question, credential);
    // Two issuers can have one subject, as clusters with the same service account: a credential for
    // the other one stays.
    let is_same_issuer = same_issuer(&credential.issuer, claims.iss.as_deref().unwrap_or_default());
    let is_same_subject = || match credential.matcher.subject() {
        Some(subject) => alike(subject, claims.sub.as_deref().unwrap_or_default()),
        None => matches_subject(&changed, claims) == Ok(true),
    };
    if is_same_issuer && is_same_subject() { update(question, &changed) } else { create(question, Some(credential)) }
}

/// As [`correct`], for a credential that is certainly for the same pipeline.
pub(super) fn update_to_token(question: &Question<'_>, credential: &Credential) -> Option<Remedy> {
    update(question, &with_values_of_token(question, credential))
}

/// How to request a token that this credential accepts, or the command that gives the credential
/// the token's audience; for a credential that has the token's issuer and subject.
fn audience(question: &Question<'_>, existing: &Credential) -> Option<Remedy> {
    let claims = question.token.claims();
    if matches_audience(existing, claims, question.cloud) {
        return None;
    }
    let held = existing.audience().unwrap_or_default();
    match origin(claims, question.shell) {
        Origin::Default { ask: Some(ask), .. } if Cloud::by_exchange_audience(held).is_some() => {
            return Some(ask_for(ask, held).into());
        }
        _ if question.cloud.exchange_audience == Some(held) => return Some(ask(held).into()),
        // The finding about the audience names both clouds.
        Origin::Exchange(_) if audience_for(question, Some(existing)) == held => return None,
        _ => {}
    }
    let changed = Credential { audiences: vec![audience_for(question, Some(existing))], ..existing.clone() };
    command_for(question, &changed)
}

/// A platform's way to request an audience, which names that of the public cloud, for this one.
pub(super) fn ask_for(ask: &str, audience: &str) -> String {
    ask.replace(PUBLIC.usual_audience(), audience)
}

/// How to request a token with this audience.
pub(super) fn ask(audience: &str) -> String {
    format!("request the ID token with the audience {}", quoted(audience))
}

/// Whether the application is certainly in the cloud of the question. The public one is the default,
/// and only a token that Entra itself issued says where it is.
pub(super) fn is_cloud_certain(question: &Question<'_>) -> bool {
    let iss = question.token.claims().iss.as_deref().unwrap_or_default();
    question.cloud.name != PUBLIC.name || is_entra_issuer(iss)
}

/// How token and credential both get this audience.
pub(super) fn both_audiences(audience: &str) -> String {
    format!("set the audience of the credential to {0}, and request the ID token with {0}", quoted(audience))
}

/// The command that sets the values of an existing credential, which is found by its name.
fn update(question: &Question<'_>, changed: &Credential) -> Option<Remedy> {
    if let Some(objection) = objection(question.token, question.cloud) {
        return objection.remedy.map(Remedy::Advice);
    }
    let claims = question.token.claims();
    let is_other = |one: &&Credential| one.name != changed.name && has_issuer_and_subject(one, claims);
    match question.credentials.iter().find(is_other) {
        Some(other) if changed.matcher.subject().is_some() => audience(question, other),
        _ => command_for(question, changed),
    }
}

fn command_for(question: &Question<'_>, changed: &Credential) -> Option<Remedy> {
    if let Some(advice) = of_several_owners(question.credentials) {
        return Some(Remedy::Advice(advice));
    }
    let (target, _) = target_of(question, changed);
    if let Some(command) = update_command(changed, &target) {
        return Some(Remedy::Command(command, Box::new(changed.clone())));
    }
    // The Azure CLI has no command for an application's expression.
    changed.matcher.expression().map(|_| {
        Remedy::Advice(format!(
            "set the issuer of the credential `{}` to `{}` and its audience to `{}`",
            changed.name,
            changed.issuer,
            changed.audience().unwrap_or_default()
        ))
    })
}

/// What to do when a credential has the token's issuer, subject and audience and Entra still finds
/// none: Entra looked at another application, or at a copy of its directory that is not up to date.
/// None when no credential has all three.
pub fn already_fits(question: &Question<'_>) -> Option<Vec<String>> {
    let Question { token, credentials, cloud, .. } = *question;
    let claims = token.claims();
    let fits = |one: &&Credential| has_issuer_and_subject(one, claims) && matches_audience(one, claims, cloud);
    let credential = credentials.iter().find(fits)?;
    let (target, format) = target_of(question, credential);
    let mut advice = vec![
        format!(
            "the credential {} has this issuer, subject and audience already: try again, because some copies of Entra's \
             directory may not have it yet",
            credential.named_among(credentials)
        ),
        "check the client id of the request: Entra looks only at the credentials of that application or managed identity"
            .to_owned(),
    ];
    let commands = delete_command(credential, &target).zip(create_command(credential, format, &target));
    if let Some((delete, create)) = commands.filter(|_| !owner::has_several(credentials)) {
        advice.push(
            "if it does not pass, delete the credential and create it again, which replaces a stale copy:".to_owned(),
        );
        advice.push(question.shell.then(&delete, &create));
    }
    Some(advice)
}

fn has_issuer_and_subject(credential: &Credential, claims: &Claims) -> bool {
    credential.matches_issuer(claims)
        && credential.matcher.subject().is_some()
        && credential.matcher.subject() == claims.sub.as_deref()
}

/// The credential that accepts this token and no other subject.
fn exact(token: &Token, cloud: &Cloud) -> Credential {
    let claims = token.claims();
    let (issuer, subject) = (claims.iss.clone().unwrap_or_default(), claims.sub.clone().unwrap_or_default());
    Credential {
        name: name_for(&issuer, &subject),
        issuer,
        matcher: Matcher::Subject(subject),
        audiences: vec![wanted_audience(claims, cloud)],
        description: None,
        application: None,
        identity: None,
    }
}

/// The credential that accepts this token, for the one owner of the `existing` ones and with a name that
/// none of them has: a managed identity's credential of the same name would be overwritten.
fn beside(existing: &[Credential], token: &Token, cloud: &Cloud) -> Credential {
    let mut credential = exact(token, cloud);
    let owner = existing.first();
    credential.application = owner.and_then(|one| one.application.clone());
    credential.identity = owner.and_then(|one| one.identity.clone());
    let is_taken = |name: &str| existing.iter().any(|one| one.name.eq_ignore_ascii_case(name));
    let base = credential.name.clone();
    let numbered = |number: usize| {
        let end = format!("-{number}");
        let start: String = base.chars().take(NAME_CHARACTERS.end() - end.len()).collect();
        start + &end
    };
    if let Some(free) = std::iter::once(base.clone()).chain((2..).map(numbered)).find(|name| !is_taken(name)) {
        credential.name = free;
    }
    credential
}

/// What to do instead of a change, when the credentials have several owners: which of them signs in,
/// and so needs the change, is not known.
fn of_several_owners(credentials: &[Credential]) -> Option<String> {
    let owners = owner::several(credentials)?;
    Some(format!("give the credentials of the one that signs in alone: these are those of {owners}"))
}

/// What to do before a credential can be created, when there are as many as there can be.
fn full(existing: &[Credential]) -> Option<String> {
    let count = existing.len();
    (count >= MAX_PER_APPLICATION).then(|| {
        format!(
            "delete a credential that no pipeline uses, to make room for one with this token's values: there are {count}, and \
             an application or identity can have at most {MAX_PER_APPLICATION}"
        )
    })
}

fn with_values_of_token(question: &Question<'_>, credential: &Credential) -> Credential {
    let exact = exact(question.token, question.cloud);
    let matcher = match credential.matcher {
        Matcher::Subject(_) => exact.matcher,
        Matcher::Expression { .. } => credential.matcher.clone(),
    };
    let audiences = vec![audience_for(question, Some(credential))];
    Credential { issuer: exact.issuer, matcher, audiences, ..credential.clone() }
}

/// The audience for a credential that accepts this token, or the token that the findings tell to
/// request in its place: one with the usual audience.
fn audience_for(question: &Question<'_>, near: Option<&Credential>) -> String {
    let claims = question.token.claims();
    let wanted = wanted_audience(claims, question.cloud);
    let held = near.and_then(Credential::audience).filter(|held| !held.is_empty());
    let usual = question.cloud.usual_audience();
    if held == Some(wanted.as_str()) {
        return wanted;
    }
    let home = held.and_then(Cloud::by_exchange_audience).filter(|home| home.name != PUBLIC.name);
    if let (Some(held), Some(_), Origin::Exchange(_)) = (held, home, origin(claims, question.shell))
        && !is_cloud_certain(question)
    {
        return held.to_owned();
    }
    if wanted == usual && claims.aud.len() == 1 {
        return wanted;
    }
    let can_be_requested =
        matches!(origin(claims, question.shell), Origin::Default { ask: Some(_), .. } | Origin::Exchange(_));
    let is_held = question.credentials.iter().any(|one| one.audience() == Some(wanted.as_str()));
    match held {
        Some(held) if claims.aud.len() != 1 => held.to_owned(),
        Some(held) if question.cloud.exchange_audience == Some(held) => usual.to_owned(),
        Some(held) if can_be_requested && Cloud::by_exchange_audience(held).is_some() => held.to_owned(),
        None if claims.aud.len() != 1 || (can_be_requested && !is_held) => usual.to_owned(),
        Some(_) if matches!(origin(claims, question.shell), Origin::Exchange(_)) => usual.to_owned(),
        _ => wanted,
    }
}

fn create_command(credential: &Credential, format: Format, target: &Target) -> Option<String> {
    let command = write(std::slice::from_ref(credential), format, target).ok()?;
    Some(command.trim_end().to_owned())
}

fn target_of(question: &Question<'_>, credential: &Credential) -> (Target, Format) {
    Target::of(credential, question.client_id, question.cloud, question.shell)
}
