//! What people read: findings, times, tokens as lines.

use azure_oidc_cli::failure::harmless;
use azure_oidc_core::check::{Finding, Severity};
use azure_oidc_core::exchange::AccessToken;
use azure_oidc_core::platform::text::shell_quote;

use super::Appendix;
use crate::report;

/// One token a line, in the order of the scopes.
pub(super) fn tokens(tokens: &[AccessToken]) -> String {
    tokens.iter().map(|token| format!("{}\n", token.token.reveal())).collect()
}

/// `NAME=value` lines that a shell can source.
pub(super) fn env(names: &[String], tokens: &[AccessToken]) -> String {
    let line = |(name, token): (&String, &AccessToken)| format!("{name}={}\n", shell_quote(token.token.reveal()));
    names.iter().zip(tokens).map(line).collect()
}

/// Says what was published where, without the token.
pub(super) fn published(title: &str, names: &[String], tokens: &[AccessToken], publish: &[Appendix]) -> String {
    let places: Vec<_> = publish.iter().filter_map(|appendix| appendix.variable.as_deref()).collect();
    let place = if places.is_empty() { title.to_owned() } else { format!("{title} ({})", places.join(", ")) };
    let line = |(name, token): (&String, &AccessToken)| {
        format!(
            "published {name} for {} to {place}, valid until {}\n",
            token.scope.value,
            report::rfc3339(token.expires_on)
        )
    };
    names.iter().zip(tokens).map(line).collect()
}

/// A warning on standard error.
pub(super) fn warning(finding: &Finding) -> String {
    let mut out = format!("warning: {}\n", harmless(&finding.message));
    if let Some(remedy) = &finding.remedy {
        out.push_str(&format!("hint: {}\n", harmless(remedy)));
    }
    out
}

/// A finding with both strings under each other and a caret where they first differ.
pub(super) fn finding(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let mut out = format!("{severity}: {}\n", harmless(&finding.message));
    if let (Some(expected), Some(actual)) = (&finding.expected, &finding.actual) {
        out.push_str(&format!("  expected: {}\n  actual:   {}\n", harmless(expected), harmless(actual)));
        if let Some(position) = finding.position {
            let ahead = harmless(&expected.chars().take(position).collect::<String>()).chars().count();
            out.push_str(&format!("            {}^\n", " ".repeat(ahead)));
        }
    }
    if let Some(remedy) = &finding.remedy {
        let mut lines = remedy.lines();
        out.push_str(&format!("  remedy:   {}\n", harmless(lines.next().unwrap_or_default())));
        lines.for_each(|line| out.push_str(&format!("            {}\n", harmless(line))));
    }
    out
}
