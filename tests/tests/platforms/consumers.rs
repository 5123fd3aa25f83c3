//! Reads published outputs with their consumers: bash, and parsers with the rules of GitHub's
//! runner and Harness's agent. The access token is as hostile as an accepted token can be.

use std::path::Path;

use azure_oidc_emulator::{Injection, injections::Kind};
use azure_oidc_tests::{Job, Stage};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::fixture::{all, stage};

/// All that shells, runners and line-based parsers do not read as plain text.
const HOSTILE: &str =
    r##"eyJ'"$(touch${IFS}pwned)`id`\n%0A##vso[task.setvariable]x;y|z&<EOF<<#${HOME}!*~__B64__=:%25"##;

#[test]
fn bash_can_source_the_output_for_circleci() {
    let (stage, _) = published("circleci/exchange");
    let script = ". ./bash_env; printf '%s' \"$AZURE_ACCESS_TOKEN\"";
    let ran = Job::program(Path::new("/bin/bash")).args(&["-euc", script]).within(stage.folder()).run().expect(0);
    assert_eq!(ran.stdout, HOSTILE);
    assert!(!stage.path("pwned").exists());
}

#[test]
fn a_shell_can_evaluate_the_printed_lines() {
    for name in
        ["gitlab/exchange", "buildkite/exchange", "semaphore/exchange", "spacelift/exchange", "google-cloud/exchange"]
    {
        let (stage, stdout) = published(name);
        stage.write("lines", &stdout);
        let script = "eval \"$(cat lines)\"; sh -c 'printf %s \"$AZURE_ACCESS_TOKEN\"'";
        let job = Job::program(Path::new("/bin/sh")).args(&["-euc", script]).env("PATH", "/usr/bin:/bin");
        assert_eq!(job.within(stage.folder()).run().expect(0).stdout, HOSTILE, "{name}");
        assert!(!stage.path("pwned").exists(), "{name}");
    }
}

#[test]
fn githubs_runner_masks_and_reads_the_output() {
    let (stage, stdout) = published("github/exchange");
    let values = runner(&stage.read("output"));
    assert_eq!(values[0], ("AZURE_ACCESS_TOKEN".to_owned(), HOSTILE.to_owned()));
    assert_eq!(values.len(), 3, "{values:?}");
    let masked = stdout.strip_prefix("::add-mask::").and_then(|rest| rest.strip_suffix('\n')).expect("one command");
    assert!(!masked.contains('\n'));
    assert_eq!(masked.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%"), HOSTILE);
}

#[test]
fn harnesss_agent_reads_the_output() {
    let (stage, _) = published("harness/exchange");
    let text = stage.read("secrets");
    let (name, value) = text.trim_end_matches('\n').split_once('=').expect("one line");
    assert!(!value.contains(['#', '$', '\'', '"', '`', '\n']), "the line-based parser changes these: {value}");
    let decoded = BASE64_STANDARD.decode(value.strip_prefix("__B64__").expect("it is encoded")).expect("base64");
    assert_eq!((name, decoded.as_slice()), ("AZURE_ACCESS_TOKEN", HOSTILE.as_bytes()));
}

#[test]
fn the_agent_of_azure_pipelines_reads_the_output() {
    let (_, stdout) = published("azure-pipelines/exchange");
    let first = stdout.lines().next().expect("a command");
    let masked = first.strip_prefix("##vso[task.setsecret]").expect("masking comes first");
    assert_eq!(agent_decoded(masked), HOSTILE);
    let set: Vec<_> = stdout.lines().filter(|line| line.contains("variable=AZURE_ACCESS_TOKEN;")).collect();
    assert_eq!(set.len(), 2, "as a variable and as an output: {stdout}");
    for line in set {
        assert!(line.contains(";issecret=true"), "{line}");
        assert_eq!(agent_decoded(line.split_once(']').expect("the command ends").1), HOSTILE);
    }
}

/// Runs the job of a fixture with the hostile token and returns the output.
fn published(name: &str) -> (Stage, String) {
    let stage = stage();
    let body = json!({ "access_token": HOSTILE, "token_type": "Bearer", "expires_in": 3599 }).to_string();
    stage.inject(Injection { status: Some(200), body: Some(body), ..Injection::new(Kind::Answer) });
    let fixture = all().into_iter().find(|fixture| fixture.name() == name).expect("there is such a fixture");
    let ran = fixture.job(&stage, "exchange").run().expect(0);
    (stage, ran.stdout)
}

/// The rules of the runner for files with `NAME=value` and `NAME<<DELIMITER` (actions/runner,
/// FileCommandManager).
fn runner(text: &str) -> Vec<(String, String)> {
    let mut lines = text.split('\n');
    let mut values = Vec::new();
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(at), other) if other.is_none_or(|other| at < other) => {
                values.push((line[..at].to_owned(), line[at + 1..].to_owned()));
            }
            (_, Some(at)) => {
                let (name, delimiter) = (&line[..at], &line[at + 2..]);
                let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                values.push((name.to_owned(), value.join("\n")));
            }
            _ => assert_eq!(line, "", "the runner takes no such line"),
        }
    }
    values
}

/// The agent's decoding of a value. `%AZP25` comes last (azure-pipelines-agent,
/// CommandStringConvertor).
fn agent_decoded(text: &str) -> String {
    text.replace("%3B", ";").replace("%0D", "\r").replace("%0A", "\n").replace("%5D", "]").replace("%AZP25", "%")
}
