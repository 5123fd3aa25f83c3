//! Formats notes, warnings and findings as text.

use azure_oidc_cli::failure::harmless;
use azure_oidc_core::check;
use azure_oidc_jobs::check::{Finding, Severity};

/// Notes for standard error, one on each line.
pub(super) fn notes(notes: &[String]) -> String {
    notes.iter().map(|note| harmless(note) + "\n").collect()
}

/// A warning for standard error.
pub(super) fn warning(finding: &check::Finding) -> String {
    let mut out = format!("warning: {}\n", harmless(&finding.message));
    if let Some(remedy) = &finding.remedy {
        out.push_str(&format!("hint: {}\n", harmless(remedy)));
    }
    out
}

/// A finding. Shows both strings one below the other and marks the first difference.
pub(super) fn finding(finding: &Finding, paint: Paint) -> String {
    let (color, severity) = word_of(finding.severity);
    let mut out = paint.word(color, &format!("{severity}:")) + " " + &harmless(&finding.message) + "\n";
    if let (Some(expected), Some(actual)) = (&finding.expected, &finding.actual) {
        out += &format!("  expected: {}\n  actual:   {}\n", harmless(expected), harmless(actual));
        if let Some(position) = finding.position {
            let ahead = harmless(&expected.chars().take(position).collect::<String>()).chars().count();
            out += &format!("            {}{}\n", " ".repeat(ahead), paint.word(color, "^"));
        }
    }
    if let Some(remedy) = &finding.remedy {
        let lines: Vec<_> = remedy.lines().map(harmless).collect();
        out += &format!("  remedy:   {}\n", lines.join("\n            "));
    }
    out
}

/// The colour and the word for a severity.
pub(super) const fn word_of(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Error => (RED, "error"),
        Severity::Warning => (YELLOW, "warning"),
        Severity::Info => (CYAN, "note"),
    }
}

pub(super) const RED: u8 = 31;
pub(super) const GREEN: u8 = 32;
const YELLOW: u8 = 33;
const CYAN: u8 = 36;

/// Adds colours (ECMA-48 SGR). They repeat what the text says, so nothing is lost without them.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn word(self, color: u8, text: &str) -> String {
        if self.0 { format!("\x1b[1;{color}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn line(self, color: u8, text: &str) -> String {
        self.word(color, text) + "\n"
    }
}
