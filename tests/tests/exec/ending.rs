//! Tests that no process, port or file remains when the command, the broker or its helper ends.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use azure_oidc_tests::{Stage, http};

use crate::{UNTIL_STOP, endpoint, environment, exec, wait_until_closed, within};

#[test]
fn the_broker_ends_with_a_command_that_is_killed() {
    let stage = Stage::new();
    let mut child = exec(&stage, &[], UNTIL_STOP).into_command().spawn().expect("it starts");
    let environment = environment(&stage);
    child.kill().expect("it runs");
    wait_until_closed(&endpoint(&environment).0);
    child.wait().expect("it was started");
}

#[test]
fn what_runs_on_after_the_command_keeps_no_broker() {
    let stage = Stage::new();
    let script = "env > env.new; mv env.new env; sleep 30 >/dev/null 2>&1 & echo $! > left";
    exec(&stage, &[], script).run().expect(0);
    wait_until_closed(&endpoint(&environment(&stage)).0);
    Command::new("/bin/kill").arg(stage.read("left").trim()).status().expect("kill runs");
}

#[test]
fn a_broker_that_is_killed_leaves_no_port_and_no_file() {
    let stage = Stage::new();
    let running = crate::ready::Broker::start(&stage, &[]);
    let address = running.address();
    let before = stage.names();
    assert!(before.contains(&"ready.json".to_owned()), "{before:?}");
    Command::new("/bin/kill").args(["-KILL", &running.pid().to_string()]).status().expect("kill runs");
    wait_until_closed(&address);
    // Its helper removes the file, and ends.
    within(Duration::from_secs(10), || !stage.path("ready.json").exists());
    assert!(stage.names().is_empty(), "{:?}", stage.names());
    running.finish();
}

#[test]
fn the_token_file_is_for_its_owner_only_and_goes_with_the_command() {
    use std::os::unix::fs::MetadataExt;
    let stage = Stage::new();
    let mut child = exec(&stage, &["--federated-token-file"], UNTIL_STOP).into_command().spawn().expect("it starts");
    let environment = environment(&stage);
    let path = &environment["AZURE_FEDERATED_TOKEN_FILE"];
    assert_eq!(fs::metadata(path).expect("it is there").mode() & 0o777, 0o600);
    assert!(fs::read_to_string(path).expect("it is text").starts_with("eyJ"));
    child.kill().expect("it runs");
    child.wait().expect("it was started");
    let folder = std::path::Path::new(path).parent().expect("it is in a folder");
    within(Duration::from_secs(10), || !folder.exists());
}

#[test]
fn a_caller_that_waits_is_no_reason_to_stay() {
    let stage = Stage::new();
    let mut child = exec(&stage, &[], UNTIL_STOP).into_command().spawn().expect("it starts");
    let environment = environment(&stage);
    let (address, _) = endpoint(&environment);
    let stream = std::net::TcpStream::connect(&address).expect("it listens");
    child.kill().expect("it runs");
    child.wait().expect("it was started");
    thread::sleep(Duration::from_millis(10));
    wait_until_closed(&address);
    drop(stream);
    assert!(std::panic::catch_unwind(|| http::send(&address, "GET", "/", &[], "")).is_err());
}

#[test]
fn a_start_that_is_cancelled_leaves_nothing() {
    use azure_oidc_emulator::{Injection, injections::Kind};
    let stage = Stage::new();
    stage.inject(Injection::new(Kind::Hang));
    let options = ["--federated-token-file", "--scope", crate::ARM_SCOPE];
    let mut child = exec(&stage, &options, "touch ran").into_command().spawn().expect("it starts");
    stage.wait_for_a_request();
    assert_eq!(stage.names().len(), 1, "the folder of the token file: {:?}", stage.names());
    child.kill().expect("it runs");
    child.wait().expect("it was started");
    within(Duration::from_secs(10), || stage.names().is_empty());
}
