//! Tests the CI system's program that mints tokens. It runs only if an option allows it, with fixed
//! arguments.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use azure_oidc_emulator::Order;
use azure_oidc_tests::{Job, Stage, secrets};

use crate::fixture::{all, stage};

#[test]
fn the_allowed_program_makes_the_token_for_the_audience() {
    let stage = stage();
    let token = stage.mint(&Order::of("harness"));
    let ran =
        job(&stage, &format!("#!/bin/sh\nprintf '%s\\n' \"$@\" > \"${{0%/*}}/words\"\nprintf '%s\\n' '{token}'\n"))
            .args(&["--allow-program"])
            .run()
            .expect(0);
    assert_eq!(stage.read("words"), "run\noidc\nget\n--claims\n{\"aud\":\"api://AzureADTokenExchange\"}\n");
    assert!(stage.read("bash_env").starts_with("export AZURE_ACCESS_TOKEN='eyJ"), "{}", stage.read("bash_env"));
    secrets::assert_none_printed(&ran, &token);
}

#[test]
fn without_the_flag_it_is_not_run() {
    let stage = stage();
    job(&stage, "#!/bin/sh\ntouch \"${0%/*}/ran\"\n").run().expect(3);
    assert!(!stage.path("ran").exists());
}

#[test]
fn a_program_that_fails_is_named_with_the_reason() {
    let stage = stage();
    let ran = job(&stage, "#!/bin/sh\nexit 7\n").args(&["--allow-program"]).run().expect(3);
    assert!(ran.stderr.contains("cannot be read: it failed (exit status: 7)"), "{}", ran.stderr);
}

#[test]
fn an_available_token_needs_no_program() {
    let stage = stage();
    let organization = "5034460f-c7c4-4c43-9457-de07e2029e7b";
    all()
        .into_iter()
        .find(|fixture| fixture.name() == "circleci/exchange")
        .expect("there is such a fixture")
        .job(&stage, "exchange")
        .args(&["--audience", organization])
        .run()
        .expect(0);
}

/// A job that needs a token for another audience. `circleci` is this script.
fn job(stage: &Stage, script: &str) -> Job {
    let path = stage.write("circleci", script);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it was made");
    let fixture = all().into_iter().find(|fixture| fixture.name() == "circleci/own-audience");
    let path = format!("{}:/usr/bin:/bin", stage.folder().display());
    fixture.expect("there is such a fixture").job(stage, "exchange").env("PATH", path)
}
