//! Tests the completions and man pages.

use super::*;

const COMMANDS: [&str; 21] = [
    "exchange",
    "check",
    "verify",
    "inspect",
    "explain",
    "credential",
    "setup",
    "audit",
    "doctor",
    "exec",
    "broker",
    "login",
    "logout",
    "docker-credential",
    "kubernetes-credential",
    "git-credential",
    "id-token",
    "serve",
    "component",
    "link",
    "completions",
];

#[test]
fn a_completion_script_knows_every_command_and_its_options() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let Command::Completions(args) = read(&format!("completions {shell}")).command else { panic!("{shell}") };
        let script = String::from_utf8(completions(args.shell)).expect("UTF-8");
        for word in COMMANDS.into_iter().chain(["no-preflight", "token-subject"]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let script = String::from_utf8(completions(Shell::Bash)).expect("UTF-8");
    assert!(script.contains("azure-pipelines"), "values are completed");
}

#[test]
fn there_is_a_man_page_of_the_program_and_of_each_command() {
    let pages = man_pages();
    let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
    let expected = COMMANDS.map(|command| format!("azure-oidc-{command}.1"));
    assert_eq!(names[0], "azure-oidc.1");
    assert_eq!(names[1..], expected);
    for (name, page) in &pages {
        let text = String::from_utf8_lossy(page);
        assert!(text.contains(".TH azure-oidc") && text.contains("timings"), "{name}: {text}");
    }
}
