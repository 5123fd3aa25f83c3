//! From the core's types to the records of the WIT package.

use azure_oidc_core::Fault as CoreFault;
use azure_oidc_core::check::{
    Comparison as CoreComparison, Details, Finding as CoreFinding, Outcome as CoreOutcome, Severity as CoreSeverity,
    Verdict as CoreVerdict,
};
use azure_oidc_core::credential::pipeline::takes_expressions;
use azure_oidc_core::credential::{Credential, Matcher};
use azure_oidc_core::fault::Failure;
use azure_oidc_core::platform::{self, PartName, Platform as CorePlatform};
use azure_oidc_core::token::{Malformed, Token};

use crate::bindings::exports::azure_oidc::federation::claims::{
    Comparison, Finding, Inspection, Outcome, Platform, PlatformPart, Severity, SubjectPart, Verdict,
};
use crate::bindings::exports::azure_oidc::federation::types::{Fact, Fault};

impl From<CoreFault> for Fault {
    fn from(fault: CoreFault) -> Self {
        let fault = Failure::from(fault);
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

/// What is no token at all.
impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        let aadsts = Some(malformed.aadsts);
        Self { aadsts, ..CoreFault::from(malformed).into() }
    }
}

pub(super) fn inspection(token: &Token) -> Inspection {
    let (header, claims) = (token.header(), token.claims());
    let platform = claims.iss.as_deref().and_then(|issuer| platform::identify(issuer, claims.sub.as_deref()));
    let subject = platform.zip(claims.sub.as_deref()).and_then(|(platform, subject)| platform.subject(subject));
    let parts = subject.map(|subject| subject.parts).unwrap_or_default();
    Inspection {
        platform: platform.map(|platform| platform.name().to_owned()),
        alg: header.alg.clone(),
        typ: header.typ.clone(),
        kid: header.kid.clone(),
        issuer: claims.iss.clone(),
        subject: claims.sub.clone(),
        audiences: claims.aud.clone(),
        issued_at: claims.iat,
        not_before: claims.nbf,
        expires_at: claims.exp,
        subject_parts: parts
            .into_iter()
            .map(|part| SubjectPart {
                name: part.name.to_owned(),
                value: part.value,
                meaning: part.meaning.to_owned(),
                varies: part.varies,
            })
            .collect(),
        claims_json: serde_json::Value::Object(claims.raw.clone()).to_string(),
    }
}

/// Of the credentials that were asked about.
pub(super) fn verdict(verdict: CoreVerdict, credentials: Vec<Credential>) -> Verdict {
    Verdict {
        outcome: match verdict.verdict {
            CoreOutcome::Match => Outcome::Match,
            CoreOutcome::NoMatch => Outcome::NoMatch,
            CoreOutcome::InvalidToken => Outcome::InvalidToken,
        },
        matched: verdict.matched,
        predicted_aadsts: verdict.predicted_error,
        findings: verdict.findings.into_iter().map(finding).collect(),
        credentials: credentials.into_iter().zip(verdict.credentials).map(comparison).collect(),
    }
}

fn comparison((credential, comparison): (Credential, CoreComparison)) -> Comparison {
    let audience = credential.audience().map(ToOwned::to_owned);
    let (subject, expression) = match credential.matcher {
        Matcher::Subject(text) => (Some(text), None),
        Matcher::Expression { value, .. } => (None, Some(value)),
    };
    Comparison {
        name: credential.name,
        issuer: credential.issuer,
        subject,
        expression,
        audience,
        issuer_matches: comparison.issuer,
        subject_matches: comparison.subject,
        audience_matches: comparison.audience,
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

fn finding(finding: CoreFinding) -> Finding {
    let finding = Details::from(finding);
    Finding {
        code: finding.code.to_owned(),
        severity: match finding.severity {
            CoreSeverity::Error => Severity::Error,
            CoreSeverity::Warning => Severity::Warning,
            CoreSeverity::Info => Severity::Info,
        },
        claim: finding.claim.map(ToOwned::to_owned),
        expected: finding.expected,
        actual: finding.actual,
        position: finding.position.and_then(|position| u32::try_from(position).ok()),
        message: finding.message,
        remedy: finding.remedy,
        aadsts: finding.aadsts,
    }
}
