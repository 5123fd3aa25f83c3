//! Tests outputs that cannot be written: this is found before anything is sent, and no file is left
//! half-written.

use azure_oidc_emulator::injections::Kind;
use azure_oidc_emulator::{Injection, Order};
use azure_oidc_tests::{Ran, Stage, secrets};

const FILE: &str = "HARNESS_OUTPUT_SECRET_FILE";

#[test]
fn a_missing_or_unwritable_output_file_is_found_before_anything_is_sent() {
    let stage = Stage::new();
    let file = stage.write("file", "");
    let folder = stage.folder().to_str().unwrap();
    let cases = [
        ("not named", String::new(), FILE),
        ("in a folder that is not there", format!("{folder}/missing/secrets"), "create the folder"),
        ("below a file", format!("{file}/secrets"), "create the folder"),
        ("a folder", folder.to_owned(), "a file instead of a folder"),
    ];
    for (name, path, named) in cases {
        let ran = refused(&stage, &path);
        assert!(ran.stderr.contains(FILE) && ran.stderr.contains(named), "{name}: {}", ran.stderr);
    }
}

#[test]
fn a_read_only_output_file_is_found_before_anything_is_sent() {
    // Root cannot open this file for writing either.
    let path = "/sys/kernel/uevent_seqnum";
    let ran = refused(&Stage::new(), path);
    assert!(ran.stderr.contains(FILE) && ran.stderr.contains(path), "{}", ran.stderr);
}

#[test]
fn with_another_output_the_file_does_not_matter_and_is_not_touched() {
    let stage = Stage::new();
    for output in ["json", "text", "env"] {
        let job = stage.harness(&stage.id_token()).env(FILE, stage.path("missing/secrets"));
        assert!(!job.args(&["--output", output]).run().expect(0).stdout.is_empty());
    }
}

#[test]
fn no_file_is_left_after_a_failure() {
    let stage = Stage::new();
    let failures = [
        (stage.mint(&Order { age_seconds: Some(9000), ..Order::of("harness") }), None, 3),
        (stage.mint(&Order::of("gitlab").claim("sub", "another")), None, 4),
        (stage.id_token(), Some(Injection::new(Kind::Html)), 5),
    ];
    for (id_token, injection, code) in failures {
        injection.into_iter().for_each(|injection| stage.inject(injection));
        stage.harness(&id_token).run().expect(code);
        assert!(!stage.path("secrets").exists());
    }
}

#[test]
fn jobs_that_publish_at_the_same_time_leave_whole_lines() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let running: Vec<_> = (0..6).map(|_| stage.harness(&id_token).start()).collect();
    running.into_iter().for_each(|job| {
        job.finish().expect(0);
    });
    let text = stage.read("secrets");
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(
        text.lines().all(|line| line.starts_with("AZURE_ACCESS_TOKEN=eyJ") && line.split('.').count() == 3),
        "{text}"
    );
}

/// Runs a step with this output file. It must fail without a request.
fn refused(stage: &Stage, path: &str) -> Ran {
    let id_token = stage.id_token();
    let ran = stage.harness(&id_token).env(FILE, path).run().expect(6);
    assert_eq!((ran.stdout.as_str(), stage.requests().len()), ("", 0));
    secrets::assert_none_printed(&ran, &id_token);
    ran
}
