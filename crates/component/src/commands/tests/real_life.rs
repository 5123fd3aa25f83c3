//! What people paste and write, through the command line.

use super::*;

const MAIN: &str = "repo:octo-org/web:ref:refs/heads/main";

macro_rules! input {
    ($case:literal, $file:literal) => {
        include_str!(concat!("../../../../core/testdata/cases/", $case, "/", $file))
    };
}

#[test]
fn a_decoded_token_is_shown_and_compared() {
    let job = Job::default().file("-", input!("pasted-decoded-token", "token.txt"));
    let outcome = job.run("inspect --id-token -");
    assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
    for words in [MAIN, GITHUB, "decoded token, without its signature", "expires     2025-05-29T"] {
        assert!(outcome.stdout.contains(words), "{words}\n{}", outcome.stdout);
    }
    let job = Job::default()
        .file("claims.json", input!("pasted-claims-check", "claims.json"))
        .file("fics.json", input!("pasted-claims-check", "fics.json"));
    let outcome = job.run("check --id-token-file claims.json --credential fics.json");
    assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
    assert!(outcome.stderr.contains("decoded token"), "{}", outcome.stderr);
}

#[test]
fn a_decoded_token_is_no_token_elsewhere() {
    let job = Job::default().file("-", input!("pasted-decoded-token", "token.txt"));
    let outcome = job.run("verify --id-token - --discover");
    assert_eq!(outcome.exit_code, 3, "{}", shown(&outcome));
    assert!(
        outcome.stderr.contains("the token is decoded") && outcome.stderr.contains("compact form"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains("inside it"), "{}", outcome.stderr);
}

#[test]
fn a_token_file_in_utf_16_is_named_so() {
    let token = token(GITHUB, MAIN, AUDIENCE);
    for (mark, unit) in [([0xFF, 0xFE], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xFE, 0xFF], u16::to_be_bytes)] {
        let bytes: Vec<u8> = mark.into_iter().chain(token.encode_utf16().flat_map(unit)).collect();
        let outcome = Job::default().file("u16.jwt", bytes).run("inspect --id-token-file u16.jwt");
        assert_eq!(outcome.exit_code, 3);
        assert!(
            outcome.stderr.contains("UTF-16") && outcome.stderr.contains("Out-File -Encoding ascii -NoNewline"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_table_of_the_azure_cli_is_named_so() {
    let job = Job::with_token(&token(GITHUB, MAIN, AUDIENCE)).file("f", input!("az-table", "fics.json"));
    let outcome = job.run("check --id-token-env T --credential f");
    assert_eq!(outcome.exit_code, 2);
    assert!(outcome.stderr.contains("table") && outcome.stderr.contains("--output json"), "{}", outcome.stderr);
}

#[test]
fn a_warning_before_the_list_is_ignored_and_said() {
    let list = format!("WARNING: The command is in preview\n{}", list(&[("main", GITHUB, MAIN)]));
    let job = Job::with_token(&token(GITHUB, MAIN, AUDIENCE)).file("f", list);
    let outcome = job.run("check --id-token-env T --credential f");
    assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
    assert!(outcome.stderr.contains("text before its JSON"), "{}", outcome.stderr);
}
