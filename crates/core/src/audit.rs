//! Audits federated identity credentials without a token: which can never match, which let in too
//! much, which must be migrated. Proposes new credentials.

use crate::check::Severity;
use crate::check::quote::quoted;
use crate::cloud::Cloud;
use crate::credential::limits::Clash;
use crate::credential::write::{self, Format, Target, delete_command, update_command};
use crate::credential::{Credential, CredentialProblem, breadth, code, limits};
use crate::platform;
use crate::shell::Shell;
use crate::{Category, Fault};

mod audiences;
mod expressions;
mod issuers;
mod migrations;
mod proposals;
mod rules;
#[cfg(test)]
mod tests;

use migrations::Known;

/// The credentials of one application or managed identity.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// All of its credentials.
    pub credentials: &'a [Credential],
    /// The client id of the application, if known; commands in remedies use it.
    pub client_id: Option<&'a str>,
    /// The cloud of the application or identity.
    pub cloud: &'static Cloud,
    /// The shell that commands are for.
    pub shell: Shell,
    /// Old values and their new ones, for migrations: issuers, subjects, and `OWNER/REPOSITORY` of
    /// GitHub with `OWNER@ID/REPOSITORY@ID`.
    pub replacements: &'a [(String, String)],
}

/// The result of an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Errors first, then warnings, then the rest. The problem's index is that of the credential.
    pub findings: Vec<Finding>,
    /// New credentials, in the order of the old ones.
    pub changes: Vec<Change>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, and what to do.
    pub problem: CredentialProblem,
    /// How bad it is. An error: no token can match, or Entra refuses to store the credential, or
    /// strangers can use it.
    pub severity: Severity,
}

/// A new credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The index of the old credential.
    pub index: usize,
    /// The new credential.
    pub credential: Credential,
    /// How the two relate.
    pub kind: Kind,
}

/// How a new credential relates to the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It takes the place of the old one and has its name.
    Correction,
    /// It stands beside the old one, which can be deleted when the pipeline uses the new one.
    Successor,
}

/// Advice that is an error here: `check` compares with one token, which another credential may
/// accept.
const ERRORS: [&str; 4] =
    ["subject-wildcard", "expression-wildcard-under-eq", "expression-regex", code::OPEN_TO_STRANGERS];

/// The codes of migrations.
const MIGRATIONS: [&str; 3] = ["subject-without-ids", "issuer-azure-devops-retired", "issuer-aks-old"];

/// Advice that needs no action today.
const NOTES: [&str; 2] = ["expression-on-identity", "credentials-none"];

/// Audits the credentials. The findings do not depend on the order of the credentials, apart from
/// their indices.
pub fn audit(question: &Question<'_>) -> Report {
    let credentials = question.credentials;
    let mut general = Vec::new();
    let mut own: Vec<Vec<Finding>> = credentials.iter().map(|_| Vec::new()).collect();
    for problem in limits::problems(credentials) {
        let is_of_identity = problem.index.is_some_and(|index| credentials[index].identity.is_some());
        let is_said = match problem.code {
            // These depend on the order.
            code::NAME_TAKEN | code::DUPLICATE => false,
            // An application can have such a name.
            "credential-name-short" => is_of_identity,
            _ => true,
        };
        if is_said {
            let place = problem.index.and_then(|index| own.get_mut(index)).unwrap_or(&mut general);
            place.push(of_problem(problem, credentials));
        }
    }
    for clash in limits::clashes(credentials) {
        for (index, finding) in of_clash(&clash, question) {
            own[index].push(finding);
        }
    }
    if credentials.is_empty() {
        let message = "there are no credentials, so no token can sign in (AADSTS70025)";
        general.push(of_problem(CredentialProblem::advice("credentials-none", message), credentials));
    }
    let known = Known::of(credentials);
    let mut changes = Vec::new();
    for (index, findings) in own.iter_mut().enumerate() {
        of_credential(question, &known, index, findings, &mut changes);
    }
    let changes = proposals::settled(changes, question, &mut own);
    general.extend(no_room(&changes, credentials).map(|problem| of_problem(problem, credentials)));
    let mut findings: Vec<_> = general.into_iter().chain(own.into_iter().flatten()).collect();
    findings.sort_by_cached_key(|finding| {
        let credential = finding.problem.index.and_then(|index| credentials.get(index));
        (finding.severity, credential.map(|one| one.name.clone()))
    });
    Report { findings, changes }
}

/// Why no token can match a credential with an exact subject that is to be created.
pub fn impossible(credential: &Credential, cloud: &'static Cloud) -> Option<CredentialProblem> {
    credential.matcher.subject()?;
    let question = Question { credentials: &[], client_id: None, cloud, shell: Shell::Bash, replacements: &[] };
    rules::apply(credential, &question).0.into_iter().find(|problem| problem.fatal)
}

/// Writes new credentials, all of one application or identity, in a format or in the one like it
/// for the other kind of owner. For the Azure CLI a correction is an update.
///
/// # Errors
/// When the format cannot express a value.
pub fn written(changes: &[Change], format: Format, question: &Question<'_>) -> Result<String, Fault> {
    let Some(first) = changes.first() else { return Ok(String::new()) };
    let (target, _) = target_of(&first.credential, question);
    let format = format.for_owner(&target.owner);
    match format {
        Format::Az | Format::AzIdentity => {
            let line = |change| Ok(command(change, question)? + "\n");
            changes.iter().map(line).collect()
        }
        _ => {
            let credentials: Vec<_> = changes.iter().map(|change| change.credential.clone()).collect();
            write::unchecked(&credentials, format, &target)
        }
    }
}

fn target_of(credential: &Credential, question: &Question<'_>) -> (Target, Format) {
    Target::of(credential, question.client_id, question.cloud, question.shell)
}

fn unwritable() -> Fault {
    let message = "a command for this shell cannot pass the application or identity unchanged";
    Fault::new(Category::Usage, "value-not-for-shell", message).hint("use `--format graph`, or another shell")
}

/// The Azure CLI command for a new credential.
fn command(change: &Change, question: &Question<'_>) -> Result<String, Fault> {
    let credential = &change.credential;
    let (target, format) = target_of(credential, question);
    let create = || Ok(write::write(std::slice::from_ref(credential), format, &target)?.trim_end().to_owned());
    match change.kind {
        Kind::Successor => create(),
        Kind::Correction => match update_command(credential, &target) {
            Some(update) => Ok(update),
            // The Azure CLI cannot update the expression of an application's credential.
            None => {
                let delete = delete_command(credential, &target).ok_or_else(unwritable)?;
                Ok(question.shell.then(&delete, &create()?))
            }
        },
    }
}

fn of_problem(problem: CredentialProblem, credentials: &[Credential]) -> Finding {
    let credential = problem.index.and_then(|index| credentials.get(index));
    let severity = if problem.fatal { Severity::Error } else { advice_severity(problem.code, credential) };
    Finding { problem, severity }
}

fn advice_severity(code: &str, credential: Option<&Credential>) -> Severity {
    // Only for a known platform is it certain that no subject has a star.
    let is_known = |one: &Credential| platform::by_issuer(&one.issuer).is_some();
    match code {
        "subject-wildcard" if !credential.is_some_and(is_known) => Severity::Warning,
        code if ERRORS.contains(&code) => Severity::Error,
        code if NOTES.contains(&code) => Severity::Info,
        _ => Severity::Warning,
    }
}

/// The findings about all credentials but the one to keep. Which one that is does not depend on
/// the order.
fn of_clash<'a>(clash: &'a Clash, question: &'a Question<'_>) -> impl Iterator<Item = (usize, Finding)> + 'a {
    let credentials = question.credentials;
    let usual = question.cloud.exchange_audience;
    let rank = |index: &usize| {
        let one = &credentials[*index];
        (one.audience() != usual, &one.name, &one.issuer, one.matcher.text(), &one.audiences, &one.description)
    };
    let keep = clash.indices.iter().copied().min_by(|a, b| rank(a).cmp(&rank(b))).unwrap_or_default();
    clash.indices.iter().copied().filter(move |index| *index != keep).map(move |index| {
        let (kept, one) = (&credentials[keep], &credentials[index]);
        let same_pair = clash.member == "subject";
        let message = if same_pair {
            format!(
                "the credential {} has this issuer and subject too, and the pair must be unique",
                quoted(&kept.name)
            )
        } else {
            format!("another credential, for {}, has this name too", quoted(kept.matcher.text()))
        };
        let remedy = match same_pair && kept.name != one.name {
            true => {
                delete_command(one, &target_of(one, question).0).unwrap_or_else(|| "delete one of the two".to_owned())
            }
            false if same_pair => "delete one of the two".to_owned(),
            false => "give one of the two another name".to_owned(),
        };
        let problem = CredentialProblem::fatal(clash.code, message).of(index).at(clash.member).remedy(remedy);
        (index, Finding { problem, severity: Severity::Error })
    })
}

/// Adds the findings about one credential alone, and the new credentials in its place or beside it.
fn of_credential(
    question: &Question<'_>,
    known: &Known<'_>,
    index: usize,
    findings: &mut Vec<Finding>,
    changes: &mut Vec<Change>,
) {
    let credential = &question.credentials[index];
    let (problems, changed) = rules::apply(credential, question);
    let broad = breadth::problem(&changed);
    let widened = widened(credential, &changed, broad.as_ref());
    for problem in problems.into_iter().chain(broad) {
        // A placeholder in the issuer can look like a private host.
        if problem.code == code::ISSUER_IMPOSSIBLE {
            findings.retain(|one| one.problem.code != code::ISSUER_NOT_PUBLIC);
        }
        // The limits may have found the same.
        if !findings.iter().any(|one| one.problem.code == problem.code) {
            findings.push(of_problem(problem.of(index), question.credentials));
        }
    }
    if let Some(remedy) = widened {
        let repaired = findings.iter_mut().filter(|one| rules::REPAIRED.contains(&one.problem.code));
        repaired.for_each(|one| one.problem.remedy = Some(remedy.clone()));
        return;
    }
    if !is_sound(&changed, question) {
        return;
    }
    // The credential beside it gets the successor.
    if findings.iter().any(|one| one.problem.code == code::DUPLICATE) {
        return;
    }
    if let Some((finding, successor)) = migrations::find(&changed, question, known) {
        findings.push(Finding { problem: finding.problem.of(index), ..finding });
        let successor = successor.filter(|one| is_sound(one, question));
        changes.extend(successor.map(|credential| Change { index, credential, kind: Kind::Successor }));
    }
    if changed != *credential {
        changes.push(Change { index, credential: changed, kind: Kind::Correction });
    }
}

/// What to do in place of a correction that would let in more than one pipeline: today nothing can
/// use the credential.
fn widened(credential: &Credential, changed: &Credential, broad: Option<&CredentialProblem>) -> Option<String> {
    let is_expression = changed.matcher.subject().is_none() && changed.matcher != credential.matcher;
    broad.filter(|_| is_expression)?.remedy.clone()
}

/// The advice when the new credentials do not fit beside the old ones.
fn no_room(changes: &[Change], credentials: &[Credential]) -> Option<CredentialProblem> {
    let new = changes.iter().filter(|change| change.kind == Kind::Successor).count();
    let count = credentials.len() + new;
    let is_new = credentials.len() <= limits::MAX_PER_APPLICATION && count > limits::MAX_PER_APPLICATION;
    let message = format!(
        "with {new} new credentials there are {count}, and an application or identity can have at most {}",
        limits::MAX_PER_APPLICATION
    );
    let problem = is_new.then(|| CredentialProblem::advice("credentials-no-room", message))?;
    Some(problem.remedy("migrate one pipeline after the other, and delete the old credential of each"))
}

/// Whether Entra stores this credential, a token can match it, and a command can show it.
fn is_sound(credential: &Credential, question: &Question<'_>) -> bool {
    let mut problems = limits::problems(std::slice::from_ref(credential));
    problems.extend(rules::apply(credential, question).0);
    !write::holds_secret(credential)
        && !problems.into_iter().any(|problem| {
            // Entra stores no new expression without an id.
            problem.code == code::ID_MISSING
                || of_problem(problem.of(0), std::slice::from_ref(credential)).severity == Severity::Error
        })
}
