//! Gives advice about a refusal, from the claims of the refused token.

use super::{facts, scan};
use crate::catalogue::entry;
use crate::check::{Details, Question, SKEW, Severity, check, preflight, remedy};
use crate::cloud::Cloud;
use crate::credential::Credential;
use crate::credential::audience::wanted_audience;
use crate::platform;
use crate::token::Token;

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
}

/// What to do about a refusal, the most useful first. Each hint is understandable alone and
/// contains no token.
pub fn advise(refused: &Refused<'_>) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(token) = refused.token {
        hints.extend(from_check(refused, token));
        if is_matching(refused.code) {
            hints.extend(other_token_was_sent(refused, token));
            hints.push(required_values(token, refused.cloud));
            hints.extend(remedy::create_for(token, refused.credentials, refused.client_id, refused.cloud));
        }
    }
    if refused.token.is_none() {
        hints.extend(reconstructed_token(refused).map(|token| from_check(refused, &token)).unwrap_or_default());
    }
    if hints.is_empty() || !is_matching(refused.code) {
        hints.extend(entry(refused.code).map(|entry| entry.remedy.to_owned()));
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

/// The refused token, reconstructed from Entra's message, when there are credentials to compare it
/// with. Entra prints the values that differ; the others are taken from the credential that fits
/// best.
fn reconstructed_token(refused: &Refused<'_>) -> Option<Token> {
    let mention = scan::mentions(refused.description).into_iter().find(|mention| mention.code == refused.code)?;
    let facts = facts::all(&mention);
    let fact = |name| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let (issuer, subject, audience) = (fact("issuer"), fact("subject"), fact("audience"));
    issuer.or(subject).or(audience)?;
    let has_form = |one: &&Credential| {
        platform::by_issuer(&one.issuer).zip(subject).is_some_and(|(platform, sub)| platform.subject(sub).is_some())
    };
    let closest = refused.credentials.iter().find(has_form).or(refused.credentials.first())?;
    Some(Token::described(
        issuer.unwrap_or(&closest.issuer),
        subject.unwrap_or(closest.matcher.subject().unwrap_or_default()),
        audience.or(closest.audience()).unwrap_or_default(),
        &[],
    ))
}

/// Whether the code means that no credential matches.
fn is_matching(code: u32) -> bool {
    matches!(code, 70021 | 70025 | 700211..=700214 | 7002121 | 7002131 | 7002138)
}

/// The problems that a check finds, with their remedies.
fn from_check(refused: &Refused<'_>, token: &Token) -> Vec<String> {
    let findings = if refused.credentials.is_empty() {
        preflight(token, Some(refused.cloud), refused.now, SKEW)
    } else {
        let Refused { credentials, client_id, cloud, now, .. } = *refused;
        check(&Question { token, credentials, client_id, cloud, now, skew: SKEW, keys: None }).findings
    };
    let wanted =
        |severity| severity == Severity::Error || (refused.credentials.is_empty() && severity == Severity::Warning);
    let mut advice = Vec::new();
    for Details { message, remedy, remedy_is_command, .. } in
        findings.into_iter().filter(|finding| wanted(finding.severity)).map(Details::from)
    {
        match remedy {
            Some(remedy) if remedy_is_command => advice.extend([message, remedy]),
            Some(remedy) => advice.push(format!("{message}: {remedy}")),
            None => advice.push(message),
        }
    }
    advice
}

/// Reports that another token was sent, when Entra prints other values than those of the token.
fn other_token_was_sent(refused: &Refused<'_>, token: &Token) -> Option<String> {
    let mention = scan::mentions(refused.description).into_iter().find(|mention| mention.code == refused.code)?;
    let printed = facts::all(&mention);
    let claims = token.claims();
    let own = [("issuer", claims.iss.as_deref()), ("subject", claims.sub.as_deref())];
    own.into_iter().find_map(|(name, own)| {
        let (_, printed) = printed.iter().find(|(known, _)| *known == name)?;
        (own != Some(printed.as_str())).then(|| {
            format!(
                "another token was sent: Entra received the {name} `{printed}`, and this token has `{}`",
                own.unwrap_or_default()
            )
        })
    })
}

/// The values that a credential must hold to accept this token.
fn required_values(token: &Token, cloud: &Cloud) -> String {
    let claims = token.claims();
    format!(
        "a credential must hold exactly these values: issuer `{}`, subject `{}`, audience `{}`",
        claims.iss.as_deref().unwrap_or_default(),
        claims.sub.as_deref().unwrap_or_default(),
        wanted_audience(claims, cloud)
    )
}
