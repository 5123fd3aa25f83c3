//! Finds credentials that work today and must be replaced, and writes their successors.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Question};
use crate::check::Severity;
use crate::cloud::PUBLIC;
use crate::credential::normal::OLD_AKS;
use crate::credential::write::name_for;
use crate::credential::{Credential, CredentialProblem, Matcher};
use crate::shell::Shell;

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const AZURE_DEVOPS: &str = "https://vstoken.dev.azure.com/";

/// What the credentials themselves say about new values.
pub(super) struct Known<'a> {
    subjects: BTreeSet<&'a str>,
    /// `OWNER/REPOSITORY` of GitHub, and the same with ids.
    repositories: BTreeMap<String, &'a str>,
}

impl<'a> Known<'a> {
    pub(super) fn of(credentials: &'a [Credential]) -> Self {
        let subjects: BTreeSet<&str> = credentials.iter().filter_map(|one| one.matcher.subject()).collect();
        let with_ids = |subject: &&'a str| {
            let (repository, _) = subject.strip_prefix("repo:")?.split_once(':')?;
            let (owner, name) = repository.split_once('/')?;
            Some((format!("{}/{}", owner.split_once('@')?.0, name.split_once('@')?.0), repository))
        };
        Self { repositories: subjects.iter().filter_map(with_ids).collect(), subjects }
    }
}

/// The migration that a credential needs, and its successor when the new values are known.
pub(super) fn find(
    credential: &Credential,
    question: &Question<'_>,
    known: &Known<'_>,
) -> Option<(Finding, Option<Credential>)> {
    let subject = credential.matcher.subject();
    github(credential, subject?, question, known)
        .or_else(|| azure_devops(credential, subject?, question))
        .or_else(|| aks(credential, question))
}

/// Subjects with names only. New, renamed and transferred repositories have their ids in them.
fn github(
    credential: &Credential,
    subject: &str,
    question: &Question<'_>,
    known: &Known<'_>,
) -> Option<(Finding, Option<Credential>)> {
    let is_github =
        credential.issuer == GITHUB || credential.issuer.strip_prefix(GITHUB).is_some_and(|slug| slug.starts_with('/'));
    let (repository, rest) = subject.strip_prefix("repo:").filter(|_| is_github)?.split_once(':')?;
    let (owner, name) = repository.split_once('/').filter(|_| !repository.contains(['@', '*', '?']))?;
    let with_ids = replaced(repository, question).or_else(|| known.repositories.get(repository).copied());
    let new_subject = with_ids.map(|with_ids| format!("repo:{with_ids}:{rest}"));
    if new_subject.as_ref().is_some_and(|new| known.subjects.contains(new.as_str())) {
        return None;
    }
    let message = "the subject names owner and repository by their names alone; the tokens of repositories that were created, \
                   renamed or transferred since 2026-07-15 have their ids too, and do not match";
    let shown = if is_plain(owner) && is_plain(name) { repository } else { "OWNER/REPOSITORY" };
    // Windows PowerShell drops double quotes in arguments, so that jq gets the signs by their numbers.
    let query = match question.shell {
        Shell::Bash => r#""\(.full_name)=\(.owner.login)@\(.owner.id)/\(.name)@\(.id)""#,
        Shell::Powershell => {
            ".full_name+([61]|implode)+.owner.login+([64]|implode)+(.owner.id|tostring)+([47]|implode)+.name+([64]|implode)+(.id|tostring)"
        }
    };
    let remedy = format!(
        "write the credential with ids, to have it beside this one: add `--write --replace \"$(gh api repos/{shown} --jq \
         '{query}')\"` to the command"
    );
    let problem = CredentialProblem::advice("subject-without-ids", message).aadsts(700_213).at("subject");
    let finding = Finding { problem: problem.remedy(remedy), severity: Severity::Warning };
    Some((finding, new_subject.map(|subject| successor(credential, &credential.issuer, &subject))))
}

/// Azure DevOps retires its own issuer for service connections on 2027-07-01 (learn.microsoft.com,
/// Convert service connections). Other clouds and applications of several tenants keep it.
fn azure_devops(
    credential: &Credential,
    subject: &str,
    question: &Question<'_>,
) -> Option<(Finding, Option<Credential>)> {
    if !credential.issuer.starts_with(AZURE_DEVOPS) || !subject.starts_with("sc://") {
        return None;
    }
    let is_affected = question.cloud.name == PUBLIC.name;
    let message = if is_affected {
        "the issuer is Azure DevOps' own, which it retires for service connections on 2027-07-01 (applications of several \
         tenants keep it); the subject also changes when organization, project or connection are renamed"
    } else {
        "the issuer is Azure DevOps' own; service connections of the public cloud get Entra's, and those of this cloud keep it"
    };
    let remedy = format!(
        "convert the service connection in Azure DevOps, which shows the new issuer and subject, and add `--write {} {}` to \
         the command",
        replace(&credential.issuer, "NEW_ISSUER"),
        replace(subject, "NEW_SUBJECT")
    );
    let problem = CredentialProblem::advice("issuer-azure-devops-retired", message).at("issuer").remedy(remedy);
    let severity = if is_affected { Severity::Warning } else { Severity::Info };
    let new = replaced(&credential.issuer, question).zip(replaced(subject, question));
    Some((Finding { problem, severity }, new.map(|(issuer, subject)| successor(credential, issuer, subject))))
}

/// Clusters of today have an issuer with their region and tenant.
fn aks(credential: &Credential, question: &Question<'_>) -> Option<(Finding, Option<Credential>)> {
    let rest = credential.issuer.strip_prefix("https://")?.strip_prefix(OLD_AKS)?;
    let subject = credential.matcher.subject().filter(|_| rest.starts_with('/'))?;
    let message = "the issuer has the form of the first AKS clusters with workload identity, without region and tenant; clusters \
                   of today have https://REGION.oic.prod-aks.azure.com/TENANT/ID/";
    let remedy = format!(
        "compare it with what `az aks show --name CLUSTER --resource-group GROUP --query oidcIssuerProfile.issuerUrl --output \
         tsv` prints; if that differs, add `--write {}` to the command",
        replace(&credential.issuer, "NEW_ISSUER")
    );
    let problem = CredentialProblem::advice("issuer-aks-old", message).aadsts(700_211).at("issuer").remedy(remedy);
    let new = replaced(&credential.issuer, question).map(|issuer| successor(credential, issuer, subject));
    Some((Finding { problem, severity: Severity::Warning }, new))
}

fn successor(old: &Credential, issuer: &str, subject: &str) -> Credential {
    let description = old.description.clone();
    Credential {
        name: name_for(issuer, subject),
        issuer: issuer.to_owned(),
        matcher: Matcher::Subject(subject.to_owned()),
        description,
        ..old.clone()
    }
}

fn replaced<'a>(old: &str, question: &Question<'a>) -> Option<&'a str> {
    question.replacements.iter().find(|(from, _)| from == old).map(|(_, to)| to.as_str())
}

/// Whether a name needs no quotes in a shell.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c))
}

/// The option that gives a new value, quoted where a shell would read more into the old one.
fn replace(old: &str, new: &str) -> String {
    if old.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.:/".contains(&c)) {
        return format!("--replace {old}={new}");
    }
    let is_quotable = !old.contains(|c: char| c == '\'' || c == '=' || c.is_control());
    format!("--replace '{}={new}'", if is_quotable { old } else { "OLD" })
}
