//! What `check` answers.

use azure_oidc_core::check::{self as core, Details};
use azure_oidc_core::credential::{Credential, Matcher};
use azure_oidc_core::shorten::{LONGEST_VALUE, shorten};
use azure_oidc_core::token::Token;
use serde::{Serialize, Serializer};
use serde_json::Map;

use crate::json::Aadsts;

/// Whether Entra would accept an ID token for federated identity credentials, and why not.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// Each credential beside the token, in the order of the document: what it holds, and which
    /// parts of it the token has. Empty when the token could not be read.
    pub credentials: Vec<Comparison>,
    /// What was noticed, most useful first.
    pub findings: Vec<Finding>,
    /// Name of the credential that matches.
    pub matched: Option<String>,
    /// What to know about the document with the credentials, a line each.
    pub notes: Vec<String>,
    /// What Entra would answer with, when it refuses and the error is known.
    pub predicted_error: Option<Aadsts>,
    /// The claims of the token, unchanged; empty when the token could not be read. A finding says
    /// whether the signature is good: `signature-valid`, `signature-not-checked`, `token-not-given`
    /// for a future token, or an error.
    #[serde(serialize_with = "claims")]
    #[cfg_attr(feature = "schema", schemars(with = "Map<String, serde_json::Value>"))]
    pub token: Option<Token>,
    /// `match`: a credential fits. `no-match`: none fits, or the token is expired or not yet valid.
    /// `invalid-token`: Entra accepts no such token, whatever the credentials.
    pub verdict: Verdict,
}

/// The answer in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// A credential fits.
    Match,
    /// None fits, or the token is expired or not yet valid.
    NoMatch,
    /// Entra accepts no such token, whatever the credentials.
    InvalidToken,
}

/// One credential beside the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// The audience that it holds.
    pub audience: Option<String>,
    /// Whether the audiences are equal.
    pub audience_matches: bool,
    /// The expression of a flexible credential.
    pub expression: Option<String>,
    /// The issuer that it holds.
    pub issuer: String,
    /// Whether the issuers are equal.
    pub issuer_matches: bool,
    /// Its name.
    pub name: String,
    /// The exact subject; null when the credential holds an expression.
    pub subject: Option<String>,
    /// Whether the subjects are equal, or the expression is true.
    pub subject_matches: bool,
}

/// One thing that was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The error of Entra that belongs to it.
    pub aadsts: Option<Aadsts>,
    /// What the token has.
    pub actual: Option<String>,
    /// The claim it is about.
    pub claim: Option<&'static str>,
    /// A stable name in kebab-case. Codes are added, never changed.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::json::KEBAB_CASE)))]
    pub code: &'static str,
    /// What the credential or the cloud wants.
    pub expected: Option<String>,
    /// One sentence for a person.
    pub message: String,
    /// Where the two first differ, in characters from 0.
    pub position: Option<usize>,
    /// What to do about it; a command to paste where there is one.
    pub remedy: Option<String>,
    /// How bad it is: Entra refuses because of an `error`.
    pub severity: Severity,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// Entra refuses the token because of it.
    Error,
    /// It works today, or may not work everywhere.
    Warning,
    /// Worth knowing.
    Info,
}

impl Answer {
    pub(super) fn new(
        verdict: core::Verdict,
        credentials: Vec<Credential>,
        token: Option<Token>,
        notes: Vec<String>,
    ) -> Self {
        Self {
            credentials: credentials.into_iter().zip(verdict.credentials).map(Comparison::from).collect(),
            findings: verdict.findings.into_iter().map(Finding::from).collect(),
            matched: verdict.matched.map(|name| shorten(&name, LONGEST_VALUE).into_owned()),
            notes,
            predicted_error: verdict.predicted_error.map(Aadsts),
            token,
            verdict: match verdict.verdict {
                core::Outcome::Match => Verdict::Match,
                core::Outcome::NoMatch => Verdict::NoMatch,
                core::Outcome::InvalidToken => Verdict::InvalidToken,
            },
        }
    }
}

impl From<(Credential, core::Comparison)> for Comparison {
    fn from((credential, comparison): (Credential, core::Comparison)) -> Self {
        let shown = |text: &str| shorten(text, LONGEST_VALUE).into_owned();
        let audience = credential.audience().map(shown);
        let (subject, expression) = match &credential.matcher {
            Matcher::Subject(text) => (Some(shown(text)), None),
            Matcher::Expression { value, .. } => (None, Some(shown(value))),
        };
        Self {
            audience,
            audience_matches: comparison.audience,
            expression,
            issuer: shown(&credential.issuer),
            issuer_matches: comparison.issuer,
            name: shown(&credential.name),
            subject,
            subject_matches: comparison.subject,
        }
    }
}

impl From<core::Finding> for Finding {
    fn from(finding: core::Finding) -> Self {
        let Details { code, severity, claim, expected, actual, position, message, remedy, aadsts, .. } = finding.into();
        let severity = severity.into();
        Self { aadsts: aadsts.map(Aadsts), actual, claim, code, expected, message, position, remedy, severity }
    }
}

impl From<core::Severity> for Severity {
    fn from(severity: core::Severity) -> Self {
        match severity {
            core::Severity::Error => Self::Error,
            core::Severity::Warning => Self::Warning,
            core::Severity::Info => Self::Info,
        }
    }
}

fn claims<S: Serializer>(token: &Option<Token>, serializer: S) -> Result<S::Ok, S::Error> {
    match token {
        Some(token) => token.claims().raw.serialize(serializer),
        None => Map::new().serialize(serializer),
    }
}
