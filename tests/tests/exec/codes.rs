//! Exit codes: those of the command, of a shell, and of `exchange` before the command runs.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use azure_oidc_tests::{Job, Stage, secrets};

use crate::{ARM_SCOPE, exec, job};

#[test]
fn the_exit_code_is_that_of_the_command() {
    let stage = Stage::new();
    exec(&stage, &[], "exit 37").run().expect(37);
    exec(&stage, &[], "true").run().expect(0);
}

#[test]
fn a_signal_that_ends_the_command_is_seen_by_the_parent() {
    let stage = Stage::new();
    // -1: a signal.
    exec(&stage, &[], "kill -KILL $$").run().expect(-1);
    let through_a_shell = exec(&stage, &[], "kill -TERM $$").through_a_shell("\"$0\" \"$@\"; echo $?");
    assert_eq!(through_a_shell.run().stdout, "143\n");
}

#[test]
fn a_command_that_cannot_be_run_has_the_exit_codes_of_a_shell() {
    let stage = Stage::new();
    let script = stage.write("not-executable", "#!/bin/sh\n");
    for (command, code) in [("no-such-command-here", 127), ("/no/such/file", 127), (&*script, 126), ("/", 126)] {
        let ran = job(&stage, &["exec"]).args(&["--", command]).run().expect(code);
        assert!(ran.stderr.contains(&format!("error: {command} cannot be run: ")), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn words_of_the_command_arrive_unchanged() {
    let stage = Stage::new();
    let words =
        [OsStr::from_bytes(b"a b"), OsStr::from_bytes(b"\xff"), OsStr::new("--"), OsStr::new("--help"), OsStr::new("")];
    let ran = exec(&stage, &[], "printf '%s|' \"$@\" | od -An -c | tr -d ' \\n'").args(&["sh"]).args(&words).run();
    assert_eq!(ran.expect(0).stdout, r"ab|377|--|--help||");
}

#[test]
fn what_cannot_be_exchanged_ends_before_the_command_runs() {
    let stage = Stage::new();
    let bare = ["--client-id", "77777777-7777-4777-8777-777777777777"];
    let base = |client: &[&str], token: &str| {
        Job::host(&["exec", "--tenant-id", azure_oidc_tests::TENANT, "--id-token-env", "MY_TOKEN"])
            .args(&["--authority-host", stage.emulator.url(), "--ca-file"])
            .args(&[stage.emulator.ca_file()])
            .args(client)
            .args(&["--scope", ARM_SCOPE, "--", "touch", "ran"])
            .env("MY_TOKEN", token)
            .env("PATH", crate::PATH)
            .within(stage.folder())
    };
    let token = stage.id_token();
    for (job, code) in [
        (base(&[], &token), 2),
        (base(&["--client-id", azure_oidc_tests::APPLICATION], ""), 3),
        (base(&bare, &token), 4),
    ] {
        let ran = job.run().expect(code);
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        secrets::assert_none_printed(&ran, &token);
        assert!(!stage.path("ran").exists());
    }
}

#[test]
fn an_authority_that_cannot_be_reached_ends_with_5() {
    let stage = Stage::new();
    let ran = Job::host(&["exec", "--authority-host", "https://localhost:1", "--retries", "0", "--timeout", "5s"])
        .args(&["--tenant-id", azure_oidc_tests::TENANT, "--client-id", azure_oidc_tests::APPLICATION])
        .args(&["--id-token-env", "MY_TOKEN", "--scope", ARM_SCOPE, "--", "touch", "ran"])
        .env("MY_TOKEN", stage.id_token())
        .env("PATH", crate::PATH)
        .within(stage.folder())
        .run()
        .expect(5);
    assert!(ran.stderr.contains("error: The authority cannot be reached"), "{}", ran.stderr);
    assert!(!stage.path("ran").exists());
}

#[test]
fn a_token_in_the_place_of_a_command_or_a_file_is_not_shown() {
    let stage = Stage::new();
    let token = stage.id_token();
    let payload = token.split('.').nth(1).expect("it has three parts");
    let wrapped = format!("{}\n{}", &token[..100], &token[100..]);
    for words in [["--", &token], ["--", &wrapped], ["--ca-file", &wrapped]] {
        let ran = job(&stage, &["exec"]).args(&words).args(&["--", "true"]).run();
        assert_ne!(ran.code, 0);
        assert!(!ran.printed().contains(&payload[..24]), "{}", ran.printed());
    }
}
