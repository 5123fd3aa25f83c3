//! What Entra decides about an ID token, and in which order: the one place of these rules.
//!
//! The answers are those of 2024 and later. Microsoft documents the rules, not their order; the order here is the one that
//! fits the answers people quote. [`Refusal::legacy`] turns an answer into the one of earlier years.

mod entra_issued;
mod shape;

use super::time::entra_moment;
use crate::catalogue::{self, Entry};
use crate::cloud::Cloud;
use crate::credential::audience::{is_entra_issuer, is_entra_token_for_exchange, matches_audience};
use crate::credential::{Credential, expression};
use crate::jwks::{self, KeySet};
use crate::token::{Claims, Malformed, Token};

pub(super) use entra_issued::rules as entra_issued_rules;
pub(super) use shape::missing_claims;
pub use shape::{ALGORITHMS, TYPES, shape};

/// The longest time from issue to expiry that Entra accepts: 25 hours (AADSTS70023).
pub const MAX_LIFETIME: i64 = 25 * 3_600;

/// A token in front of the application that it should sign in.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The token.
    pub token: &'a Token,
    /// All credentials of the application or managed identity.
    pub credentials: &'a [Credential],
    /// Which application it is, for the texts of refusals.
    pub application: Application<'a>,
    /// The cloud that is asked.
    pub cloud: &'a Cloud,
    /// What is known of the issuer's keys.
    pub keys: Keys<'a>,
    /// The time, in Unix seconds.
    pub now: i64,
    /// By how many seconds clocks may differ.
    pub skew: i64,
}

/// How an application is called in Entra's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Application<'a> {
    /// Its client id.
    pub id: &'a str,
    /// Its display name.
    pub name: &'a str,
}

/// The issuer's keys.
#[derive(Clone, Copy)]
pub enum Keys<'a> {
    /// Not looked at: the signature counts as good.
    Unknown,
    /// These.
    Set(&'a KeySet),
    /// The issuer's metadata or keys could not be had.
    Unreachable,
}

/// Entra's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The AADSTS number.
    pub aadsts: u32,
    /// What the text of the answer names, for [`Entry::render`].
    pub values: Vec<(&'static str, String)>,
}

/// The credential that accepts the token, or the first reason against it.
///
/// # Errors
///
/// The refusal that Entra is expected to answer with.
pub fn decide<'a>(case: &Case<'a>) -> Result<&'a Credential, Refusal> {
    shape(case.token)?;
    issuer(case)?;
    signature(case.token, case.keys)?;
    time(case.token.claims(), case.now, case.skew)?;
    subject_and_audience(case)
}

/// Whether any credential has the token's issuer. Only then does it make sense to fetch the issuer's keys.
///
/// # Errors
///
/// AADSTS70025, 700211, and what Entra says of tokens that it issued itself.
pub fn issuer(case: &Case<'_>) -> Result<(), Refusal> {
    let claims = case.token.claims();
    if case.credentials.is_empty() {
        let Application { id, name } = case.application;
        return Err(Refusal::new(70025).with("application", id).with("application_name", name));
    }
    let iss = claims.iss.as_deref().unwrap_or_default();
    if iss.trim() != iss || !case.credentials.iter().any(|credential| credential.matches_issuer(claims)) {
        return Err(Refusal::new(700211).with("issuer", iss));
    }
    entra_issued::rules(claims, case.cloud)
}

/// Whether one of the issuer's keys made the signature.
///
/// # Errors
///
/// AADSTS501661, 7000272, 5002730 and 7000274.
pub fn signature(token: &Token, keys: Keys<'_>) -> Result<(), Refusal> {
    let keys = match keys {
        Keys::Unknown => return Ok(()),
        Keys::Unreachable => return Err(Refusal::new(501661)),
        Keys::Set(keys) => keys,
    };
    let Some(reason) = jwks::verify(token.jws(), keys).reason else { return Ok(()) };
    let refusal = match reason {
        "kid-unknown" | "kid-beyond-limit" | "kid-missing" | "key-missing" | "key-not-for-signatures" => {
            Refusal::new(7000272)
                .with("key", token.header().kid.as_deref().unwrap_or_default())
                .with("issuer", token.claims().iss.as_deref().unwrap_or_default())
        }
        "key-type-mismatch" | "key-alg-mismatch" => Refusal::new(5002730),
        _ => Refusal::new(7000274),
    };
    Err(refusal.with("reason", reason))
}

/// Whether the token is valid now, and not for too long.
///
/// # Errors
///
/// AADSTS700024 and 70023.
pub fn time(claims: &Claims, now: i64, skew: i64) -> Result<(), Refusal> {
    let expires = claims.exp.unwrap_or_default();
    if is_expired(claims, now, skew) || is_early(claims, now, skew) {
        return Err(Refusal::new(700024)
            .with("now", entra_moment(now))
            .with("not_before", entra_moment(claims.nbf.unwrap_or_default()))
            .with("expires", entra_moment(expires)));
    }
    match lifetime(claims) {
        Some((issued, lifetime)) if lifetime > MAX_LIFETIME => {
            Err(Refusal::new(70023).with("issued", issued.to_string()).with("expires", expires.to_string()))
        }
        _ => Ok(()),
    }
}

/// Whether the token's time is over (RFC 7519 §4.1.4). A token without `exp` isn't judged here.
pub fn is_expired(claims: &Claims, now: i64, skew: i64) -> bool {
    claims.exp.is_some_and(|exp| exp.saturating_add(skew) <= now)
}

/// Whether the token's time has not come (RFC 7519 §4.1.5).
pub fn is_early(claims: &Claims, now: i64, skew: i64) -> bool {
    claims.nbf.is_some_and(|nbf| nbf.saturating_sub(skew) > now)
}

/// When the token was issued, and how many seconds later it expires.
pub fn lifetime(claims: &Claims) -> Option<(i64, i64)> {
    let issued = claims.iat.or(claims.nbf)?;
    Some((issued, claims.exp?.saturating_sub(issued)))
}

/// The credential that has the token's issuer, its subject or an expression that is true for it, and its audience: all in
/// one credential, never the halves of two.
///
/// # Errors
///
/// AADSTS700212, 700213, 700214, 7002131, 7002138, and what is wrong with an expression: 700233, 700237, 7002241.
pub fn subject_and_audience<'a>(case: &Case<'a>) -> Result<&'a Credential, Refusal> {
    let claims = case.token.claims();
    let candidates = || case.credentials.iter().filter(|credential| credential.matches_issuer(claims));
    let mut other_audience = false;
    let mut bad_expression = None;
    // exact subjects come first: an expression that cannot be read does no harm to them
    let (exact, flexible): (Vec<_>, Vec<_>) =
        candidates().partition(|credential| credential.matcher.subject().is_some());
    for credential in exact.iter().chain(&flexible) {
        match matches_subject(credential, claims) {
            Ok(true) if matches_audience(credential, claims, case.cloud) => return Ok(credential),
            Ok(true) => other_audience = true,
            Ok(false) => {}
            Err(refusal) => bad_expression = bad_expression.or(Some(refusal)),
        }
    }
    if other_audience {
        return Err(wrong_audience(claims, case.cloud));
    }
    if let Some(refusal) = bad_expression {
        return Err(refusal);
    }
    let sub = claims.sub.as_deref().unwrap_or_default();
    let code = match () {
        () if exact.iter().any(|c| c.matcher.subject().is_some_and(|subject| same_but_for_case(subject, sub))) => {
            7002138
        }
        () if flexible.is_empty() => 700213,
        () => 7002131,
    };
    Err(Refusal::new(code).with("subject", sub))
}

/// Whether a credential has the token's subject, or an expression that is true for it.
///
/// # Errors
///
/// What Entra says of an expression that it cannot use: 700233, 700237, 7002241.
pub fn matches_subject(credential: &Credential, claims: &Claims) -> Result<bool, Refusal> {
    let Some(parsed) = credential.matcher.expression() else {
        return Ok(credential.matcher.subject() == claims.sub.as_deref());
    };
    if !expression::is_allowed_issuer(&credential.issuer) {
        return Err(Refusal::new(7002241).with("issuer", credential.issuer.as_str()));
    }
    let expression = parsed.map_err(|_| Refusal::new(expression::AADSTS))?;
    match expression::review(&credential.issuer, &expression).iter().find_map(|problem| problem.aadsts) {
        Some(aadsts) => Err(Refusal::new(aadsts)),
        None => Ok(expression.evaluate(claims)),
    }
}

/// Whether two texts differ in nothing but upper and lower case.
pub fn same_but_for_case(a: &str, b: &str) -> bool {
    a != b && lower_case(a) == lower_case(b)
}

/// Each character in lower case, wherever in a word it stands.
pub(super) fn lower_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Whether a tenant that takes GitHub tokens of certain enterprises only takes this one. Entra looks at it last of all.
///
/// # Errors
///
/// AADSTS7002381.
pub fn enterprise(claims: &Claims, allowed: &[&str]) -> Result<(), Refusal> {
    let iss = claims.iss.as_deref().unwrap_or_default();
    let github = iss == "https://token.actions.githubusercontent.com" && !allowed.is_empty();
    if !github || claims.text("enterprise").is_some_and(|name| allowed.contains(&name)) {
        return Ok(());
    }
    Err(Refusal::new(7002381).with("issuer", iss).with("enterprise", allowed.join("', '")))
}

fn wrong_audience(claims: &Claims, cloud: &Cloud) -> Refusal {
    if is_entra_token_for_exchange(claims, cloud) {
        return Refusal::new(700214).with("expected", cloud.exchange_audience.unwrap_or_default());
    }
    let iss = claims.iss.as_deref().unwrap_or_default();
    let code = if is_entra_issuer(iss) { 7002121 } else { 700212 };
    Refusal::new(code).with("audience", claims.aud.join("', '"))
}

impl Refusal {
    /// A refusal whose text names nothing yet.
    pub fn new(aadsts: u32) -> Self {
        Self { aadsts, values: Vec::new() }
    }

    /// Adds what the text names.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// What is known of the number.
    pub fn entry(&self) -> Option<&'static Entry> {
        catalogue::entry(self.aadsts)
    }

    /// Entra's text, without number and trace block.
    pub fn message(&self) -> String {
        self.entry().map(|entry| entry.render(&self.values)).unwrap_or_default()
    }

    /// The refusal as Entra gave it until 2023, when one code stood for every way in which no credential fits.
    pub fn legacy(self, token: &Token) -> Self {
        if !matches!(self.aadsts, 700211..=700214 | 7002121 | 7002131 | 7002138) {
            return self;
        }
        let claims = token.claims();
        Self::new(70021)
            .with("issuer", claims.iss.as_deref().unwrap_or_default())
            .with("subject", claims.sub.as_deref().unwrap_or_default())
            .with("audience", claims.aud.join("', '"))
    }
}

impl From<&Malformed> for Refusal {
    fn from(malformed: &Malformed) -> Self {
        Self::new(malformed.aadsts)
    }
}
