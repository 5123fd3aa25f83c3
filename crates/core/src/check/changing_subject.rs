//! Subjects that change with every run, so that no credential can match them twice.

use super::finding::Finding;
use super::quote::quoted;
use crate::platform::{self, Part, Platform};
use crate::token::Claims;

/// The code of a finding about such a subject.
pub const NEVER_MATCHES: &str = "subject-never-matches";

/// Parts with another value in every run.
const PER_RUN: &[&str] = &[
    "step",
    "commit",
    "sha",
    "workflow_sha",
    "job_workflow_sha",
    "run_id",
    "run_number",
    "run_attempt",
    "check_run_id",
    "pipeline_id",
    "job_id",
];

/// The part of a token's subject that changes with every run, so that no credential can match
/// twice.
pub(super) fn never_matches(claims: &Claims) -> Option<(&'static dyn Platform, Part)> {
    changing_part(Some(claims.iss.as_deref()?), claims.sub.as_deref()?)
}

/// As [`never_matches`], for a subject of this issuer. When the issuer is not known, the form of the
/// subject must be that of one platform alone.
pub(crate) fn changing_part(iss: Option<&str>, sub: &str) -> Option<(&'static dyn Platform, Part)> {
    let platform = match iss {
        Some(iss) => platform::identify(iss, Some(sub))?,
        None => platform::by_subject(sub)?,
    };
    let part = platform.subject(sub)?.parts.into_iter().find(|part| part.varies && PER_RUN.contains(&part.name))?;
    Some((platform, part))
}

/// Sets the message and the remedy of a finding about a subject that changes with every run.
pub(super) fn per_run(mut finding: Finding, platform: &'static dyn Platform, part: &Part) -> Finding {
    finding.message = changes(part);
    finding.remedy(platform.stable_subject_remedy())
}

/// The sentence about a part that changes with every run.
pub(crate) fn changes(part: &Part) -> String {
    format!(
        "the subject contains the {} {}, which changes with every run, so no credential can match it",
        part.name,
        quoted(&part.value)
    )
}
