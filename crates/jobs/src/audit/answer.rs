//! What `audit` answers.

use azure_oidc_core::audit::{Kind as CoreKind, Report};
use azure_oidc_core::credential::{Credential, Matcher};
use serde::Serialize;

use crate::check::Severity;
use crate::json::Aadsts;

/// What is wrong with federated identity credentials, found without a token.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// New credentials: in place of one that can never match, or beside one that must be migrated.
    pub changes: Vec<Change>,
    /// All credentials, those with the worst findings first.
    pub credentials: Vec<Audited>,
    /// What was noticed, errors first.
    pub findings: Vec<Finding>,
    /// What to know about the documents, a line each.
    pub notes: Vec<String>,
    /// The new credentials, written for a tool, when a format was requested.
    pub text: Option<String>,
    /// `fail` when a finding is an error.
    pub verdict: Verdict,
}

/// The answer in a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// No finding is an error.
    #[default]
    Pass,
    /// A finding is an error.
    Fail,
}

/// One credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Audited {
    /// The audience that it holds.
    pub audience: Option<String>,
    /// The expression of a flexible credential.
    pub expression: Option<String>,
    /// The file that it is in, when files have names.
    pub file: Option<String>,
    /// The issuer that it holds.
    pub issuer: String,
    /// Its name.
    pub name: String,
    /// The application or managed identity that owns the credential, where the document names it.
    pub owner: Option<String>,
    /// How bad its worst finding is; null when there is none.
    pub severity: Option<Severity>,
    /// The exact subject; null when the credential holds an expression.
    pub subject: Option<String>,
}

/// One thing that was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The error of Entra that belongs to it.
    pub aadsts: Option<Aadsts>,
    /// A stable name in kebab-case. Codes are added, never changed.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::json::KEBAB_CASE)))]
    pub code: &'static str,
    /// Name of the credential; null when it is about all credentials of the file.
    pub credential: Option<String>,
    /// The file that the credential is in, when files have names.
    pub file: Option<String>,
    /// The member of the credential, by its name in Microsoft Graph.
    pub member: Option<&'static str>,
    /// One sentence for a person.
    pub message: String,
    /// The application or managed identity that owns the credential, where the document names it.
    pub owner: Option<String>,
    /// What to do about it; a command to paste where there is one.
    pub remedy: Option<String>,
    /// How bad it is. With an `error` no token can match, or Entra does not store the credential, or
    /// strangers can use it.
    pub severity: Severity,
}

/// A new credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The audience of the new credential.
    pub audience: Option<String>,
    /// Its expression, when it is a flexible one.
    pub expression: Option<String>,
    /// The file that the old credential is in, when files have names.
    pub file: Option<String>,
    /// The issuer of the new credential.
    pub issuer: String,
    /// How the two relate.
    pub kind: Kind,
    /// The name of the new credential.
    pub name: String,
    /// The name of the old credential.
    pub of: String,
    /// The application or managed identity that owns the credential, where the document names it.
    pub owner: Option<String>,
    /// The subject of the new credential; null when it holds an expression.
    pub subject: Option<String>,
}

/// How a new credential relates to the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Kind {
    /// It takes the place of the old one.
    Correction,
    /// It stands beside the old one, until no pipeline needs that one.
    Successor,
}

impl Answer {
    /// Adds the report about the credentials of one application or identity.
    pub(super) fn add(
        &mut self,
        file: Option<&str>,
        owner: Option<&str>,
        credentials: Vec<Credential>,
        report: Report,
    ) {
        let (file, owner) = (file.map(str::to_owned), owner.map(str::to_owned));
        let name = |index: usize| credentials.get(index).map(|one| one.name.clone());
        for finding in &report.findings {
            let (problem, severity) = (&finding.problem, Severity::from(finding.severity));
            if severity == Severity::Error {
                self.verdict = Verdict::Fail;
            }
            self.findings.push(Finding {
                aadsts: problem.aadsts.map(Aadsts),
                code: problem.code,
                credential: problem.index.and_then(name),
                file: file.clone(),
                member: problem.member,
                message: problem.message.clone(),
                owner: owner.clone(),
                remedy: problem.remedy.clone(),
                severity,
            });
        }
        for change in report.changes {
            let new = change.credential;
            let audience = new.audience().map(str::to_owned);
            let (subject, expression) = halves(new.matcher);
            self.changes.push(Change {
                audience,
                expression,
                file: file.clone(),
                issuer: new.issuer,
                kind: match change.kind {
                    CoreKind::Correction => Kind::Correction,
                    CoreKind::Successor => Kind::Successor,
                },
                of: name(change.index).unwrap_or_default(),
                name: new.name,
                owner: owner.clone(),
                subject,
            });
        }
        let worst = |index: usize| {
            let own = report.findings.iter().filter(|one| one.problem.index == Some(index));
            own.map(|one| one.severity).min().map(Severity::from)
        };
        let severities: Vec<_> = (0..credentials.len()).map(worst).collect();
        for (credential, severity) in credentials.into_iter().zip(severities) {
            let audience = credential.audience().map(str::to_owned);
            let (subject, expression) = halves(credential.matcher);
            let (issuer, name) = (credential.issuer, credential.name);
            let (file, owner) = (file.clone(), owner.clone());
            self.credentials.push(Audited { audience, expression, file, issuer, name, owner, severity, subject });
        }
    }

    /// Puts the worst first. The order of files and credentials stays otherwise.
    pub(super) fn sort(&mut self) {
        self.findings.sort_by_key(|finding| finding.severity);
        self.credentials.sort_by_key(|credential| (credential.severity.is_none(), credential.severity));
    }
}

impl Audited {
    /// Whether the credential has this issuer, subject or repository of GitHub.
    pub(super) fn has(&self, value: &str) -> bool {
        let of = |text: &String| text == value || text.contains(&format!("repo:{value}:"));
        self.issuer == value || self.subject.as_ref().is_some_and(of) || self.expression.as_ref().is_some_and(of)
    }
}

/// The subject or the expression.
fn halves(matcher: Matcher) -> (Option<String>, Option<String>) {
    match matcher {
        Matcher::Subject(text) => (Some(text), None),
        Matcher::Expression { value, .. } => (None, Some(value)),
    }
}
