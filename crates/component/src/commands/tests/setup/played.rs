//! Runs the scripts with a fake Azure CLI that records its calls, and undoes them.

use std::process::Command as Program;

use super::*;

/// A CLI that writes down its arguments, one call a line. It answers with the same id always; with
/// what the variables say where a script asks what exists.
const FAKE: &str = r#"#!/bin/sh
{ for word in "$@"; do printf '%s\0' "$word"; done; printf '\n'; } >> "$CALLS"
case "$*" in
  "group exists"*) echo "${EXISTS:-false}" ;;
  "ad app list"* | "identity list"* | "resource list"*) printf '%b' "${FOUND:-}" ;;
  "group show"*) echo "${TAG:-}" ;;
  "identity show"*) [ -z "${MISSING:-}" ] && echo 22222222-2222-4222-8222-222222222222 ;;
  "role assignment delete"*) [ -z "${ROLE_FAILS:-}" ] ;;
  *"--query"*) echo 22222222-2222-4222-8222-222222222222 ;;
esac
"#;

/// Runs a script with a CLI that writes down its arguments. Gives whether it succeeded, each call,
/// and what was printed.
pub(super) fn tried(script: &str, variables: &[(&str, &str)]) -> (bool, Vec<Vec<String>>, String) {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::env::temp_dir().join(format!("azure-oidc-setup-{:?}", std::thread::current().id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("az"), FAKE).unwrap();
    std::fs::set_permissions(folder.join("az"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Program::new("sh");
    shell.args(["-c", script]).env("PATH", path).env("CALLS", folder.join("calls")).envs(variables.iter().copied());
    let output = shell.output().unwrap();
    let calls = std::fs::read_to_string(folder.join("calls")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let words = |line: &str| line.split_terminator('\0').map(str::to_owned).collect();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), calls.lines().map(words).collect(), String::from_utf8(printed).unwrap())
}

pub(super) fn played(script: &str) -> (Vec<Vec<String>>, String) {
    let (success, calls, printed) = tried(script, &[]);
    assert!(success, "{script}\n{printed}");
    (calls, printed)
}

/// The commands that undo a script.
fn undo_of(script: &str) -> String {
    let (_, lines) = script.split_once("# To undo it:\n").unwrap();
    lines.lines().map(|line| line.strip_prefix("# ").unwrap().to_owned() + "\n").collect()
}

/// The credentials that these calls create, in the form that the CLI lists.
pub(super) fn created(calls: &[Vec<String>]) -> Value {
    let option = |call: &[String], name: &str| {
        let at = call.iter().position(|word| word == name).unwrap_or_else(|| panic!("{call:?} has no {name}"));
        call[at + 1].clone()
    };
    let credential = |call: &Vec<String>| match (call[0].as_str(), call[1].as_str(), call[2].as_str()) {
        ("ad", "app", "federated-credential") => {
            Some(serde_json::from_str::<Value>(&option(call, "--parameters")).unwrap())
        }
        ("identity", "federated-credential", "create") => {
            let audience = option(call, "--audiences");
            let audience = audience.trim_start_matches("['").trim_end_matches("']");
            Some(json!({
                "name": option(call, "--name"),
                "issuer": option(call, "--issuer"),
                "subject": option(call, "--subject"),
                "audiences": [audience],
            }))
        }
        _ => None,
    };
    calls.iter().filter(|call| call.len() > 2).filter_map(credential).collect()
}

#[test]
fn a_script_stops_before_what_exists() {
    for (rest, variables) in [
        ("", &[("FOUND", "22222222-2222-4222-8222-222222222222")][..]),
        ("--identity", &[("EXISTS", "true")]),
        ("--identity --identity-group ids", &[("FOUND", "/subscriptions/x")]),
    ] {
        let script = Job::default().run(&format!("{GITHUB_LINE} {rest}")).stdout;
        let (success, calls, printed) = tried(&script, variables);
        assert!(!success && printed.contains("exists already"), "{rest}: {printed}");
        assert_eq!(calls.len(), 2, "{calls:?}");
    }
}

#[test]
fn only_what_the_script_made_is_undone() {
    const ID: &str = "22222222-2222-4222-8222-222222222222";
    let two = format!("{ID}\\n{ID}\\n");
    let new = "--identity --name made";
    for (rest, variables, expected) in [
        ("", &[("FOUND", ID)][..], &["role assignment delete", "ad app delete"][..]),
        ("", &[], &[]),
        ("", &[("FOUND", two.as_str())], &[]),
        (new, &[("TAG", "made")], &["role assignment delete", "identity delete", "group delete"]),
        (new, &[("TAG", "made"), ("FOUND", "/other")], &["role assignment delete", "identity delete"]),
        (new, &[], &["role assignment delete", "identity delete"]),
        (new, &[("MISSING", "1")], &[]),
        (new, &[("MISSING", "1"), ("TAG", "made")], &["group delete"]),
        ("--identity --identity-group ids", &[("TAG", "made")], &["role assignment delete", "identity delete"]),
    ] {
        let undo = undo_of(&Job::default().run(&format!("{GITHUB_LINE} {rest}")).stdout);
        let (_, calls, printed) = tried(&undo, variables);
        let lines: Vec<_> = calls.iter().map(|call| call.join(" ")).collect();
        let deleted = |line: &&String| line.contains(" delete ");
        let begins = |line: &String| line.split(" --").next().unwrap_or_default().to_owned();
        let deletions: Vec<_> = lines.iter().filter(deleted).map(begins).collect();
        assert_eq!(deletions, expected, "{rest} {variables:?}: {printed}");
        assert!(lines.iter().all(|line| line.contains(&format!("--subscription {SUBSCRIPTION}"))), "{lines:?}");
    }
}
