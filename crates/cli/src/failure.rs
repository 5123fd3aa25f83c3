//! Renders a fault as text for people or as JSON for programs. In both, text from outside cannot
//! become a command of the CI system that collects the output.

use azure_oidc_core::Fault;
use azure_oidc_core::platform::text::{defuse, is_unprintable, json_text};
use serde::Serialize;

/// Renders a fault for people, for standard error.
pub fn text(fault: &Fault) -> String {
    let mut out = format!("error: {}\n", harmless(&fault.message));
    for (name, value) in facts(fault) {
        out.push_str(&format!("  {name}: {}\n", harmless(&value)));
    }
    if !fault.hints.is_empty() {
        out.push('\n');
    }
    for hint in &fault.hints {
        let mut lines = hint.lines();
        out.push_str(&format!("hint: {}\n", harmless(lines.next().unwrap_or_default())));
        for line in lines {
            out.push_str(&format!("      {}\n", harmless(line)));
        }
    }
    out
}

/// Renders a fault for programs, for standard output: [`Document`] in one line.
pub fn json(fault: &Fault) -> String {
    let error = ErrorMember {
        code: fault.code,
        hint: fault.hints.join("\n"),
        message: fault.message.clone(),
        entra: OfEntra::from(fault),
    };
    json_text(&Document { error }) + "\n"
}

/// A failure. The exit code says of which kind it is. Holds no secret.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document {
    /// What failed.
    error: ErrorMember,
}

#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ErrorMember {
    /// A stable name in kebab-case. Codes are added, never changed.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")))]
    code: &'static str,
    /// What to do next, one line each, most useful first; may be empty.
    hint: String,
    /// One sentence for a person.
    message: String,
    #[serde(flatten)]
    entra: OfEntra,
}

/// What Entra's answer adds to a failure in JSON.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OfEntra {
    /// The error that Entra answered with, or would answer with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = "^AADSTS[0-9]+$")))]
    aadsts: Option<String>,
    /// Entra's correlation id, or the `client-request-id` that was sent when no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    correlation_id: Option<String>,
    /// The scope whose request failed, in full, when the failure belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    scope: Option<String>,
    /// Entra's trace id, which Microsoft support asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    trace_id: Option<String>,
}

impl From<&Fault> for OfEntra {
    fn from(fault: &Fault) -> Self {
        let facts = facts(fault);
        let fact = |name: &str| facts.iter().find(|(fact, _)| *fact == name).map(|(_, value)| value.clone());
        Self {
            aadsts: fault.aadsts().map(|code| format!("AADSTS{code}")),
            correlation_id: fact(CORRELATION_ID),
            scope: fact(SCOPE),
            trace_id: fact(TRACE_ID),
        }
    }
}

/// Makes text from outside safe to print: one line, unprintable characters escaped, nothing that a
/// CI system takes for a command.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\r' => {}
            '\n' | '\t' => out.push(' '),
            character if is_unprintable(character) => out.extend(character.escape_default()),
            character => out.push(character),
        }
    }
    defuse(&out)
}

const TRACE_ID: &str = "trace id";
const CORRELATION_ID: &str = "correlation id";
const SCOPE: &str = "scope";

/// The fault's own facts, and what Microsoft support asks for when it was Entra that refused.
fn facts(fault: &Fault) -> Vec<(&'static str, String)> {
    let mut facts = fault.facts.clone();
    if let Some(entra) = &fault.entra {
        for (name, value) in [(TRACE_ID, &entra.trace_id), (CORRELATION_ID, &entra.correlation_id)] {
            if let Some(value) = value
                && !facts.iter().any(|(fact, _)| *fact == name)
            {
                facts.push((name, value.clone()));
            }
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_oidc_core::Category;
    use serde_json::Value;

    #[test]
    fn a_failure_reads_as_a_sentence_facts_and_hints() {
        let fault = Fault::new(Category::Usage, "tenant-id-missing", "No tenant id was given")
            .fact("platform", "harness")
            .hint("pass `--tenant-id VALUE`");
        assert_eq!(
            text(&fault),
            "error: No tenant id was given\n  platform: harness\n\nhint: pass `--tenant-id VALUE`\n"
        );
    }

    #[test]
    fn a_failure_in_json_has_the_promised_members() {
        let fault = Fault::new(Category::Usage, "tenant-id-missing", "No tenant id was given").hint("a").hint("b");
        assert_eq!(
            json(&fault),
            "{\"error\":{\"code\":\"tenant-id-missing\",\"hint\":\"a\\nb\",\"message\":\"No tenant id was given\"}}\n"
        );
    }

    #[test]
    fn a_failure_in_json_names_the_scope_that_it_belongs_to() {
        let graph = "https://graph.microsoft.com/.default";
        let fault = Fault::new(Category::Refused, "entra-refused", "Entra refused").fact("scope", graph);
        let shown: Value = serde_json::from_str(&json(&fault)).unwrap();
        assert_eq!(shown["error"]["scope"], graph);
    }

    #[test]
    fn text_from_outside_never_becomes_a_command_of_the_ci_system() {
        let hostile = "x\n##vso[task.setvariable variable=A]b\r\n::set-output name=a::b\u{1b}[31m\u{202e} ##[error]";
        let fault = Fault::new(Category::Refused, "refused", hostile).fact("trace id", hostile).hint(hostile);
        let shown = text(&fault);
        assert!(
            !shown.contains("##vso[") && !shown.contains("##[") && !shown.contains(['\u{1b}', '\u{202e}']),
            "{shown}"
        );
        assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")), "{shown}");
        let shown = json(&fault);
        assert!(!shown.contains("##vso[") && !shown.contains('\u{202e}'), "{shown}");
        let back: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(back["error"]["message"], hostile);
    }
}
