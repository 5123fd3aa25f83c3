//! Reads a file of cases: what a token says, what the credentials hold, what must be found.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::check::{Question, SKEW, Verdict, check};
use crate::cloud::Cloud;
use crate::credential::{Credential, Matcher};
use crate::shell::Shell;
use crate::token::Token;

/// 2026-08-21T10:00:00Z, the time of every case.
pub(super) const NOW: i64 = 1_787_306_400;

/// A file: what its cases have in common, and the cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Theme {
    /// What the cases are about, for readers.
    #[serde(rename = "about")]
    _about: String,
    /// Claims of every token. `null` takes a claim away.
    claims: Map<String, Value>,
    /// What every credential holds unless it says otherwise.
    credential: Written,
    pub(super) cases: Vec<Case>,
}

/// One case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// The rule that the case shows.
    pub(super) name: String,
    #[serde(default)]
    header: Map<String, Value>,
    #[serde(default)]
    claims: Map<String, Value>,
    /// Times in seconds from now, in place of `iat`, `nbf` and `exp`.
    #[serde(default)]
    times: Map<String, Value>,
    #[serde(default = "one_like_all")]
    credentials: Vec<Written>,
    #[serde(default = "public")]
    cloud: String,
    /// `match`, `no-match` or `invalid-token`.
    pub(super) verdict: String,
    /// Such as `AADSTS700213`; nothing for a match.
    #[serde(default)]
    pub(super) error: Option<String>,
    /// The credential that accepts the token.
    #[serde(default)]
    pub(super) matched: Option<String>,
    /// Every finding, in order: `error subject-case`.
    pub(super) findings: Vec<String>,
}

/// A credential as a case writes it.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Option<String>,
    issuer: Option<String>,
    subject: Option<String>,
    expression: Option<String>,
    audience: Option<String>,
    /// In place of the one that it should be.
    audiences: Option<Vec<String>>,
}

fn one_like_all() -> Vec<Written> {
    vec![Written::default()]
}

fn public() -> String {
    "public".to_owned()
}

impl Theme {
    pub(super) fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap()
    }

    /// What the check says, without the finding that ends each of them: no case has keys.
    pub(super) fn check(&self, case: &Case) -> Verdict {
        let credentials: Vec<_> = case.credentials.iter().map(|written| written.over(&self.credential)).collect();
        let mut verdict = check(&Question {
            token: &self.token(case),
            credentials: &credentials,
            client_id: Some("11111111-2222-3333-4444-555555555555"),
            cloud: Cloud::by_name(&case.cloud).unwrap(),
            now: NOW,
            skew: SKEW,
            keys: None,
            shell: Shell::Bash,
        });
        assert_eq!(verdict.findings.pop().map(|last| last.code), Some("signature-not-checked"), "{}", case.name);
        verdict
    }

    fn token(&self, case: &Case) -> Token {
        let mut header = json!({"alg": "RS256", "typ": "JWT", "kid": "k1"});
        overlay(header.as_object_mut().unwrap(), &case.header);
        let mut claims = json!({"iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 290});
        let object = claims.as_object_mut().unwrap();
        overlay(object, &self.claims);
        overlay(object, &case.claims);
        let times = case.times.iter().map(|(name, offset)| (name.clone(), offset.as_i64().map(|by| NOW + by).into()));
        overlay(object, &times.collect());
        token(&header, &claims)
    }
}

impl Written {
    fn over(&self, common: &Self) -> Credential {
        let text =
            |own: &Option<String>, other: &Option<String>| own.clone().or_else(|| other.clone()).unwrap_or_default();
        let matcher = match (&self.subject, self.expression.as_ref().or(common.expression.as_ref())) {
            (None, Some(value)) => Matcher::Expression { value: value.clone(), language_version: 1 },
            _ => Matcher::Subject(text(&self.subject, &common.subject)),
        };
        Credential {
            name: text(&self.name, &common.name),
            issuer: text(&self.issuer, &common.issuer),
            matcher,
            audiences: self.audiences.clone().unwrap_or_else(|| vec![text(&self.audience, &common.audience)]),
            description: None,
            application: None,
            identity: None,
        }
    }
}

/// A token with this header and these claims. Its signature is noise.
pub(super) fn token(header: &Value, claims: &Value) -> Token {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}.{}", part(header), part(claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]));
    Token::parse(&text).unwrap()
}

fn overlay(base: &mut Map<String, Value>, changes: &Map<String, Value>) {
    base.extend(changes.clone());
    base.retain(|_, value| !value.is_null());
}
