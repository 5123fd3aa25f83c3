//! Tests that credentials are served while nobody reads standard error, or the pipe is full.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use azure_oidc_tests::{Job, Stage};

use crate::{ARM_SCOPE, UNTIL_STOP, ask, environment, environment_of, exec, job, wait_for};

/// More than the start of any program takes.
const SOON: Duration = Duration::from_secs(20);

/// The writing end of a pipe that is full, and its other end, which nobody reads.
fn full() -> (std::io::PipeReader, Stdio) {
    /// What a pipe of Linux takes.
    const CAPACITY: usize = 64 << 10;
    let (reader, mut writer) = std::io::pipe().expect("the system has pipes");
    writer.write_all(&[b'.'; CAPACITY]).expect("it has room");
    (reader, writer.into())
}

/// With an earlier credential, so that there is something to say.
fn talkative(job: Job) -> Job {
    job.env("AZURE_CLIENT_SECRET", "old")
}

#[test]
fn the_command_starts_and_has_credentials() {
    let stage = Stage::new();
    let (_reader, full) = full();
    let since = Instant::now();
    let mut command = talkative(exec(&stage, &["--scope", ARM_SCOPE], UNTIL_STOP)).into_command();
    let mut child = command.stderr(full).spawn().expect("it starts");
    let environment = environment(&stage);
    assert!(since.elapsed() < SOON, "it took {:?}", since.elapsed());
    assert_eq!(ask(&environment, crate::ARM).status(), 200);
    stage.write("stop", "");
    assert!(child.wait().expect("it was started").success());
}

#[test]
fn the_steps_that_follow_have_credentials() {
    for options in [&[][..], &["--detach"]] {
        let stage = Stage::new();
        let (_reader, full) = full();
        let broker = job(&stage, &["broker", "--ready-file", "ready.json", "--scope", ARM_SCOPE]).args(options);
        let mut child = talkative(broker).into_command().stderr(full).spawn().expect("it starts");
        wait_for(&stage.path("ready.json"));
        let ready: serde_json::Value = serde_json::from_str(&stage.read("ready.json")).expect("it is JSON");
        let environment = environment_of(&ready);
        assert_eq!(ask(&environment, crate::ARM).status(), 200);
        if options.is_empty() {
            child.kill().expect("it runs");
            child.wait().expect("it was started");
        } else {
            assert!(child.wait().expect("it was started").success());
        }
    }
}

#[test]
fn a_failure_that_nobody_reads_keeps_no_process() {
    let stage = Stage::new();
    for words in
        [&["exec"][..], &["broker", "--ready-file", "ready.json"], &["broker", "--ready-file", "x", "--detach"]]
    {
        let (_reader, full) = full();
        let job = job(&stage, words).args(&["--scope", "https://nobody.example/.default"]);
        let job = if words == ["exec"] { job.args(&["--", "true"]) } else { job };
        let since = Instant::now();
        let mut child = job.into_command().stderr(full).spawn().expect("it starts");
        let status = child.wait().expect("it was started");
        assert!(!status.success() && since.elapsed() < SOON, "{words:?}: {status:?} after {:?}", since.elapsed());
    }
}
