//! Translates between the records of the WIT package and the types of the jobs.

use azure_oidc_core::credential::pipeline::takes_expressions;
use azure_oidc_core::fault::Failure;
use azure_oidc_core::platform::{PartName, Platform as CorePlatform};
use azure_oidc_core::shell::Shell;
use azure_oidc_core::{Fault as CoreFault, Secret};
use azure_oidc_jobs::credential::Parts;
use azure_oidc_jobs::json::ErrorCode;
use azure_oidc_jobs::{Document, Interface, audit, check, credential, explain, inspect, verify};
use serde_json::Value;

use crate::bindings::exports::azure_oidc::federation::claims::{
    AuditChange, AuditChangeKind, AuditDocument, AuditFinding, AuditOutcome, AuditReport, AuditRequest,
    AuditedCredential, Comparison, CredentialRequest, Explained, Explanation, Finding, Inspection, Outcome, Part,
    Platform, PlatformPart, Severity, SubjectPart, Verdict, Verification, WrittenCredentials,
};
use crate::bindings::exports::azure_oidc::federation::types::{Fact, Fault, Shell as WitShell};

impl From<CoreFault> for Fault {
    fn from(fault: CoreFault) -> Self {
        let fault = Failure::from(Interface::Typed.fault(fault));
        let named = |name| fault.facts.iter().find(|(fact, _)| *fact == name).map(|(_, value)| value.clone());
        let entra = fault.entra.as_ref();
        Self {
            code: fault.code.to_owned(),
            exit_code: fault.category.exit_code(),
            trace_id: entra.and_then(|entra| entra.trace_id.clone()),
            correlation_id: entra.and_then(|entra| entra.correlation_id.clone()).or_else(|| named("correlation id")),
            aadsts: fault.aadsts(),
            facts: fault
                .facts
                .iter()
                .map(|(name, value)| Fact { name: (*name).to_owned(), value: value.clone() })
                .collect(),
            message: fault.message,
            hints: fault.hints,
        }
    }
}

impl From<WitShell> for Shell {
    fn from(shell: WitShell) -> Self {
        match shell {
            WitShell::Bash => Self::Bash,
            WitShell::Powershell => Self::Powershell,
        }
    }
}

impl From<inspect::Answer> for Inspection {
    fn from(answer: inspect::Answer) -> Self {
        let claims = answer.claims.claims();
        Self {
            platform: answer.platform.map(str::to_owned),
            alg: answer.header.alg,
            typ: answer.header.typ,
            kid: answer.header.kid,
            issuer: answer.issuer,
            subject: answer.subject,
            audiences: claims.aud.clone(),
            issued_at: answer.issued_at,
            not_before: answer.not_before,
            expires_at: answer.expires_at,
            subject_parts: answer.subject_parts.into_iter().map(SubjectPart::from).collect(),
            claims_json: Value::Object(claims.raw.clone()).to_string(),
        }
    }
}

impl From<inspect::SubjectPart> for SubjectPart {
    fn from(part: inspect::SubjectPart) -> Self {
        let (name, meaning) = (part.name.to_owned(), part.meaning.to_owned());
        Self { name, value: part.value, meaning, varies: part.varies }
    }
}

impl From<check::Answer> for Verdict {
    fn from(answer: check::Answer) -> Self {
        Self {
            outcome: match answer.verdict {
                check::Verdict::Match => Outcome::Match,
                check::Verdict::NoMatch => Outcome::NoMatch,
                check::Verdict::InvalidToken => Outcome::InvalidToken,
            },
            matched: answer.matched,
            predicted_aadsts: answer.predicted_error.map(|code| code.0),
            findings: answer.findings.into_iter().map(Finding::from).collect(),
            credentials: answer.credentials.into_iter().map(Comparison::from).collect(),
            notes: answer.notes,
        }
    }
}

impl From<check::Comparison> for Comparison {
    fn from(comparison: check::Comparison) -> Self {
        let check::Comparison { name, issuer, subject, expression, audience, .. } = comparison;
        Self {
            name,
            issuer,
            subject,
            expression,
            audience,
            issuer_matches: comparison.issuer_matches,
            subject_matches: comparison.subject_matches,
            audience_matches: comparison.audience_matches,
        }
    }
}

impl From<check::Finding> for Finding {
    fn from(finding: check::Finding) -> Self {
        Self {
            code: finding.code.to_owned(),
            severity: finding.severity.into(),
            claim: finding.claim.map(str::to_owned),
            expected: finding.expected,
            actual: finding.actual,
            position: finding.position.and_then(|position| u32::try_from(position).ok()),
            message: finding.message,
            remedy: finding.remedy,
            aadsts: finding.aadsts.map(|code| code.0),
        }
    }
}

impl From<check::Severity> for Severity {
    fn from(severity: check::Severity) -> Self {
        match severity {
            check::Severity::Error => Self::Error,
            check::Severity::Warning => Self::Warning,
            check::Severity::Info => Self::Info,
        }
    }
}

impl From<AuditRequest> for audit::Request {
    fn from(request: AuditRequest) -> Self {
        let source = |document: AuditDocument| audit::Source {
            file: document.file,
            credentials: Document::Text(document.credentials),
        };
        Self {
            documents: request.documents.into_iter().map(source).collect(),
            replace: Some(request.replace.into_iter().map(|one| (one.old, one.new)).collect()),
            format: request.format,
            client_id: request.client_id,
            cloud: request.cloud,
            shell: request.shell.map(Shell::from),
            interface: Interface::Typed,
        }
    }
}

impl From<audit::Answer> for AuditReport {
    fn from(answer: audit::Answer) -> Self {
        Self {
            outcome: match answer.verdict {
                audit::Verdict::Pass => AuditOutcome::Pass,
                audit::Verdict::Fail => AuditOutcome::Fail,
            },
            credentials: answer.credentials.into_iter().map(AuditedCredential::from).collect(),
            findings: answer.findings.into_iter().map(AuditFinding::from).collect(),
            changes: answer.changes.into_iter().map(AuditChange::from).collect(),
            text: answer.text,
            notes: answer.notes,
        }
    }
}

impl From<audit::Audited> for AuditedCredential {
    fn from(credential: audit::Audited) -> Self {
        let audit::Audited { audience, expression, file, issuer, name, owner, severity, subject } = credential;
        Self { file, owner, name, issuer, subject, expression, audience, severity: severity.map(Severity::from) }
    }
}

impl From<audit::Finding> for AuditFinding {
    fn from(finding: audit::Finding) -> Self {
        Self {
            file: finding.file,
            owner: finding.owner,
            credential: finding.credential,
            code: finding.code.to_owned(),
            severity: finding.severity.into(),
            member: finding.member.map(str::to_owned),
            message: finding.message,
            remedy: finding.remedy,
            aadsts: finding.aadsts.map(|code| code.0),
        }
    }
}

impl From<audit::Change> for AuditChange {
    fn from(change: audit::Change) -> Self {
        let audit::Change { audience, expression, file, issuer, kind, name, of, owner, subject } = change;
        let kind = match kind {
            audit::Kind::Correction => AuditChangeKind::Correction,
            audit::Kind::Successor => AuditChangeKind::Successor,
        };
        Self { file, owner, of, kind, name, issuer, subject, expression, audience }
    }
}

impl From<verify::Answer> for Verification {
    fn from(answer: verify::Answer) -> Self {
        Self {
            valid: answer.signature == verify::Signature::Valid,
            reason: answer.reason.map(str::to_owned),
            alg: answer.alg,
            kid: answer.kid,
            key_index: answer.key_index.and_then(|index| u32::try_from(index).ok()),
            notes: answer.notes,
        }
    }
}

impl From<explain::Answer> for Explained {
    fn from(answer: explain::Answer) -> Self {
        let explanations = answer.explanations.into_iter().map(Explanation::from).collect();
        Self { explanations, notes: answer.notes }
    }
}

impl From<explain::Explanation> for Explanation {
    fn from(explanation: explain::Explanation) -> Self {
        Self {
            aadsts: explanation.code.aadsts().unwrap_or_default(),
            other_code: match explanation.code {
                ErrorCode::Aadsts(_) => None,
                ErrorCode::Other(name) => Some(name),
            },
            text: explanation.quoted,
            name: explanation.name.map(str::to_owned),
            message: explanation.message,
            cause: explanation.cause.map(str::to_owned),
            remedy: explanation.remedy,
            advice: explanation.advice,
        }
    }
}

impl From<CredentialRequest> for credential::Request {
    fn from(request: CredentialRequest) -> Self {
        let pairs = |parts: Vec<Part>| Parts(parts.into_iter().map(|part| (part.name, part.value)).collect());
        Self {
            platform: request.platform,
            parts: request.parts.map(pairs),
            token: request.token.map(|token| Secret::new(token).into()),
            issuer: request.issuer,
            subject: request.subject,
            audience: request.audience,
            name: request.name,
            flexible: request.flexible,
            format: request.format,
            client_id: request.client_id,
            identity_name: request.identity_name,
            resource_group: request.resource_group,
            cloud: request.cloud,
            shell: request.shell.map(Shell::from),
            interface: Interface::Typed,
        }
    }
}

impl From<credential::Answer> for WrittenCredentials {
    fn from(answer: credential::Answer) -> Self {
        Self { format: answer.format.to_owned(), text: answer.text, notes: answer.notes }
    }
}

pub(super) fn platform(platform: &dyn CorePlatform) -> Platform {
    let part = |part: &PartName| PlatformPart {
        name: part.name.to_owned(),
        meaning: part.meaning.to_owned(),
        required: part.required,
        repeatable: part.many,
        example: Some(part.example.to_owned()),
    };
    Platform {
        name: platform.name().to_owned(),
        title: platform.title().to_owned(),
        parts: platform.parts().iter().map(part).collect(),
        flexible: takes_expressions(platform),
    }
}
