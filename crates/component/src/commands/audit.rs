//! `audit`: finds credentials that can never match, let in too much or must be migrated.

use azure_oidc_cli::failure::harmless;
use azure_oidc_cli::grants::STANDARD_INPUT;
use azure_oidc_cli::{AuditArgs, Form};
use azure_oidc_core::{Category, Fault};
use azure_oidc_jobs::audit::{self, Answer, Finding, Request, Source, Verdict};
use azure_oidc_jobs::check::Severity;
use azure_oidc_jobs::{Document, Interface, json};

use super::text::{self, Paint};
use super::{Context, Outcome, read_bytes};

pub(super) fn run(args: &AuditArgs, paint: Paint, context: Context<'_>) -> Result<Outcome, Fault> {
    let source = |name: &String| {
        let credentials = Document::Bytes(read_bytes(context, name, "--credential")?);
        Ok(Source { file: Some(name.clone()).filter(|name| name != STANDARD_INPUT), credentials })
    };
    let answer = audit::run(&Request {
        documents: args.credential.iter().map(source).collect::<Result<_, Fault>>()?,
        replace: Some(args.replace.iter().cloned().collect()),
        format: args.write.then(|| args.format.name().to_owned()),
        client_id: args.client_id.clone(),
        cloud: Some(args.cloud.clone()),
        shell: Some(args.shell.chosen(context.ports.env)),
        interface: Interface::CommandLine,
    })?;
    let exit_code = match answer.verdict {
        Verdict::Pass => 0,
        Verdict::Fail => Category::Negative.exit_code(),
    };
    let notes = text::notes(&answer.notes);
    let (stdout, stderr) = match (args.output, &answer.text) {
        (Form::Json, _) => (json::line(&answer), notes),
        (Form::Text, Some(written)) => (written.clone(), render(&answer, Paint(false)) + &notes),
        (Form::Text, None) => (render(&answer, paint), notes),
    };
    Ok(Outcome { exit_code, stderr, ..Outcome::printed(stdout) })
}

/// The verdict, and then each credential with its findings and one thing to do.
fn render(answer: &Answer, paint: Paint) -> String {
    let count = |severity| answer.findings.iter().filter(|finding| finding.severity == severity).count();
    let found = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")];
    let found = found.map(|(severity, word)| (count(severity), word)).into_iter().filter(|(count, _)| *count > 0);
    let mut found: Vec<_> = found.map(|(count, word)| counted(count, word)).collect();
    if found.is_empty() {
        found.push("nothing to do".to_owned());
    }
    let (color, verdict) = match answer.verdict {
        Verdict::Pass => (text::GREEN, "passed"),
        Verdict::Fail => (text::RED, "failed"),
    };
    let credentials = counted(answer.credentials.len(), "credential");
    let mut out = paint.line(color, &format!("{verdict}: {} in {credentials}", found.join(", ")));
    for block in blocks(&answer.findings) {
        out += "\n";
        out += &title(block[0]);
        for finding in &block {
            let (color, word) = text::word_of(finding.severity);
            out += &format!("  {} {}\n", paint.word(color, &format!("{word}:")), harmless(&finding.message));
        }
        let mut remedies: Vec<&str> = block.iter().filter_map(|finding| finding.remedy.as_deref()).collect();
        remedies.dedup();
        for (at, remedy) in remedies.into_iter().enumerate() {
            let lines: Vec<_> = remedy.lines().map(harmless).collect();
            out += &format!("  {}{}\n", if at == 0 { "do:   " } else { "then: " }, lines.join("\n        "));
        }
    }
    out
}

/// The findings of each credential, in the order of the worst one.
fn blocks(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut blocks: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let is_same = |block: &&mut Vec<&Finding>| {
            let first = block[0];
            first.credential.is_some()
                && (&first.credential, &first.owner, &first.file)
                    == (&finding.credential, &finding.owner, &finding.file)
        };
        match blocks.iter_mut().find(is_same) {
            Some(block) => block.push(finding),
            None => blocks.push(vec![finding]),
        }
    }
    blocks
}

fn title(finding: &Finding) -> String {
    let credential = match &finding.credential {
        Some(name) => format!("the credential `{}`", harmless(name)),
        None => "all credentials".to_owned(),
    };
    let owner = finding.owner.as_ref().map(|owner| format!(" of `{}`", harmless(owner))).unwrap_or_default();
    let file = finding.file.as_ref().map(|file| format!(" in {}", harmless(file))).unwrap_or_default();
    format!("{credential}{owner}{file}\n")
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
