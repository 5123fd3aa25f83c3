//! The JSON of every command, as the schemas of this project describe it.

use azure_oidc_core::check::time::moment;
use azure_oidc_core::check::{Comparison, Finding, Verdict};
use azure_oidc_core::credential::{Credential, Matcher};
use azure_oidc_core::explain::Explanation;
use azure_oidc_core::jwks::Verification;
use azure_oidc_core::platform::{self, Part};
use azure_oidc_core::token::{Claims, Token};
use serde::Serialize;
use serde_json::{Map, Value};

/// One line of JSON for standard output.
pub fn line(value: &impl Serialize) -> String {
    let mut text = platform::text::json_text(value);
    text.push('\n');
    text
}

/// A moment in seconds since 1970, as RFC 3339 in UTC.
pub fn rfc3339(seconds: i64) -> String {
    let latest = 253_402_300_799; // 9999-12-31T23:59:59Z, the last that RFC 3339 can write
    moment(seconds.clamp(0, latest))
}

/// A JSON object of these members.
pub fn object(members: Vec<(&str, Value)>) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

/// `inspect --output json`.
pub fn inspection(token: &Token) -> Value {
    let (header, claims) = (token.header(), token.claims());
    let platform = claims.iss.as_deref().and_then(|issuer| platform::identify(issuer, claims.sub.as_deref()));
    let subject = platform.zip(claims.sub.as_deref()).and_then(|(platform, subject)| platform.subject(subject));
    let part = |part: &Part| {
        object(vec![
            ("name", part.name.into()),
            ("value", part.value.as_str().into()),
            ("meaning", part.meaning.into()),
            ("varies", part.varies.into()),
        ])
    };
    let parts = subject.as_ref().map(|subject| subject.parts.iter().map(part).collect());
    let header = object(vec![
        ("alg", header.alg.as_str().into()),
        ("typ", header.typ.as_deref().into()),
        ("kid", header.kid.as_deref().into()),
    ]);
    object(vec![
        ("verified", false.into()),
        ("platform", platform.map(platform::Platform::name).into()),
        ("header", header),
        ("issuer", claims.iss.as_deref().into()),
        ("subject", claims.sub.as_deref().into()),
        ("subject_form", subject.as_ref().map(|subject| subject.form).into()),
        ("subject_parts", parts.unwrap_or_else(|| Value::Array(Vec::new()))),
        ("audience", audience(claims)),
        ("issued_at", claims.iat.map(rfc3339).into()),
        ("not_before", claims.nbf.map(rfc3339).into()),
        ("expires_at", claims.exp.map(rfc3339).into()),
        ("claims", Value::Object(claims.raw.clone())),
    ])
}

/// `check --output json`. Members are in the order of the alphabet, as in every other answer.
#[derive(Serialize)]
pub struct CheckReport<'a> {
    credentials: Vec<CredentialReport<'a>>,
    findings: Vec<Value>,
    matched: Option<&'a str>,
    predicted_error: Option<String>,
    token: &'a Map<String, Value>,
    verdict: &'static str,
}

/// One credential beside the token.
#[derive(Serialize)]
struct CredentialReport<'a> {
    audience: Option<&'a str>,
    audience_matches: bool,
    expression: Option<&'a str>,
    issuer: &'a str,
    issuer_matches: bool,
    name: &'a str,
    subject: Option<&'a str>,
    subject_matches: bool,
}

/// `check --output json`, of these credentials and a token with these claims.
pub fn verdict<'a>(
    verdict: &'a Verdict,
    credentials: &'a [Credential],
    claims: &'a Map<String, Value>,
) -> CheckReport<'a> {
    CheckReport {
        credentials: credentials.iter().zip(&verdict.credentials).map(comparison).collect(),
        findings: verdict.findings.iter().map(finding).collect(),
        matched: verdict.matched.as_deref(),
        predicted_error: verdict.predicted_error.map(aadsts),
        token: claims,
        verdict: verdict.verdict.name(),
    }
}

fn comparison<'a>((credential, comparison): (&'a Credential, &Comparison)) -> CredentialReport<'a> {
    let (subject, expression) = match &credential.matcher {
        Matcher::Subject(text) => (Some(text.as_str()), None),
        Matcher::Expression { value, .. } => (None, Some(value.as_str())),
    };
    CredentialReport {
        audience: credential.audience(),
        audience_matches: comparison.audience,
        expression,
        issuer: &credential.issuer,
        issuer_matches: comparison.issuer,
        name: &credential.name,
        subject,
        subject_matches: comparison.subject,
    }
}

/// One finding, wherever findings appear.
pub fn finding(finding: &Finding) -> Value {
    object(vec![
        ("code", finding.code.into()),
        ("severity", finding.severity.name().into()),
        ("claim", finding.claim.into()),
        ("expected", finding.expected.as_deref().into()),
        ("actual", finding.actual.as_deref().into()),
        ("position", finding.position.into()),
        ("message", finding.message.as_str().into()),
        ("remedy", finding.remedy.as_deref().into()),
        ("aadsts", finding.aadsts.map(aadsts).into()),
    ])
}

/// `verify --output json`.
pub fn verification(verification: &Verification) -> Value {
    object(vec![
        ("signature", if verification.valid { "valid" } else { "invalid" }.into()),
        ("reason", verification.reason.into()),
        ("alg", verification.alg.as_str().into()),
        ("kid", verification.kid.as_deref().into()),
        ("key_index", verification.key_index.into()),
    ])
}

/// `explain --output json`.
pub fn explanations(explanations: &[Explanation], advice: &[Vec<String>]) -> Value {
    let one = |(explanation, advice): (&Explanation, &Vec<String>)| {
        let mut facts = Map::new();
        for (name, value) in &explanation.facts {
            facts.insert((*name).to_owned(), value.clone().into());
        }
        object(vec![
            ("code", aadsts(explanation.code).into()),
            ("name", explanation.entry.map(|entry| entry.name).into()),
            ("message", explanation.message.as_str().into()),
            ("cause", explanation.entry.map(|entry| entry.cause).into()),
            ("remedy", explanation.entry.map(|entry| entry.remedy).into()),
            ("facts", Value::Object(facts)),
            ("advice", advice.as_slice().into()),
        ])
    };
    object(vec![("explanations", explanations.iter().zip(advice).map(one).collect())])
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
