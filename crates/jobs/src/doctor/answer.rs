//! What `doctor` answers.

use azure_oidc_core::Fault;
use azure_oidc_core::secret::without_secrets;
use serde::Serialize;

/// What was found in this job and what is missing. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// Each thing that was checked.
    pub checks: Vec<Check>,
    /// Every platform, in the order of detection; the first `yes` counts.
    pub detectors: Vec<Detector>,
    /// Whether every check is well.
    pub healthy: bool,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// What was looked at.
    pub check: &'static str,
    /// What to do, most useful first.
    pub hints: Vec<String>,
    /// What was found, or what is missing.
    pub message: String,
    /// Whether it is well.
    pub ok: bool,
}

/// Whether the job runs on a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Detector {
    /// Name of a CI platform. Names are added, never changed.
    pub platform: &'static str,
    /// Whether the job runs there.
    pub verdict: Recognised,
    /// How that was recognised, or what is missing.
    pub why: String,
}

/// `incomplete`: it is this platform, and half of what it must give is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Recognised {
    /// The job runs on this platform.
    Yes,
    /// It does not.
    No,
    /// It does, and half of what the platform must give is missing.
    Incomplete,
}

impl Recognised {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Incomplete => "incomplete",
        }
    }
}

impl Check {
    pub(super) fn good(check: &'static str, message: impl Into<String>) -> Self {
        // A setting may hold a token that was pasted in the wrong place.
        Self { check, hints: Vec::new(), message: without_secrets(&message.into()), ok: true }
    }

    pub(super) fn bad(check: &'static str, fault: &Fault) -> Self {
        Self { check, hints: fault.hints.clone(), message: fault.message.clone(), ok: false }
    }
}
