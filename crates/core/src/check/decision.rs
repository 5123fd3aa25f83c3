//! Entra's rules for an ID token, in the order in which Entra applies them.
//!
//! The answers are those of 2024 and later. Microsoft documents the rules, but not their order; the
//! order here fits the answers that people quote. [`Refusal::legacy`] gives the answer of earlier
//! years.

mod entra_issued;
mod shape;

use super::time::entra_moment;
use crate::catalogue::{self, Entry};
use crate::cloud::Cloud;
use crate::credential::audience::{is_entra_issuer, is_entra_token_for_exchange, matches_audience};
use crate::credential::{Credential, expression};
use crate::jwks::{self, KeySet, Reason};
use crate::token::{Claims, Malformed, Token};

pub(super) use entra_issued::rules as entra_issued_rules;
pub(super) use shape::missing_claims;
pub use shape::{ALGORITHMS, TYPES, shape};

/// The longest time from issue to expiry that Entra accepts: 25 hours (AADSTS70023).
pub const MAX_LIFETIME: i64 = 25 * 3_600;

/// A token, and the application that it should sign in to.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The token.
    pub token: &'a Token,
    /// All credentials of the application or managed identity.
    pub credentials: &'a [Credential],
    /// The application, as the messages of refusals name it.
    pub application: Application<'a>,
    /// The cloud that is asked.
    pub cloud: &'a Cloud,
    /// The issuer's keys.
    pub keys: Keys<'a>,
    /// The time, in Unix seconds.
    pub now: i64,
    /// How many seconds clocks may differ.
    pub skew: i64,
}

/// How Entra's messages name an application.
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
    /// Not known: the signature is not verified.
    Unknown,
    /// The signature is verified with these keys.
    Set(&'a KeySet),
    /// The issuer's metadata or keys cannot be fetched.
    Unreachable,
}

/// An error answer of Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The AADSTS number.
    pub aadsts: u32,
    /// The values in the message, for [`Entry::render`].
    pub values: Vec<(&'static str, String)>,
    /// Why the signature was not accepted, where that is the cause.
    pub reason: Option<Reason>,
}

/// The credential that accepts the token, or the first reason against it.
///
/// # Errors
///
/// The refusal that Entra is expected to answer with.
pub fn decide<'a>(case: &Case<'a>) -> Result<&'a Credential, Refusal> {
    decide_with(case, || signature(case.token, case.keys), || subject_and_audience(case))
}

/// As [`decide`], with results of [`signature`] and [`subject_and_audience`] that may be known
/// already: they take longer than all the rest.
pub(super) fn decide_with<'a>(
    case: &Case<'a>,
    signature: impl FnOnce() -> Result<(), Refusal>,
    subject_and_audience: impl FnOnce() -> Result<&'a Credential, Refusal>,
) -> Result<&'a Credential, Refusal> {
    shape(case.token)?;
    issuer(case)?;
    signature()?;
    time(case.token.claims(), case.now, case.skew)?;
    subject_and_audience()
}

/// Whether any credential has the token's issuer. If not, its keys need not be fetched.
///
/// # Errors
///
/// AADSTS70025, 700211, and the errors for tokens that Entra issued itself.
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
    use Reason::{
        KeyAlgMismatch, KeyMissing, KeyNotForSignatures, KeyTypeMismatch, KidBeyondLimit, KidMissing, KidUnknown,
    };
    let refusal = match reason {
        KidUnknown | KidBeyondLimit | KidMissing | KeyMissing | KeyNotForSignatures => Refusal::new(7000272)
            .with("key", token.header().kid.as_deref().unwrap_or_default())
            .with("issuer", token.claims().iss.as_deref().unwrap_or_default()),
        KeyTypeMismatch | KeyAlgMismatch => Refusal::new(5002730),
        _ => Refusal::new(7000274),
    };
    Err(Refusal { reason: Some(reason), ..refusal })
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

/// Whether the token has expired (RFC 7519 §4.1.4). A token without `exp` has not.
pub fn is_expired(claims: &Claims, now: i64, skew: i64) -> bool {
    claims.exp.is_some_and(|exp| exp.saturating_add(skew) <= now)
}

/// Whether the token is not valid yet (RFC 7519 §4.1.5).
pub fn is_early(claims: &Claims, now: i64, skew: i64) -> bool {
    claims.nbf.is_some_and(|nbf| nbf.saturating_sub(skew) > now)
}

/// When the token was issued, and how many seconds later it expires.
pub fn lifetime(claims: &Claims) -> Option<(i64, i64)> {
    let issued = claims.iat.or(claims.nbf)?;
    Some((issued, claims.exp?.saturating_sub(issued)))
}

/// The credential that has the token's issuer, its audience, and its subject or an expression that
/// is true for it. One credential must have all three.
///
/// # Errors
///
/// AADSTS700212, 700213, 700214, 7002131, 7002138, and the errors of an expression: 700233, 700237,
/// 7002241.
pub fn subject_and_audience<'a>(case: &Case<'a>) -> Result<&'a Credential, Refusal> {
    let claims = case.token.claims();
    let candidates = || case.credentials.iter().filter(|credential| credential.matches_issuer(claims));
    let mut other_audience = false;
    let mut bad_expression = None;
    // Exact subjects come first: an expression that cannot be parsed must not hide them.
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
/// The errors of an expression that Entra cannot use: AADSTS700233, 700237, 7002241.
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

/// Whether two texts differ only in upper and lower case.
pub fn same_but_for_case(a: &str, b: &str) -> bool {
    // Ends at the first difference, which may be early in a long text.
    a != b && lower(a).eq(lower(b))
}

/// Each character in lower case, independent of its neighbours.
pub(super) fn lower_case(text: &str) -> String {
    lower(text).collect()
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// Whether a tenant that allows only certain GitHub enterprises accepts this token. Entra checks
/// this last.
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
    /// A refusal without values.
    pub fn new(aadsts: u32) -> Self {
        Self { aadsts, values: Vec::new(), reason: None }
    }

    /// Adds a value of the message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// The catalogue's entry for the number.
    pub fn entry(&self) -> Option<&'static Entry> {
        catalogue::entry(self.aadsts)
    }

    /// Entra's message, without number and trace block.
    pub fn message(&self) -> String {
        self.entry().map(|entry| entry.render(&self.values)).unwrap_or_default()
    }

    /// The refusal as Entra gave it until 2023, when one number covered every mismatch of the
    /// credentials.
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
