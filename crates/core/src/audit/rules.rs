//! The audit rules for one credential, and the corrected credential if the correction is certain.

use super::{Question, audiences, expressions, issuers};
use crate::Fault;
use crate::check::changing_subject::{changes, changing_part};
use crate::check::quote::quoted;
use crate::credential::audience::is_entra_issuer;
use crate::credential::normal::{check_subject, issued_form, normalise_issuer, uuid_place};
use crate::credential::{Credential, CredentialProblem, Matcher, code, reach, short_lived};
use crate::guid::is_guid;
use crate::harmless::trimmed;
use crate::mask::is_masked;
use crate::platform::{self, Platform, Subject};

/// What a rule says.
pub(super) struct Ruling {
    /// What is wrong; None when the limits of credentials say it.
    pub(super) problem: Option<CredentialProblem>,
    /// The credential without the fault.
    pub(super) right: Option<Credential>,
}

impl Ruling {
    pub(super) fn wrong(problem: CredentialProblem) -> Self {
        Self { problem: Some(problem), right: None }
    }

    pub(super) fn with(self, right: Credential) -> Self {
        Self { right: Some(right), ..self }
    }

    pub(super) fn right(right: Credential) -> Self {
        Self { problem: None, right: Some(right) }
    }
}

type Rule = fn(&Credential, &Question<'_>) -> Option<Ruling>;

/// Each rule sees the credential as the rules before it have left it.
const RULES: &[Rule] = &[
    white_space,
    issuer_copied,
    issuer_never_issued,
    issuers::address_of_platform,
    issuer_of_version_1,
    issuer_part_no_uuid,
    subject_of_another_platform,
    subject_mistakes,
    subject_impossible,
    subject_changes,
    subject_short_lived,
    subject_part_no_uuid,
    subject_form,
    audiences::of_entra,
    audiences::fixed,
    audiences::exchange,
    issuer_on_identity,
    expression_on_identity,
    expressions::repair,
    expressions::add_id,
];

/// The codes of problems that the rules can repair.
pub(super) const REPAIRED: [&str; 14] = [
    "member-white-space",
    "audience-count",
    "issuer-trailing-slash",
    "issuer-slash-missing",
    "issuer-never-issued",
    "issuer-discovery-address",
    "issuer-entra-v1",
    "subject-impossible",
    "audience-entra",
    "audience-fixed",
    "audience-misspelt",
    "expression-regex",
    "expression-wildcard-under-eq",
    code::ID_MISSING,
];

/// All problems that the rules find, and the credential without those that can be mended.
pub(super) fn apply(credential: &Credential, question: &Question<'_>) -> (Vec<CredentialProblem>, Credential) {
    let mut problems = Vec::new();
    let mut changed = credential.clone();
    for rule in RULES {
        let Some(ruling) = rule(&changed, question) else { continue };
        problems.extend(ruling.problem);
        changed = ruling.right.unwrap_or(changed);
    }
    (problems, changed)
}

pub(super) fn with_issuer(credential: &Credential, issuer: impl Into<String>) -> Credential {
    Credential { issuer: issuer.into(), ..credential.clone() }
}

fn with_subject(credential: &Credential, subject: String) -> Credential {
    Credential { matcher: Matcher::Subject(subject), ..credential.clone() }
}

pub(super) fn with_audience(credential: &Credential, audience: &str) -> Credential {
    Credential { audiences: vec![audience.to_owned()], ..credential.clone() }
}

fn from_fault(fault: Fault, member: &'static str) -> CredentialProblem {
    let code = fault.code;
    let problem = CredentialProblem::fatal(code, fault.message.clone()).at(member);
    fault.hints.iter().take(1).fold(problem, |problem, hint| problem.remedy(hint.as_str()))
}

/// Removes white space, which the limits report, and audiences beside the cloud's.
fn white_space(credential: &Credential, question: &Question<'_>) -> Option<Ruling> {
    let mut right = with_issuer(credential, trimmed(&credential.issuer));
    if let Matcher::Subject(subject) = &credential.matcher {
        right.matcher = Matcher::Subject(trimmed(subject).to_owned());
    }
    right.audiences.iter_mut().for_each(|audience| *audience = trimmed(audience).to_owned());
    let usual = question.cloud.usual_audience();
    if right.audiences.len() > 1 && right.audiences.iter().any(|audience| audience == usual) {
        right = with_audience(&right, usual);
    }
    (right != *credential).then(|| Ruling::right(right))
}

/// The issuer was copied with more than belongs to it.
fn issuer_copied(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    if is_masked(&credential.issuer) {
        return None;
    }
    match normalise_issuer(&credential.issuer) {
        Err(fault) => Some(Ruling::wrong(from_fault(fault, "issuer"))),
        Ok((_, None)) => None,
        Ok((issuer, Some(_))) => {
            let message = "the issuer is the address of the issuer's metadata, and no token has that as `iss`";
            let problem = CredentialProblem::fatal("issuer-discovery-address", message).aadsts(700_211).at("issuer");
            Some(
                Ruling::wrong(problem.remedy(format!("set the issuer to {issuer}")))
                    .with(with_issuer(credential, issuer)),
            )
        }
    }
}

/// A known platform writes its issuer in another way.
fn issuer_never_issued(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let (right, title) = issued_form(&credential.issuer)?;
    let code = match (credential.issuer.ends_with('/'), right.ends_with('/')) {
        (true, false) => "issuer-trailing-slash",
        (false, true) => "issuer-slash-missing",
        _ => "issuer-never-issued",
    };
    let message = format!("no token has this issuer: {title} writes it as {right}");
    let problem = CredentialProblem::fatal(code, message).aadsts(700_211).at("issuer");
    let problem = problem.remedy(format!("set the issuer to {right}"));
    Some(Ruling::wrong(problem).with(with_issuer(credential, right)))
}

/// The limits report the issuer; tokens for the token exchange have that of version 2.
fn issuer_of_version_1(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let tenant = credential.issuer.split('/').nth(3).filter(|_| reach::is_version_1(&credential.issuer))?;
    let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    is_guid(tenant).then(|| Ruling::right(with_issuer(credential, issuer)))
}

/// The issuer is that of one platform and the subject has the form of another one.
fn subject_of_another_platform(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let (platform, other) = of_two_platforms(credential)?;
    let (title, other) = (platform.title(), other.title());
    let message = format!("the issuer is that of {title}, and the subject has the form of {other}: no token has both");
    let problem = CredentialProblem::fatal("subject-of-another-platform", message).aadsts(700_213).at("subject");
    Some(Ruling::wrong(problem.remedy(format!("set the issuer to that of {other}, or the subject to one of {title}"))))
}

/// The platform of the issuer and that of the subject, when they are two.
fn of_two_platforms(credential: &Credential) -> Option<(&'static dyn Platform, &'static dyn Platform)> {
    let subject = credential.matcher.subject()?;
    let platform = platform::by_issuer(&credential.issuer).filter(|_| !is_entra_issuer(&credential.issuer))?;
    if platform.subject(subject).is_some() {
        return None;
    }
    // GitHub's templates have claims that subjects of other platforms can have too.
    let is_certain = |other: &&dyn Platform| {
        other.name() != platform.name() && (other.name() != "github" || subject.starts_with("repo:"))
    };
    Some((platform, platform::by_subject(subject).filter(is_certain)?))
}

/// What people write in subjects, and what the platform writes.
struct Mistake {
    platform: &'static str,
    wrong: &'static str,
    right: &'static str,
    /// The subject is right when it has this.
    unless: &'static str,
}

const fn mistake(platform: &'static str, wrong: &'static str, right: &'static str, unless: &'static str) -> Mistake {
    Mistake { platform, wrong, right, unless }
}

const MISTAKES: &[Mistake] = &[
    mistake("github", "https://repo:", "repo:", ""),
    mistake("github", "repo:https://github.com/", "repo:", ""),
    mistake("github", "repo:git@github.com:", "repo:", ""),
    mistake("github", "repo:github.com/", "repo:", ""),
    mistake("github", ".git:", ":", ""),
    mistake("github", ":pull-request", ":pull_request", ""),
    mistake("github", ":pull_requests", ":pull_request", ""),
    mistake("github", ":ref:refs/heads/refs/", ":ref:refs/", ""),
    mistake("github", ":ref:refs/tags/refs/", ":ref:refs/", ""),
    mistake("github", ":ref:heads/", ":ref:refs/heads/", ""),
    mistake("github", ":ref:tags/", ":ref:refs/tags/", ""),
    mistake("github", ":refs/", ":ref:refs/", ":ref:"),
    mistake("github", ":ref:", ":ref:refs/heads/", ":ref:refs/"),
    mistake("github", ":branch:", ":ref:refs/heads/", ":ref:"),
    mistake("github", ":tag:", ":ref:refs/tags/", ":ref:"),
    mistake("github", ":env:", ":environment:", ":environment:"),
    // The names of GitHub's claims have small letters.
    mistake("github", ":Environment:", ":environment:", ":environment:"),
    mistake("github", ":Ref:", ":ref:", ":ref:"),
    mistake("github", ":Pull_request", ":pull_request", ""),
    mistake("github", ":Pull_Request", ":pull_request", ""),
    mistake("gitlab", "project_path:https://gitlab.com/", "project_path:", ""),
    mistake("gitlab", ".git:", ":", ""),
    mistake("gitlab", ":ref:refs/heads/", ":ref:", ""),
    mistake("gitlab", ":ref:refs/tags/", ":ref:", ""),
    mistake("gitlab", ":ref_type:tags:", ":ref_type:tag:", ""),
    mistake("gitlab", ":ref_type:branches:", ":ref_type:branch:", ""),
    mistake("kubernetes", "system:serviceaccounts:", "system:serviceaccount:", ""),
];

/// The subject has a known mistake.
fn subject_mistakes(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let subject = credential.matcher.subject()?;
    let platform = platform::by_issuer(&credential.issuer).filter(|_| of_two_platforms(credential).is_none())?;
    let mut right = subject.to_owned();
    let mut found = None;
    for row in MISTAKES.iter().filter(|row| row.platform == platform.name()) {
        let is_right = !row.unless.is_empty() && right.contains(row.unless);
        if let Some(at) = right.find(row.wrong).filter(|_| !is_right) {
            let ends_part = row.wrong.ends_with([':', '/'])
                || matches!(right.as_bytes().get(at + row.wrong.len()), None | Some(b':'));
            if ends_part {
                right.replace_range(at..at + row.wrong.len(), row.right);
                found = found.or(Some(row));
            }
        }
    }
    let row = found?;
    let message = format!(
        "the subject has {}, and no token has that: {} writes {}",
        quoted(row.wrong),
        platform.title(),
        quoted(row.right)
    );
    let problem = CredentialProblem::fatal("subject-impossible", message).aadsts(700_213).at("subject");
    let problem = problem.remedy(format!("set the subject to {}", quoted(&right)));
    Some(Ruling::wrong(problem).with(with_subject(credential, right)))
}

/// The subject holds a placeholder or an address.
fn subject_impossible(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let subject = credential.matcher.subject().filter(|subject| !is_masked(subject))?;
    check_subject(subject, true).err().map(|fault| Ruling::wrong(from_fault(fault, "subject").aadsts(700_213)))
}

/// The subject changes with every run.
fn subject_changes(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let (platform, part) = changing_part(Some(&credential.issuer), credential.matcher.subject()?)?;
    let problem = CredentialProblem::fatal("subject-changes-every-run", changes(&part)).aadsts(700_213).at("subject");
    Some(Ruling::wrong(problem.remedy(platform.stable_subject_remedy())))
}

/// Only a few runs have the subject.
fn subject_short_lived(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    short_lived::problem(&credential.issuer, credential.matcher.subject()?).map(Ruling::wrong)
}

/// Issuers that end with a UUID: what is before it, the platform, and the part.
const ISSUERS_WITH_UUID: [(&str, &str, &str); 2] = [
    ("https://vstoken.dev.azure.com/", "azure-pipelines", "organization-id"),
    ("https://oidc.circleci.com/org/", "circleci", "org"),
];

/// The issuer has a name where tokens have a UUID.
fn issuer_part_no_uuid(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let (name, place) = ISSUERS_WITH_UUID.iter().find_map(|(start, platform, part)| {
        let name = credential.issuer.strip_prefix(start)?.trim_end_matches('/');
        Some((name, uuid_place(platform, part).filter(|_| !is_guid(name) && !is_masked(name))?))
    })?;
    let message = format!("the issuer ends with {}, and tokens have the organization's UUID there", quoted(name));
    let problem = CredentialProblem::fatal(code::ISSUER_IMPOSSIBLE, message).aadsts(700_211).at("issuer");
    Some(Ruling::wrong(problem.remedy(place)))
}

/// A part of the subject is a name where tokens have a UUID.
fn subject_part_no_uuid(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let (platform, subject) = parsed(credential)?;
    let (part, place) = subject.parts.iter().find_map(|part| {
        let place = uuid_place(platform.name(), part.name)?;
        (!is_guid(&part.value) && !part.value.contains(['*', '?'])).then_some((part, place))
    })?;
    let message =
        format!("the part `{}` of the subject is {}, and tokens have its UUID", part.name, quoted(&part.value));
    let problem = CredentialProblem::fatal("subject-part-impossible", message).aadsts(700_213).at("subject");
    Some(Ruling::wrong(problem.remedy(place)))
}

/// The platform of the issuer writes no subject of this form. Templates can be chosen on some
/// platforms, so this is no error.
fn subject_form(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let subject = credential.matcher.subject().filter(|subject| !subject.is_empty() && !is_masked(subject))?;
    // Entra's own tokens have the same issuer as those of Azure Pipelines.
    let platform = platform::by_issuer(&credential.issuer).filter(|_| !is_entra_issuer(&credential.issuer))?;
    if platform.subject(subject).is_some_and(|parsed| is_whole(platform, &parsed))
        || subject.contains(['*', '?'])
        || check_subject(subject, true).is_err()
        || of_two_platforms(credential).is_some()
    {
        return None;
    }
    let message = format!("no known subject of {} has this form", platform.title());
    let problem = CredentialProblem::advice("subject-form-unknown", message).at("subject");
    Some(Ruling::wrong(
        problem.remedy("compare it with the claim `sub` of a token of the job: `azure-oidc inspect` shows it"),
    ))
}

/// Whether a subject has what all known subjects of the platform have.
fn is_whole(platform: &dyn Platform, subject: &Subject) -> bool {
    let value = |name| subject.parts.iter().find(|part| part.name == name).map(|part| part.value.as_str());
    match platform.name() {
        // A subject has the ids of both owner and repository, or of none.
        "github" => {
            let has_one_id = ["owner", "repository"].into_iter().filter_map(value).any(|name| name.contains('@'));
            !has_one_id && subject.parts.iter().all(|part| !part.value.is_empty())
        }
        "terraform-cloud" => {
            let is_run = value("workspace").is_some() && value("run_phase").is_some();
            value("project").is_some() && (is_run || value("stack").is_some())
        }
        _ => true,
    }
}

/// A managed identity cannot trust another one. Azure Pipelines has the same issuer, and other
/// subjects.
fn issuer_on_identity(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let subject = credential.matcher.subject().filter(|subject| is_guid(subject))?;
    if credential.identity.is_none() || !is_entra_issuer(&credential.issuer) {
        return None;
    }
    let message = format!(
        "a managed identity trusts the managed identity {}, and Entra accepts such tokens for applications only",
        quoted(subject)
    );
    let problem = CredentialProblem::fatal("issuer-entra-on-identity", message).aadsts(700_222).at("issuer");
    Some(Ruling::wrong(problem.remedy("create the credential on an application, and let the job sign in as that one")))
}

/// Sources differ on whether managed identities can have expressions.
fn expression_on_identity(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    if credential.identity.is_none() || credential.matcher.subject().is_some() {
        return None;
    }
    let message = "expressions on managed identities are a preview that Entra does not offer in every tenant";
    let problem = CredentialProblem::advice("expression-on-identity", message).at("claimsMatchingExpression");
    Some(Ruling::wrong(problem.remedy("use exact subjects where Entra refuses the expression")))
}

pub(super) fn parsed(credential: &Credential) -> Option<(&'static dyn Platform, Subject)> {
    let subject = credential.matcher.subject()?;
    let platform = platform::identify(&credential.issuer, Some(subject))?;
    Some((platform, platform.subject(subject)?))
}
