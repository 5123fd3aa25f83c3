//! Turns a refusal into advice, from the claims of the very token that was refused.

use super::catalogue::entry;
use super::{facts, scan};
use crate::check::decision::wanted_audience;
use crate::check::{Details, Question, SKEW, Severity, check, preflight, remedy};
use crate::cloud::Cloud;
use crate::credential::Credential;
use crate::platform;
use crate::token::Token;

/// What is known when Entra has refused a token.
#[derive(Clone, Copy)]
pub struct Refused<'a> {
    /// The AADSTS number.
    pub code: u32,
    /// `error_description`, whole.
    pub description: &'a str,
    /// The token that was sent, if it is at hand.
    pub token: Option<&'a Token>,
    /// The credentials of the application, if they were given. Without a token, what the description names is compared with them.
    pub credentials: &'a [Credential],
    /// The client id that was used.
    pub client_id: Option<&'a str>,
    /// The cloud that was asked.
    pub cloud: &'static Cloud,
    /// The time, in Unix seconds.
    pub now: i64,
}

/// What to do about a refusal, the most useful first. Each hint stands alone; none holds a token.
pub fn advise(refused: &Refused<'_>) -> Vec<String> {
    let mut hints = Vec::new();
    if let Some(token) = refused.token {
        hints.extend(from_check(refused, token));
        if is_matching(refused.code) {
            hints.extend(changed_meanwhile(refused, token));
            hints.push(needed(token, refused.cloud));
            hints.extend(remedy::create_for(token, refused.credentials, refused.client_id, refused.cloud));
        }
    }
    if refused.token.is_none() {
        hints.extend(presented(refused).map(|token| from_check(refused, &token)).unwrap_or_default());
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

/// What Entra prints of the token that it refused, where there are credentials to compare it with. What it does not print is as the
/// likeliest credential has it: Entra names what differs.
fn presented(refused: &Refused<'_>) -> Option<Token> {
    let mention = scan::mentions(refused.description).into_iter().find(|mention| mention.code == refused.code)?;
    let facts = facts::all(&mention);
    let fact = |name| facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let (issuer, subject, audience) = (fact("issuer"), fact("subject"), fact("audience"));
    issuer.or(subject).or(audience)?;
    let has_form = |one: &&Credential| {
        platform::by_issuer(&one.issuer).zip(subject).is_some_and(|(platform, sub)| platform.subject(sub).is_some())
    };
    let likeliest = refused.credentials.iter().find(has_form).or(refused.credentials.first())?;
    Some(Token::described(
        issuer.unwrap_or(&likeliest.issuer),
        subject.unwrap_or(likeliest.matcher.subject().unwrap_or_default()),
        audience.or(likeliest.audience()).unwrap_or_default(),
        &[],
    ))
}

/// Codes for "no credential fits".
fn is_matching(code: u32) -> bool {
    matches!(code, 70021 | 70025 | 700211..=700214 | 7002121 | 7002131 | 7002138)
}

/// What a check finds wrong, with its remedies.
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
    for Details { message, remedy, .. } in
        findings.into_iter().filter(|finding| wanted(finding.severity)).map(Details::from)
    {
        match remedy {
            Some(remedy) if remedy.starts_with("az ") => advice.extend([message, remedy]),
            Some(remedy) => advice.push(format!("{message}: {remedy}")),
            None => advice.push(message),
        }
    }
    advice
}

/// Entra prints what it compared; if that is not what the token says, another token was sent.
fn changed_meanwhile(refused: &Refused<'_>, token: &Token) -> Option<String> {
    let mention = scan::mentions(refused.description).into_iter().find(|mention| mention.code == refused.code)?;
    let printed = facts::all(&mention);
    let claims = token.claims();
    let own = [("issuer", claims.iss.as_deref()), ("subject", claims.sub.as_deref())];
    own.into_iter().find_map(|(name, own)| {
        let (_, printed) = printed.iter().find(|(known, _)| *known == name)?;
        (own != Some(printed.as_str())).then(|| {
            format!(
                "Entra saw the {name} `{printed}`, the token at hand has `{}`: another token was sent",
                own.unwrap_or_default()
            )
        })
    })
}

/// What a credential must hold to accept this token.
fn needed(token: &Token, cloud: &Cloud) -> String {
    let claims = token.claims();
    format!(
        "a credential must hold exactly these: issuer `{}`, subject `{}`, audience `{}`",
        claims.iss.as_deref().unwrap_or_default(),
        claims.sub.as_deref().unwrap_or_default(),
        wanted_audience(claims, cloud)
    )
}
