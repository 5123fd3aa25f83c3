//! Tests `broker`: the ready file, and the process whose end it watches.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::{Child, Command};
use std::time::Duration;

use azure_oidc_tests::{Job, Stage, http};
use serde_json::Value;

use crate::{ARM_SCOPE, environment_of, job, wait_for, wait_until_closed, within};

/// A broker in the foreground.
pub(crate) struct Broker {
    child: Child,
    ready: Value,
}

impl Broker {
    /// Starts a broker with the ready file `ready.json`.
    pub(crate) fn start(stage: &Stage, options: &[&str]) -> Self {
        let child = broker(stage, options).into_command().spawn().expect("it starts");
        let ready = read(stage);
        Self { child, ready }
    }

    pub(crate) fn address(&self) -> String {
        address(&self.ready)
    }

    pub(crate) fn pid(&self) -> u64 {
        self.ready["pid"].as_u64().expect("it is a number")
    }

    /// Waits for the end.
    pub(crate) fn finish(mut self) -> std::process::ExitStatus {
        self.child.wait().expect("it was started")
    }
}

fn broker(stage: &Stage, options: &[&str]) -> Job {
    job(stage, &["broker", "--ready-file", "ready.json", "--scope", ARM_SCOPE]).args(options)
}

/// The ready file, when it is there.
fn read(stage: &Stage) -> Value {
    wait_for(&stage.path("ready.json"));
    serde_json::from_str(&stage.read("ready.json")).expect("it is JSON")
}

fn address(ready: &Value) -> String {
    ready["endpoint"].as_str().and_then(|url| url.strip_prefix("http://")).expect("it is a URL").to_owned()
}

fn signal(name: &str, pid: u64) {
    let sent = Command::new("/bin/kill").args([name, &pid.to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

#[test]
fn the_file_says_what_a_step_sets_and_is_removed_at_the_end() {
    let stage = Stage::new();
    let other = stage.write("other", "other");
    symlink(other, stage.path("ready.json")).expect("it can be made");
    let running = broker(&stage, &[]).start();
    within(Duration::from_secs(60), || stage.read("ready.json").starts_with('{'));
    let ready = read(&stage);
    let metadata = fs::symlink_metadata(stage.path("ready.json")).expect("it is there");
    assert_eq!(metadata.mode(), 0o100_600);
    assert_eq!(stage.read("other"), "other", "a link is replaced and not followed");
    assert_eq!(ready["version"], 1);
    assert_eq!(ready["scopes"], serde_json::json!(["https://management.azure.com/.default"]));
    assert!(ready["new_scopes_until"].is_string(), "{ready}");
    let unset = ready["unset"].as_array().expect("it is a list");
    assert!(unset.contains(&"AZURE_CLIENT_SECRET".into()) && unset.contains(&"MY_TOKEN".into()), "{ready}");
    let environment = environment_of(&ready);
    assert_eq!(crate::ask(&environment, crate::ARM).status(), 200);
    let ran = running.end_with("TERM");
    assert_eq!(ran.stdout, "");
    assert!(!stage.path("ready.json").exists());
    wait_until_closed(&address(&ready));
}

#[test]
fn a_signal_ends_it_as_it_would_end_any_program() {
    use std::os::unix::process::ExitStatusExt;
    let stage = Stage::new();
    for (name, number) in [("-TERM", 15), ("-INT", 2), ("-HUP", 1)] {
        let broker = Broker::start(&stage, &[]);
        let (address, pid) = (broker.address(), broker.pid());
        signal(name, pid);
        assert_eq!(broker.finish().signal(), Some(number));
        assert!(!stage.path("ready.json").exists());
        wait_until_closed(&address);
    }
}

#[test]
fn it_ends_with_its_parent() {
    let stage = Stage::new();
    let script = "\"$0\" \"$@\" & until [ -e stop ]; do sleep 0.05; done";
    let mut shell = broker(&stage, &[]).through_a_shell(script).into_command();
    let mut shell = shell.env("PATH", crate::PATH).current_dir(stage.folder()).spawn().expect("it starts");
    let ready = read(&stage);
    http::send(&address(&ready), "GET", "/", &[], "");
    shell.kill().expect("it runs");
    shell.wait().expect("it was started");
    wait_until_closed(&address(&ready));
    within(Duration::from_secs(10), || !stage.path("ready.json").exists());
}

#[test]
fn a_detached_one_outlives_the_step_and_ends_with_the_process_it_watches() {
    let stage = Stage::new();
    let mut runner = Command::new("sleep").arg("60").spawn().expect("it starts");
    // The step's shell ends at once, and its output is at an end: this does not hang.
    let step = broker(&stage, &["--detach", "--watch-pid", &runner.id().to_string()]).through_a_shell("\"$0\" \"$@\"");
    let ran = step.within(stage.folder()).run().expect(0);
    assert_eq!(ran.stdout, "");
    let ready = read(&stage);
    let environment = environment_of(&ready);
    assert_eq!(crate::ask(&environment, crate::ARM).status(), 200);
    runner.kill().expect("it runs");
    runner.wait().expect("it was started");
    wait_until_closed(&address(&ready));
    within(Duration::from_secs(10), || !stage.path("ready.json").exists());
}

#[test]
fn a_detached_one_ends_with_the_shell_that_started_it() {
    let stage = Stage::new();
    let script = "\"$0\" \"$@\" && cat ready.json && grep -q endpoint ready.json";
    let ran =
        broker(&stage, &["--detach"]).through_a_shell(script).within(stage.folder()).env("PATH", crate::PATH).run();
    let ready: Value = serde_json::from_str(&ran.expect(0).stdout).expect("it is JSON");
    wait_until_closed(&address(&ready));
    within(Duration::from_secs(10), || !stage.path("ready.json").exists());
}

#[test]
fn a_file_that_cannot_be_written_is_found_out_before_the_exchange() {
    let stage = Stage::new();
    fs::create_dir(stage.path("folder")).expect("it is new");
    for (file, why) in [
        ("missing/ready.json", "its folder does not exist"),
        ("folder", "it is a folder"),
        ("folder/", "it is a folder"),
        ("folder/new/", "it is a folder"),
        ("folder/new/.", "it is a folder"),
        ("ready.json/x", "its folder does not exist"),
    ] {
        for detach in [&[][..], &["--detach"]] {
            let job = job(&stage, &["broker", "--ready-file", file, "--scope", ARM_SCOPE]).args(detach);
            let ran = job.run().expect(6);
            let expected = format!("error: The file {file} of `--ready-file` cannot be written: {why}\n");
            assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
        }
    }
    assert_eq!(stage.names(), ["folder"]);
    assert!(stage.requests().is_empty());
}

#[test]
fn a_broker_that_ends_leaves_the_file_of_the_next_one() {
    for how in ["-TERM", "-KILL"] {
        let stage = Stage::new();
        let first = Broker::start(&stage, &[]);
        let address = first.address();
        let second = broker(&stage, &[]).into_command().spawn().expect("it starts");
        within(Duration::from_secs(60), || {
            let file = stage.read("ready.json");
            file.ends_with('\n') && serde_json::from_str(&file).is_ok_and(|ready: Value| ready["pid"] == second.id())
        });
        signal(how, first.pid());
        first.finish();
        wait_until_closed(&address);
        let ready = read(&stage);
        let second = Broker { child: second, ready };
        // The helper of the first one has nothing to remove, and ends.
        within(Duration::from_secs(10), || fs::read_dir(stage.folder()).expect("it is there").count() == 1);
        http::send(&second.address(), "GET", "/", &[], "");
        signal("-TERM", second.pid());
        second.finish();
        within(Duration::from_secs(10), || !stage.path("ready.json").exists());
    }
}

#[test]
fn a_process_that_is_not_there_cannot_be_watched() {
    let stage = Stage::new();
    for detach in [&[][..], &["--detach"]] {
        let ran = broker(&stage, &["--watch-pid", "4194305"]).args(detach).run().expect(2);
        assert!(ran.stderr.starts_with("error: There is no process 4194305 to watch"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_refused_ends_the_start() {
    let stage = Stage::new();
    for detach in [&[][..], &["--detach"]] {
        let bare = ["--client-id", "77777777-7777-4777-8777-777777777777"];
        let ran =
            Job::host(&["broker", "--ready-file", "ready.json", "--scope", ARM_SCOPE, "--id-token-env", "MY_TOKEN"])
                .args(&["--authority-host", stage.emulator.url(), "--ca-file"])
                .args(&[stage.emulator.ca_file()])
                .args(&["--tenant-id", azure_oidc_tests::TENANT])
                .args(&bare)
                .args(detach)
                .env("MY_TOKEN", stage.id_token())
                .within(stage.folder())
                .run()
                .expect(4);
        assert!(ran.stderr.contains("AADSTS"), "{}", ran.stderr);
        assert!(!stage.path("ready.json").exists());
    }
}
