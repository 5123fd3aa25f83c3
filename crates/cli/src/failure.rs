//! Renders a fault as text for people, as JSON for programs, or in the form of the tool that asked.
//! Text from outside cannot become a command of the CI system that collects the output.

use azure_oidc_core::Fault;
use azure_oidc_core::platform::text::{defuse, is_unprintable, json_text};
use serde::Serialize;

/// How a failure is told, which depends on who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people, on standard error.
    Text,
    /// For programs, on standard output: [`Document`].
    Json,
    /// One line on standard output, where container tools look for it.
    Docker,
    /// One line on standard error, which clients of Kubernetes show.
    Kubernetes,
    /// One line on standard error, which git shows. On standard output what makes git stop: it would
    /// otherwise take a refusal for a helper that knows nothing.
    Git,
    /// What Google's libraries read from an executable, on standard output.
    GcpExecutable,
}

impl Form {
    /// The form that the arguments ask for, as far as that is visible when they could not be parsed.
    pub fn of(arguments: &[String]) -> Self {
        // What follows `--` can be the arguments of another program.
        let own = arguments.iter().position(|argument| argument == "--").map_or(arguments, |end| &arguments[..end]);
        let output = |form: &str| {
            own.windows(2).any(|pair| pair[0] == "--output" && pair[1] == form)
                || own.iter().any(|argument| argument.strip_prefix("--output=") == Some(form))
        };
        let is_for = |command: &str| own.iter().any(|argument| argument == command);
        match () {
            () if is_for("docker-credential") => Self::Docker,
            () if is_for("kubernetes-credential") => Self::Kubernetes,
            () if is_for("git-credential") => Self::Git,
            () if output("gcp-executable") => Self::GcpExecutable,
            () if output("json") => Self::Json,
            () => Self::Text,
        }
    }

    /// What goes to standard output and to standard error.
    pub fn shown(self, fault: &Fault) -> (String, String) {
        match self {
            Self::Text => (String::new(), text(fault)),
            Self::Json => (json(fault), String::new()),
            Self::Docker => (line(fault), String::new()),
            Self::Kubernetes => (String::new(), line(fault)),
            Self::Git => ("quit=1\n".to_owned(), line(fault)),
            Self::GcpExecutable => {
                let message = line(fault).trim_end().to_owned();
                let failed = Executable { code: fault.code, message, success: false, version: 1 };
                (json_text(&failed) + "\n", String::new())
            }
        }
    }
}

/// Renders a fault in one line, for a tool that repeats it in a message of its own.
pub fn line(fault: &Fault) -> String {
    let mut line = format!("azure-oidc: {}", harmless(&fault.message));
    let code = fault.aadsts().map(|code| format!("AADSTS{code}"));
    if let Some(code) = code.filter(|code| !line.contains(code)) {
        line += &format!(" ({code})");
    }
    // A hint of several lines is a command to copy.
    if let Some(hint) = fault.hints.iter().find(|hint| !hint.contains('\n')) {
        line += &format!("; {}", harmless(hint));
    }
    line + "\n"
}

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

/// A failure for Google's libraries.
#[derive(Serialize)]
struct Executable {
    code: &'static str,
    message: String,
    success: bool,
    version: u8,
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
    fn a_failure_for_a_tool_is_one_line_with_the_code() {
        let fault = |message: &str| Fault::new(Category::IdToken, "token-expired", message).predicts(700_024);
        let two = fault("It\nended").hint("run this:\n  az x").hint("try again");
        assert_eq!(line(&two), "azure-oidc: It ended (AADSTS700024); try again\n");
        assert_eq!(line(&fault("AADSTS700024: It ended")), "azure-oidc: AADSTS700024: It ended\n");
        assert_eq!(line(&fault("##vso[x]\r\n::y")).lines().count(), 1);
    }

    #[test]
    fn the_form_is_that_of_who_reads_it() {
        for (line, form) in [
            ("exchange", Form::Text),
            ("exchange --output json", Form::Json),
            ("check --output=json --nonsense", Form::Json),
            ("exec -- x --output json", Form::Text),
            ("docker-credential get", Form::Docker),
            ("--ca-file x docker-credential", Form::Docker),
            ("exec -- docker-credential", Form::Text),
            ("kubernetes-credential", Form::Kubernetes),
            ("git-credential get", Form::Git),
            ("id-token --output=gcp-executable", Form::GcpExecutable),
            ("id-token --output json", Form::Json),
            ("id-token", Form::Text),
        ] {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(Form::of(&words), form, "{line}");
        }
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
