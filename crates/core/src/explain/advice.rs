//! Gives advice about a refusal, from the refused token, the credentials and the log.

mod contradiction;
mod log;
mod nearest;

use std::cell::OnceCell;

use super::fit::{Values, fits};
use super::{facts, scan};
use crate::catalogue::{Sense, sense};
use crate::check::changing_subject::changing_part;
use crate::check::{Details, Question, SKEW, Severity, check, objection, preflight, remedy};
use crate::cloud::Cloud;
use crate::credential::audience::{is_entra_issuer, wanted_audience};
use crate::credential::{Credential, Matcher, breadth};
use crate::mask::mask_in;
use crate::shell::Shell;
use crate::shorten::{LONGEST_VALUE, shorten};
use crate::token::Token;

use contradiction::{FRESH, contradiction};
pub(super) use log::{from_log, named, obstacle, several};
use nearest::{among, comparable, foreign};

/// What is known of a refusal.
#[derive(Clone, Copy)]
pub struct Refused<'a> {
    /// The AADSTS number.
    pub code: u32,
    /// `error_description`, complete.
    pub description: &'a str,
    /// The token that was sent, if it is known.
    pub token: Option<&'a Token>,
    /// The credentials of the application, if they are known. Without a token, they are compared
    /// with the values in the description.
    pub credentials: &'a [Credential],
    /// The client id that was used.
    pub client_id: Option<&'a str>,
    /// The cloud of the exchange.
    pub cloud: &'static Cloud,
    /// The current time, in Unix seconds.
    pub now: i64,
    /// The shell that commands are for.
    pub shell: Shell,
}

/// What is known of an exchange that was refused, whatever the code.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// As [`Refused::token`].
    pub token: Option<&'a Token>,
    /// As [`Refused::credentials`].
    pub credentials: &'a [Credential],
    /// As [`Refused::client_id`].
    pub client_id: Option<&'a str>,
    /// As [`Refused::cloud`].
    pub cloud: &'static Cloud,
    /// As [`Refused::now`].
    pub now: i64,
}

impl<'a> Known<'a> {
    pub(super) fn refusal(&self, code: u32, shell: Shell) -> Refused<'a> {
        let Self { token, credentials, client_id, cloud, now } = *self;
        Refused { code, description: "", token, credentials, client_id, cloud, now, shell }
    }
}

/// What to do about a refusal, the most useful first. Each hint is understandable alone and
/// contains no token.
pub fn advise(refused: &Refused<'_>) -> Vec<String> {
    let mention = scan::mentions(refused.description).into_iter().find(|mention| mention.code == refused.code);
    about(refused, mention.as_ref(), &Checks::default())
}

/// The results of the checks of the token, which are the same for every code.
#[derive(Default)]
pub(super) struct Checks {
    with_credentials: OnceCell<Checked>,
    alone: OnceCell<Checked>,
}

/// As [`advise`], for a description that was read. `checks` keeps what was found for other codes.
pub(super) fn about(refused: &Refused<'_>, mention: Option<&scan::Mention>, checks: &Checks) -> Vec<String> {
    let check_of =
        |token| checks.with_credentials.get_or_init(|| from_check(refused, refused.credentials, token)).clone();
    let mut hints = match (refused.token, is_matching(refused.code)) {
        (Some(token), true) => for_token(refused, token, mention, check_of),
        // The credentials have nothing to do with it.
        (Some(token), false) => checks.alone.get_or_init(|| from_check(refused, &[], token)).advice.clone(),
        (None, _) => mention.map(|mention| for_log(refused, mention)).unwrap_or_default(),
    };
    if hints.is_empty() || !is_matching(refused.code) {
        let message = mention.and_then(|mention| mention.quoted.as_deref());
        let around = mention.map_or("", |mention| &mention.region);
        if let Sense::Known(meaning) = sense(refused.code, message, around) {
            let facts = mention.map(facts::all).unwrap_or_default();
            let is_found = checks.alone.get().is_some_and(|found| found.codes.contains(&refused.code));
            let place = if is_found { hints.len() } else { 0 };
            // The check tells whether the token is too old or too new, and the catalogue does not.
            if !(is_found && refused.code == log::OUTSIDE_ITS_TIME) {
                let remedy = log::too_early(refused.code, &facts);
                hints.insert(
                    place,
                    remedy.unwrap_or_else(|| named(&refused.shell.with_variables(meaning.remedy), &facts)),
                );
            }
        }
    }
    let mut kept: Vec<String> = Vec::new();
    hints.retain(|hint| {
        !kept.contains(hint) && {
            kept.push(hint.clone());
            true
        }
    });
    kept
}

/// Whether the code means that no credential matches.
fn is_matching(code: u32) -> bool {
    matches!(code, 70021 | 70025 | 700211..=700214 | 7002121 | 7002131 | 7002138)
}

/// The advice when no credential matches and the token is known.
fn for_token<'a>(
    refused: &Refused<'a>,
    token: &'a Token,
    mention: Option<&scan::Mention>,
    check_of: impl FnOnce(&'a Token) -> Checked,
) -> Vec<String> {
    let claims = token.claims();
    let (issuer, subject) = (claims.iss.as_deref(), claims.sub.as_deref());
    let equal = refused.credentials.iter().find(|credential| {
        claims.aud.iter().any(|aud| Values { issuer, subject, audience: Some(aud) }.equal(credential))
    });
    let mask = mention.map(|mention| masked(mention, true)).unwrap_or_default();
    let mut hints = Vec::new();
    if let Some((mention, other)) = mention.and_then(|one| Some((one, other_token_was_sent(one, token)?))) {
        hints.push(other);
        hints.extend(for_log(refused, mention));
        return hints;
    }
    if let Some(equal) = equal {
        let name = equal.named_among(refused.credentials);
        hints.extend(fits_already(&format!("exactly this token's issuer, subject and audience: {name}")));
        hints.extend(mask);
        return hints;
    }
    if let Some(contradiction) = contradiction(refused, issuer, None) {
        hints.push(contradiction);
        hints.extend(mask);
        return hints;
    }
    // Often the credential is there, on another application.
    if refused.code == 70_025 {
        hints.push(
            "compare the client id of the job with the application or identity that has the credential: this one has none. \
             Only if it is the right one, create a credential"
                .to_owned(),
        );
    }
    let found = check_of(token);
    hints.extend(found.advice);
    hints.extend(mask);
    if refused.credentials.iter().any(|credential| is_taken(credential, issuer, subject)) {
        return hints;
    }
    // A token for the audience of the cloud is the better way, so no credential for another is written.
    if refused.code == 700_212
        && !hints.is_empty()
        && !claims.aud.iter().any(|aud| Some(aud.as_str()) == refused.cloud.exchange_audience)
    {
        return hints;
    }
    if found.command.is_none() && changing_part(issuer, subject.unwrap_or_default()).is_none() {
        let Refused { credentials, client_id, cloud, shell, .. } = *refused;
        if objection::objection(token, cloud).is_some() {
            return hints;
        }
        hints.push(required_values(token, cloud));
        if refused.code == 700_212 && credentials.is_empty() {
            hints.push(LOOK_FIRST.to_owned());
        }
        hints.extend(remedy::create_for(token, credentials, client_id, cloud, shell));
    }
    warn(&mut hints, token);
    hints
}

/// Entra refuses a second credential with the same issuer and subject.
const LOOK_FIRST: &str = "`az ad app federated-credential list --id CLIENT_ID` shows whether a credential has this issuer and subject \
                          already: then change its audience, with `az ad app federated-credential update`. Create one only if \
                          none has";

/// Warns before the command that creates a credential which lets in more than one pipeline.
fn warn(hints: &mut Vec<String>, token: &Token) {
    let claims = token.claims();
    let (Some(issuer), Some(subject)) = (claims.iss.as_deref(), claims.sub.as_deref()) else { return };
    let Some(problem) = breadth::of_subject(issuer, subject) else { return };
    let is_said = hints.iter().any(|hint| hint.contains(&problem.message));
    if let Some(place) = hints.iter().position(|hint| creates(hint)).filter(|_| !is_said) {
        hints.insert(place, log::as_hint(problem));
    }
}

/// Whether the advice has a command that creates a credential.
fn creates(remedy: &str) -> bool {
    remedy.contains("federated-credential create")
}

/// Whether the credential has this issuer and subject. Entra refuses a second one with both.
fn is_taken(credential: &Credential, issuer: Option<&str>, subject: Option<&str>) -> bool {
    let same_subject = matches!(&credential.matcher, Matcher::Subject(own) if Some(own.as_str()) == subject);
    same_subject && Some(credential.issuer.as_str()) == issuer
}

/// The advice from the values that the log names. Commands are given only when no token is: one that
/// is not the token of the log leaves open which of the two is meant.
fn for_log(refused: &Refused<'_>, mention: &scan::Mention) -> Vec<String> {
    if refused.credentials.is_empty() {
        return Vec::new();
    }
    let (shown, hidden) = (facts::all(mention), facts::masked(mention));
    let value =
        |name: &str| shown.iter().chain(&hidden).find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let values = Values { issuer: value("issuer"), subject: value("subject"), audience: value("audience") };
    if let Some(contradiction) = contradiction(refused, values.issuer, values.audience) {
        return vec![contradiction, FRESH.to_owned()];
    }
    if !is_matching(refused.code) {
        return Vec::new();
    }
    let unfilled = log::unfilled(mention);
    if values.issuer.or(values.subject).or(values.audience).is_none() {
        return unfilled.into_iter().collect();
    }
    if let Some(reason) = log::changing(values.issuer, values.subject) {
        return vec![reason];
    }
    let mut hints = masked(mention, false);
    hints.extend(unfilled);
    if let Some(equal) = refused.credentials.iter().find(|credential| values.equal(credential)) {
        let what =
            if hidden.is_empty() { "everything that the log names" } else { "everything that the log does not hide" };
        hints.extend(fits_already(&format!("{what}: {}", equal.named_among(refused.credentials))));
        return hints;
    }
    let possible: Vec<_> = refused.credentials.iter().filter(|one| values.can_be_for(one)).cloned().collect();
    let (ranked, equally_near) = values.ranked(&possible);
    let Some(nearest) = ranked.first() else {
        match values.issuer.and_then(|issuer| log::of_issuer(issuer, values.audience)) {
            Some(obstacle) => hints.push(obstacle),
            None => hints.extend(foreign(refused.credentials, &values)),
        }
        return hints;
    };
    if !hidden.is_empty() {
        hints.push(format!(
            "compare the token's subject with `{}`, the subject of the nearest credential `{}`",
            nearest.matcher.subject().unwrap_or_default(),
            nearest.name
        ));
        return hints;
    }
    // The audience is not known, so a check would compare that of a credential.
    let of_entra = values.issuer.filter(|issuer| is_entra_issuer(issuer) && values.audience.is_none());
    if let Some(obstacle) = of_entra.and_then(|issuer| log::of_issuer(issuer, None)) {
        hints.push(obstacle);
        return hints;
    }
    if values.subject.is_none() && equally_near > 1 {
        let obstacle = values.issuer.and_then(|issuer| log::of_issuer(issuer, None));
        hints.push(obstacle.unwrap_or_else(|| among(&ranked[..equally_near], &values)));
        return hints;
    }
    // Entra prints the values that differ; the others are taken from the nearest credential.
    let token = Token::described(
        values.issuer.unwrap_or(&nearest.issuer),
        values.subject.unwrap_or(nearest.matcher.subject().unwrap_or_default()),
        values.audience.or(nearest.audience()).unwrap_or_default(),
        &[],
    );
    let found = from_check(refused, &comparable(&ranked, &values), &token);
    let is_kept = |hint: &String| refused.token.is_none() || found.command.as_ref() != Some(hint);
    hints.extend(found.advice.iter().filter(|hint| is_kept(hint)).cloned());
    warn(&mut hints, &token);
    hints
}

/// The advice when a credential has the values already. The same credential again is no remedy.
fn fits_already(what: &str) -> Vec<String> {
    vec![
        format!(
            "try again, with pauses of some seconds, up to ten minutes: a credential has {what}, so none has to be created. Entra's copies \
             of the directory are not always equal, and such a refusal can come even after a success"
        ),
        "if it stays: check that the client id of the job is that of the application with this credential; if it is, delete the \
         credential and create it again"
            .to_owned(),
    ]
}

/// That the log hides a part of a value.
fn masked(mention: &scan::Mention, token_is_known: bool) -> Vec<String> {
    let hidden = facts::masked(mention);
    let is_asked = |name: &str| match mention.code {
        700_211 => name == "issuer",
        700_212 | 700_214 | 7_002_121 => name == "audience",
        _ => true,
    };
    let Some((name, value)) = hidden.iter().find(|(name, _)| is_asked(name)) else { return Vec::new() };
    let mask = mask_in(value).unwrap_or_default();
    let what = format!("in `{value}` the `{mask}` is the log's mask for a secret and no part of the {name}");
    vec![if token_is_known {
        format!("do not copy the {name} from the log: {what}, and the token has the true value")
    } else {
        format!("take the true {name} from the token, with `azure-oidc inspect` in the job: {what}")
    }]
}

/// The problems that a check finds, with their remedies.
#[derive(Clone)]
pub(super) struct Checked {
    advice: Vec<String>,
    /// The one of them that is a command.
    command: Option<String>,
    /// The codes that Entra answers with because of them.
    codes: Vec<u32>,
}

fn from_check(refused: &Refused<'_>, credentials: &[Credential], token: &Token) -> Checked {
    let findings = if credentials.is_empty() {
        preflight(token, Some(refused.cloud), refused.now, SKEW, refused.shell)
    } else {
        let Refused { client_id, cloud, now, shell, .. } = *refused;
        check(&Question { token, credentials, client_id, cloud, now, skew: SKEW, keys: None, shell }).findings
    };
    let wanted =
        |severity| severity == Severity::Error || (refused.credentials.is_empty() && severity == Severity::Warning);
    let claims = token.claims();
    let taken = credentials.iter().any(|one| is_taken(one, claims.iss.as_deref(), claims.sub.as_deref()));
    let mut advice: Vec<String> = Vec::new();
    let (mut command, mut codes) = (None, Vec::new());
    for Details { message, remedy, remedy_is_command, aadsts, .. } in
        findings.into_iter().filter(|finding| wanted(finding.severity)).map(Details::from)
    {
        codes.extend(aadsts);
        match remedy {
            // Commands for several credentials would contradict each other: the first is the best.
            Some(remedy) if remedy_is_command && (command.is_some() || (taken && creates(&remedy))) => {
                advice.push(message);
            }
            Some(remedy) if remedy_is_command => {
                command = Some(remedy.clone());
                advice.extend([message, remedy]);
            }
            Some(remedy) => advice.push(format!("{message}: {remedy}")),
            None => advice.push(message),
        }
    }
    Checked { advice, command, codes }
}

/// Reports that another token was sent, when Entra prints other values than those of the token. The
/// log's mask is no other value.
fn other_token_was_sent(mention: &scan::Mention, token: &Token) -> Option<String> {
    let claims = token.claims();
    let printed: Vec<_> = facts::all(mention).into_iter().chain(facts::masked(mention)).collect();
    let own = [("issuer", claims.iss.as_deref()), ("subject", claims.sub.as_deref())];
    own.into_iter().find_map(|(name, own)| {
        let (_, printed) = printed.iter().find(|(known, _)| *known == name)?;
        let is_printed = name == "subject" && facts::subjects(mention).iter().any(|one| Some(one.as_str()) == own);
        (!is_printed && !fits(printed, own.unwrap_or_default())).then(|| {
            format!(
                "another token was sent: Entra received the {name} `{}`, and this token has `{}`",
                shorten(printed, LONGEST_VALUE),
                shorten(own.unwrap_or_default(), LONGEST_VALUE)
            )
        })
    })
}

/// The values that a credential must hold to accept this token.
fn required_values(token: &Token, cloud: &Cloud) -> String {
    let claims = token.claims();
    format!(
        "a credential must hold exactly these values: issuer `{}`, subject `{}`, audience `{}`",
        shorten(claims.iss.as_deref().unwrap_or_default(), LONGEST_VALUE),
        shorten(claims.sub.as_deref().unwrap_or_default(), LONGEST_VALUE),
        shorten(&wanted_audience(claims, cloud), LONGEST_VALUE)
    )
}
