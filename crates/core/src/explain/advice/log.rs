//! Gives advice from a log alone.

use super::is_matching;
use crate::check::changing_subject::{changes, changing_part};
use crate::check::time::{span, unix_seconds};
use crate::check::{objection, remedy};
use crate::cloud::{Cloud, PUBLIC};
use crate::credential::audience::entra_cloud;
use crate::credential::{reach, short_lived};
use crate::explain::scan::Mention;
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
    const NO_CREDENTIAL: u32 = 7_000_227;
    if !is_matching(mention.code) && mention.code != NO_CREDENTIAL {
        return None;
    }
    let mut hints = super::masked(mention, false);
    hints.extend(create(mention.code, facts, shell));
    let remedy = crate::catalogue::entry(mention.code).map(|entry| named(entry.remedy, facts));
    if hints.is_empty() {
        hints.extend(remedy);
    }
    if is_matching(mention.code) {
        hints.push(list_of_credentials(facts, shell));
    }
    Some(hints)
}

/// The remedy with the values of the log in place of `the subject in the message` and the like.
pub(super) fn named(remedy: &str, facts: &[(&'static str, String)]) -> String {
    let known = facts
        .iter()
        .filter(|(name, value)| matches!(*name, "subject" | "issuer" | "enterprise") && !value.contains('`'));
    known.fold(remedy.to_owned(), |text, (name, value)| {
        let value = format!("the {name} `{}`", shorten(value, LONGEST_VALUE));
        text.replace(&format!("the {name} in the message"), &value)
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

/// What to do when neither a credential nor a new token helps: the token is not valid yet, Entra
/// cannot reach the issuer, Entra itself issued the token for another resource, or only a few runs
/// have the subject.
pub(in crate::explain) fn obstacle(code: u32, facts: &[(&'static str, String)]) -> Option<String> {
    if let Some(too_early) = too_early(code, facts) {
        return Some(too_early);
    }
    if !is_matching(code) {
        return None;
    }
    let fact = |name: &str| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let issuer = fact("issuer")?;
    of_issuer(issuer, fact("audience")).or_else(|| of_subject(issuer, fact("subject")?))
}

fn of_subject(issuer: &str, subject: &str) -> Option<String> {
    if let Some((platform, part)) = changing_part(issuer, subject) {
        return Some(format!("{}: {}", changes(&part), platform.stable_subject_remedy()));
    }
    let problem = short_lived::problem(issuer, subject)?;
    Some(format!("{}: {}", problem.message, problem.remedy?))
}

/// As [`obstacle`], for an issuer.
pub(super) fn of_issuer(issuer: &str, audience: Option<&str>) -> Option<String> {
    if let Some(problem) = reach::unreachable(issuer) {
        return Some(match problem.remedy {
            Some(remedy) => format!("{}: {remedy}", problem.message),
            None => problem.message,
        });
    }
    let cloud = entra_cloud(issuer)?;
    let audience = audience.unwrap_or(cloud.exchange_audience.unwrap_or_default());
    let remedy = objection::wrong_entra_token(Token::described(issuer, "", audience, &[]).claims(), cloud)?;
    Some(format!(
        "leave the credentials as they are, because Entra issued this token, and not for the token exchange: {remedy}"
    ))
}

/// The command that creates the credential, when the log names its values.
fn create(code: u32, facts: &[(&'static str, String)], shell: Shell) -> Vec<String> {
    // For other codes a credential with this issuer and subject exists already.
    if !matches!(code, 70_021 | 70_025 | 700_211 | 700_213 | 7_002_131 | 7_000_227) {
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
