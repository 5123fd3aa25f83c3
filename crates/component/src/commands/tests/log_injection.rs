//! Tests that text from a token, a log or a file name never becomes a command of the CI system.

use super::*;

/// Commands of Azure Pipelines and of GitHub Actions, the last one with a character that both ignore.
const HOSTILE: &str =
    "r\n::set-output name=a::b\r\n ::c::\n##vso[task.setvariable variable=A]b ##[error]x #\u{ad}#vso[x]";

#[track_caller]
fn assert_neutral(line: &str, outcome: &Outcome) {
    // Readers that compare by the rules of a language ignore characters outside ASCII.
    let shown = shown(outcome);
    let compared: String = shown.chars().filter(char::is_ascii).collect();
    let is_command = |line: &str| line.trim_start().starts_with("::");
    assert!(!compared.contains("##") && !compared.split(['\r', '\n']).any(is_command), "{line}: {shown}");
}

#[test]
fn no_command_prints_what_a_claim_says_as_a_command_of_the_ci_system() {
    let id_token = minted(&json!({"alg": "RS256", "typ": "JWT", "kid": HOSTILE}), HOSTILE, HOSTILE, HOSTILE);
    let job = Job::with_token(&id_token)
        .file("-", format!("{HOSTILE}\nAADSTS700213: {HOSTILE}"))
        .file("keys", r#"{"keys":[]}"#)
        .file("list", list(&[(HOSTILE, HOSTILE, HOSTILE)]));
    let token = "--id-token-env T";
    for command in [
        "inspect",
        "inspect --output json",
        "check --issuer https://x.example --subject y",
        "check --issuer https://x.example --subject y --output json",
        "check --credential list",
        "check --credential list --output json",
        "verify --jwks keys",
        "verify --jwks keys --output json",
        "explain 700213",
        "explain - --output json",
        "explain -",
        "credential",
        "credential --format arm",
        "credential --format az",
        "credential --format az-identity",
        "credential --format terraform",
        "credential --format bicep",
        "exchange --output json",
        "exchange",
        "check --credential ##vso[x]",
        "check --credential ##vso[x] --output json",
    ] {
        let line = format!("{command} {token}");
        assert_neutral(&line, &job.run(&line));
    }
}

#[test]
fn a_written_credential_still_holds_the_claim() {
    let subject = "repo:o/##vso[x]/#\u{ad}#:ref:refs/heads/main";
    let written = Job::with_token(&token("https://issuer.example", subject, AUDIENCE));
    let outcome = written.run("credential --id-token-env T");
    assert_neutral("credential", &outcome);
    let credential: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", shown(&outcome)));
    assert_eq!(credential["subject"], subject);
}
