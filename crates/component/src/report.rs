//! The JSON of every command, as the schemas of this project describe it.

use std::time::{Duration, UNIX_EPOCH};

use azure_oidc_cli::failure::json_text;
use azure_oidc_core::check::{Finding, Outcome, Verdict};
use azure_oidc_core::exchange::AccessToken;
use azure_oidc_core::explain::Explanation;
use azure_oidc_core::jwks::Verification;
use azure_oidc_core::platform;
use azure_oidc_core::token::{Claims, Token};
use serde_json::{Map, Value, json};

use crate::commands::{Obtained, Target};

/// One line of JSON for standard output.
pub fn line(value: &Value) -> String {
    let mut text = json_text(value);
    text.push('\n');
    text
}

/// A moment in seconds since 1970, as RFC 3339 in UTC.
pub fn rfc3339(seconds: i64) -> String {
    let latest = 253_402_300_799; // 9999-12-31T23:59:59Z, the last that RFC 3339 can write
    let seconds = u64::try_from(seconds.clamp(0, latest)).unwrap_or_default();
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}

/// `exchange --output json`. Holds the access tokens: they are what was asked for.
pub(crate) fn exchange(obtained: &Obtained, token: &Token, target: &Target, tokens: &[AccessToken]) -> String {
    let claims = token.claims();
    line(&json!({
        "platform": obtained.platform.name(),
        "issuer": claims.iss,
        "subject": claims.sub,
        "audience": audience(claims),
        "tenant_id": target.tenant.as_str(),
        "client_id": target.client_id.as_str(),
        "tokens": self::tokens(tokens),
    }))
}

/// Access tokens with what they are for. Secrets.
pub fn tokens(tokens: &[AccessToken]) -> Value {
    let one = |token: &AccessToken| {
        json!({
            "scope": token.scope.value,
            "access_token": token.token.reveal(),
            "token_type": token.token_type,
            "expires_on": rfc3339(token.expires_on),
        })
    };
    tokens.iter().map(one).collect()
}

/// `inspect --output json`.
pub fn inspection(token: &Token) -> Value {
    let (header, claims) = (token.header(), token.claims());
    let platform = claims.iss.as_deref().and_then(|issuer| platform::identify(issuer, claims.sub.as_deref()));
    let subject = platform.zip(claims.sub.as_deref()).and_then(|(platform, subject)| platform.subject(subject));
    let parts: Vec<_> = subject
        .iter()
        .flat_map(|subject| &subject.parts)
        .map(|part| json!({ "name": part.name, "value": part.value, "meaning": part.meaning, "varies": part.varies }))
        .collect();
    json!({
        "verified": false,
        "platform": platform.map(platform::Platform::name),
        "header": { "alg": header.alg, "typ": header.typ, "kid": header.kid },
        "issuer": claims.iss,
        "subject": claims.sub,
        "subject_form": subject.map(|subject| subject.form),
        "subject_parts": parts,
        "audience": audience(claims),
        "issued_at": claims.iat.map(rfc3339),
        "not_before": claims.nbf.map(rfc3339),
        "expires_at": claims.exp.map(rfc3339),
        "claims": Value::Object(claims.raw.clone()),
    })
}

/// `check --output json`.
pub fn verdict(verdict: &Verdict, claims: &Claims) -> Value {
    json!({
        "verdict": match verdict.verdict {
            Outcome::Match => "match",
            Outcome::NoMatch => "no-match",
            Outcome::InvalidToken => "invalid-token",
        },
        "predicted_error": verdict.predicted_error.map(aadsts),
        "matched": verdict.matched,
        "findings": verdict.findings.iter().map(finding).collect::<Vec<_>>(),
        "token": Value::Object(claims.raw.clone()),
    })
}

/// One finding, wherever findings appear.
pub fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code,
        "severity": finding.severity.name(),
        "claim": finding.claim,
        "expected": finding.expected,
        "actual": finding.actual,
        "position": finding.position,
        "message": finding.message,
        "remedy": finding.remedy,
        "aadsts": finding.aadsts.map(aadsts),
    })
}

/// `verify --output json`.
pub fn verification(verification: &Verification) -> Value {
    json!({
        "signature": if verification.valid { "valid" } else { "invalid" },
        "reason": verification.reason,
        "alg": verification.alg,
        "kid": verification.kid,
        "key_index": verification.key_index,
    })
}

/// `explain --output json`.
pub fn explanations(explanations: &[Explanation], advice: &[Vec<String>]) -> Value {
    let one = |(explanation, advice): (&Explanation, &Vec<String>)| {
        let facts: Map<_, _> =
            explanation.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
        json!({
            "code": aadsts(explanation.code),
            "name": explanation.entry.map(|entry| entry.name),
            "message": explanation.message,
            "cause": explanation.entry.map(|entry| entry.cause),
            "remedy": explanation.entry.map(|entry| entry.remedy),
            "facts": facts,
            "advice": advice,
        })
    };
    json!({ "explanations": explanations.iter().zip(advice).map(one).collect::<Vec<_>>() })
}

/// `AADSTS700213`, as people search for it.
pub fn aadsts(code: u32) -> String {
    format!("AADSTS{code}")
}

/// The audience as the token has it: a string, or a list when the token has one.
pub fn audience(claims: &Claims) -> Value {
    match claims.aud.as_slice() {
        _ if claims.aud_is_array => claims.aud.clone().into(),
        [one] => one.clone().into(),
        _ => Value::Null,
    }
}
