//! Gives advice from a log alone.

use super::is_matching;
use crate::check::changing_subject::{changes, changing_part};
use crate::check::time::{span, unix_seconds};
use crate::check::{objection, remedy};
use crate::cloud::{Cloud, PUBLIC};
use crate::credential::audience::entra_cloud;
use crate::credential::{CredentialProblem, breadth, reach, short_lived};
use crate::explain::facts;
use crate::explain::scan::{MAX_READ, Mention};
use crate::guid::is_guid;
use crate::shell::Shell;
use crate::shorten::{LONGEST_VALUE, shorten};
use crate::token::Token;

/// What to do, when neither the token nor the credentials are known. None when the log names no
/// more than the catalogue.
pub(in crate::explain) fn from_log(
    mention: &Mention,
    facts: &[(&'static str, String)],
    shell: Shell,
) -> Option<Vec<String>> {
    if !is_about_credentials(mention.code) {
        return None;
    }
    let mut hints = super::masked(mention, false);
    hints.extend(unfilled(mention));
    let is_complete = hints.is_empty();
    let wide = wide(mention.code, facts);
    // A pipeline for pull requests needs the credential; any other has a narrower way.
    let is_needed = wide.as_ref().is_none_or(|wide| wide.code == breadth::PULL_REQUESTS);
    hints.extend(wide.map(as_hint));
    if is_needed {
        let create = create(mention.code, facts, shell);
        let remedy = || crate::catalogue::entry(mention.code).map(|entry| named(entry.remedy, facts));
        hints.extend(if create.is_empty() && is_complete { remedy() } else { None });
        hints.extend(create);
    }
    if is_matching(mention.code) {
        hints.push(list_of_credentials(facts, shell));
    }
    Some(hints)
}

/// Whether the code means that a credential is missing or differs.
fn is_about_credentials(code: u32) -> bool {
    const OF_MANAGED_IDENTITY: u32 = 7_000_227;
    is_matching(code) || code == OF_MANAGED_IDENTITY
}

/// That the message in the log has places and no values, and where the values are.
pub(super) fn unfilled(mention: &Mention) -> Option<String> {
    let names = facts::unfilled(mention);
    let places: Vec<_> = names.iter().map(|name| format!("`{{{name}}}`")).collect();
    (!names.is_empty()).then(|| {
        format!(
            "take the true {} from the token, with `azure-oidc inspect` in the job: the message in the log has {} where a value \
             should be",
            names.join(" and "),
            places.join(" and ")
        )
    })
}

/// The code of a token that has expired or is not valid yet.
pub(super) const OUTSIDE_ITS_TIME: u32 = 700_024;

/// What to do when the token is not valid yet, as the times in the message say. A new token of the
/// same clock is no remedy.
pub(super) fn too_early(code: u32, facts: &[(&'static str, String)]) -> Option<String> {
    let text = |name: &str| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let seconds = |name: &str| text(name).and_then(unix_seconds);
    let (now, not_before) = (seconds("now")?, seconds("not_before")?);
    let is_expired = seconds("expires").is_some_and(|expires| expires <= now);
    if code != OUTSIDE_ITS_TIME || now >= not_before || is_expired {
        return None;
    }
    Some(format!(
        "correct the clock of the token's issuer: the token is valid only from {}, which is {} after Entra's time, and a new token from \
         the same clock is refused too",
        text("not_before")?,
        span(not_before - now)
    ))
}

/// That the log has more subjects than the first one, which the advice is about.
pub(in crate::explain) fn several(mention: &Mention) -> Option<String> {
    const NAMED: usize = 5;
    let subjects = facts::subjects(mention);
    let first = subjects.first().filter(|_| subjects.len() > 1 && is_about_credentials(mention.code))?;
    if changing(None, Some(first)).is_some() {
        return None;
    }
    let at_least = if mention.messages.len() < MAX_READ { "" } else { "at least " };
    let shown = |subject: &String| format!("`{}`", shorten(subject, LONGEST_VALUE));
    let mut list = subjects.iter().take(NAMED).map(shown).collect::<Vec<_>>().join(", ");
    if subjects.len() > NAMED {
        list += &format!(" and {} more", subjects.len() - NAMED);
    }
    Some(format!(
        "check every subject, because each needs a credential that matches it: the log has {at_least}{} different subjects with this code \
         ({list}), and the other advice here is about the first one",
        subjects.len()
    ))
}

/// Why no credential can match a subject that changes with every run, and what to do instead.
pub(super) fn changing(issuer: Option<&str>, subject: Option<&str>) -> Option<String> {
    let (platform, part) = changing_part(issuer, subject?)?;
    Some(format!("{}: {}", changes(&part), platform.stable_subject_remedy()))
}

/// What a credential for the subject in the log lets in beyond one pipeline.
fn wide(code: u32, facts: &[(&'static str, String)]) -> Option<CredentialProblem> {
    let fact = |name: &str| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let subject = fact("subject").filter(|_| creates(code))?;
    match fact("issuer") {
        Some(issuer) => breadth::of_subject(issuer, subject),
        None if code == 700_213 => breadth::of_subject_alone(subject),
        None => None,
    }
}

pub(super) fn as_hint(problem: CredentialProblem) -> String {
    match problem.remedy {
        Some(remedy) => format!("{}: {remedy}", problem.message),
        None => problem.message,
    }
}

/// The remedy with the values of the log in place of `the subject in the message` and the like.
pub(in crate::explain) fn named(remedy: &str, facts: &[(&'static str, String)]) -> String {
    let known = facts
        .iter()
        .filter(|(name, value)| matches!(*name, "subject" | "issuer" | "enterprise") && !value.contains('`'));
    let remedy = known.fold(remedy.to_owned(), |text, (name, value)| {
        let value = format!("the {name} `{}`", shorten(value, LONGEST_VALUE));
        text.replace(&format!("the {name} in the message"), &value)
    });
    match client_id(facts) {
        Some(id) => remedy.replace("--id CLIENT_ID", &format!("--id {id}")),
        None => remedy,
    }
}

/// What to do when neither a credential nor a new token helps: the token is not valid yet, its
/// subject is that of one run or of a few, Entra cannot reach the issuer, or Entra itself issued the
/// token for another resource.
pub(in crate::explain) fn obstacle(code: u32, facts: &[(&'static str, String)]) -> Option<String> {
    if let Some(too_early) = too_early(code, facts) {
        return Some(too_early);
    }
    if !is_about_credentials(code) {
        return None;
    }
    let fact = |name: &str| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    changing(fact("issuer"), fact("subject")).or_else(|| {
        let issuer = fact("issuer")?;
        of_issuer(issuer, fact("audience")).or_else(|| short_lived::problem(issuer, fact("subject")?).map(as_hint))
    })
}

/// The part of [`obstacle`] about the issuer.
pub(super) fn of_issuer(issuer: &str, audience: Option<&str>) -> Option<String> {
    if let Some(problem) = reach::unreachable(issuer) {
        return Some(as_hint(problem));
    }
    let cloud = entra_cloud(issuer)?;
    let audience = audience.unwrap_or(cloud.exchange_audience.unwrap_or_default());
    let remedy = objection::wrong_entra_token(Token::described(issuer, "", audience, &[]).claims(), cloud)?;
    Some(format!(
        "leave the credentials as they are, because Entra issued this token, and not for the token exchange: {remedy}"
    ))
}

/// Whether a credential can be missing. For other codes one with this issuer and subject exists.
fn creates(code: u32) -> bool {
    matches!(code, 70_021 | 70_025 | 700_211 | 700_213 | 7_002_131 | 7_000_227)
}

/// The command that creates the credential, when the log names its values.
fn create(code: u32, facts: &[(&'static str, String)], shell: Shell) -> Vec<String> {
    if !creates(code) {
        return Vec::new();
    }
    let fact = |name: &str| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let (Some(issuer), Some(subject)) = (fact("issuer"), fact("subject")) else { return Vec::new() };
    let audience = fact("audience").unwrap_or(PUBLIC.exchange_audience.unwrap_or_default());
    let cloud = Cloud::by_exchange_audience(audience).unwrap_or(PUBLIC);
    let token = Token::described(issuer, subject, audience, &[]);
    let Some(command) = remedy::create_for(&token, &[], client_id(facts), cloud, shell) else { return Vec::new() };
    let mut hints = vec![
        "create a credential with exactly the values in the log, unless one has this issuer and subject already:"
            .to_owned(),
        command,
    ];
    let for_identity = remedy::create_for_identity(&token, cloud, shell);
    hints.extend(
        for_identity.map(|command| format!("alternative, when the job signs in as a managed identity: {command}")),
    );
    hints
}

fn client_id<'a>(facts: &'a [(&'static str, String)]) -> Option<&'a str> {
    let application = facts.iter().find(|(name, _)| *name == "application").map(|(_, value)| value.as_str());
    application.filter(|id| is_guid(id))
}

fn list_of_credentials(facts: &[(&'static str, String)], shell: Shell) -> String {
    let id = client_id(facts).map_or_else(|| "\"${AZURE_CLIENT_ID:?}\"".to_owned(), |id| format!("'{id}'"));
    // In Windows PowerShell `>` writes UTF-16.
    let into = match shell {
        Shell::Bash => ">",
        Shell::Powershell => "| Set-Content -Encoding utf8 ",
    };
    let list = format!("az ad app federated-credential list --id {id} --output json {into}credentials.json");
    format!(
        "to compare with the credentials, list them with `{}` (for a managed identity `az identity federated-credential list`) and give \
         them to `azure-oidc explain` with `--credential credentials.json`",
        shell.with_variables(&list)
    )
}
