//! Runs pipelines with the engine: the example with the real component and an emulator over TLS,
//! and steps that do not keep to their policy.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use azure_oidc_tests::stage::DOMAIN;
use azure_oidc_tests::{Job, Ran, Stage, programs};

/// The value of the secret `TOKEN`.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS0xIn0.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0.c2lnbmF0dXJl";

/// A step that `cargo xtask test` built.
fn built(name: &str) -> PathBuf {
    let folder = std::env::var_os("AZURE_OIDC_CI_STEPS").map(PathBuf::from);
    let path = folder.expect("AZURE_OIDC_CI_STEPS is not set: run `cargo xtask test`").join(name);
    assert!(path.is_file(), "{} is no file: run `cargo xtask test`", path.display());
    path
}

/// The engine with a pipeline file.
fn engine(pipeline: &Path) -> Job {
    Job::program(Path::new(env!("CARGO_BIN_EXE_ci-engine"))).args(&[pipeline])
}

/// Runs a pipeline with these lines and the secret `TOKEN`.
fn run(lines: &str) -> Ran {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let path = folder.path().join("pipeline.toml");
    fs::write(&path, format!("secrets = [\"TOKEN\"]\n{lines}")).expect("it can be written");
    engine(&path).env("TOKEN", TOKEN).run()
}

/// The lines of a step that misbehaves in this way, with a policy.
fn step(name: &str, arguments: &[&str], policy: &str) -> String {
    let component = built("examples/misbehaves.wasm");
    format!("[[step]]\nname = \"{name}\"\ncomponent = {component:?}\narguments = {arguments:?}\n{policy}\n")
}

/// A step that runs in any case.
fn last() -> String {
    step("last", &["say", "still here"], "always = true")
}

/// Expects that the first step failed for this reason, and that the engine went on.
#[track_caller]
fn failed(ran: &Ran, reason: &str) {
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains(&format!("== first: FAILED: {reason}")), "{reason}: {}", ran.stdout);
    assert!(ran.stdout.ends_with("last | still here\n== last: done\n"), "{}", ran.stdout);
}

#[test]
fn the_example_signs_in_and_hands_the_token_to_the_next_step() {
    let stage = Stage::new();
    let authority = stage.emulator.url().trim_start_matches("https://").to_owned();
    let example = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/pipeline.toml")).expect("it is there");
    let pipeline = ["login.microsoftonline.com", "management.azure.com"]
        .iter()
        .fold(example, |text, host| text.replace(host, &authority))
        .replace("contoso.onmicrosoft.com", DOMAIN);
    let tell = step("tell", &["tell", "AZURE_ACCESS_TOKEN"], "secrets = [\"AZURE_ACCESS_TOKEN\"]");
    stage.write("pipeline.toml", &format!("{pipeline}{tell}"));
    fs::copy(programs::component(), stage.path("azure_oidc.wasm")).expect("it can be copied");
    fs::copy(built("subscriptions.wasm"), stage.path("subscriptions.wasm")).expect("it can be copied");

    let id_token = stage.id_token();
    let job = engine(&stage.path("pipeline.toml")).env("ID_TOKEN", &id_token);
    let ran = job.args(&["--ca-file"]).args(&[stage.emulator.ca_file()]).run().expect(0);
    assert!(ran.stdout.contains("subscriptions | Emulated subscription\n"), "{}", ran.stdout);
    let paths: Vec<_> = stage.requests().into_iter().map(|request| request.path).collect();
    assert!(paths.len() == 2 && paths[1].starts_with("/subscriptions"), "{paths:?}");
    // The last step printed the token in five ways.
    assert!(ran.stdout.contains("tell | told\n"), "{}", ran.stdout);
    let is_secret = |word: &str| word.contains("eyJ") || word.len() > 60;
    let shown: Vec<_> = ran.stdout.split_whitespace().filter(|word| is_secret(word)).collect();
    assert!(shown.is_empty() && !ran.stderr.contains("eyJ"), "{shown:?}");
}

#[test]
fn a_secret_in_the_output_of_a_step_is_masked_in_all_forms() {
    let ran = run(&step("tell", &["tell", "TOKEN"], "secrets = [\"TOKEN\"]")).expect(0);
    let log: Vec<_> = ran.stdout.lines().filter_map(|line| line.strip_prefix("tell | ")).collect();
    assert_eq!(log[..3], ["plain: ***.", "on standard error: ***.", "in base64: ***."], "{}", ran.stdout);
    // The characters at both ends of base64 belong to the neighbours too.
    assert!(log[3].starts_with("in base64 of more: QmVhcmVyI") && log[3].contains("***"), "{}", log[3]);
    assert_eq!(log[4..], ["in lines:", "  ***", "told"], "{}", ran.stdout);
}

#[test]
fn a_step_gets_the_variables_and_secrets_of_its_policy_and_no_others() {
    let none = step("none", &["variables"], "");
    let some = step("some", &["variables"], "secrets = [\"TOKEN\"]\nvariables = { COLOUR = \"blue\" }");
    let ran = run(&format!("{none}{some}")).expect(0);
    let log: Vec<_> = ran.stdout.lines().filter(|line| line.contains(" | ")).collect();
    assert_eq!(log, ["some | COLOUR=blue", "some | TOKEN=***"]);
}

#[test]
fn a_step_that_calls_a_host_outside_its_policy_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.set_nonblocking(true).expect("it is a socket");
    let here = listener.local_addr().expect("it is bound");
    for (url, policy, reason) in [
        (format!("https://{here}/"), "", format!("refused: it called {here}, which its `hosts` does not name")),
        (
            format!("https://{here}/"),
            "hosts = [\"127.0.0.1\", \"localhost\"]",
            format!("refused: it called {here}, which its `hosts` does not name"),
        ),
        (
            "https://example.com/".to_owned(),
            "hosts = [\"www.example.com\"]",
            "refused: it called example.com:443, which its `hosts` does not name".to_owned(),
        ),
    ] {
        let ran = run(&format!("{}{}", step("first", &["call", &url], policy), last()));
        failed(&ran, &reason);
        assert!(ran.stdout.contains("HttpRequestDenied"), "{}", ran.stdout);
    }
    assert!(listener.accept().is_err(), "a refused request was sent");
}

#[test]
fn a_step_never_calls_a_metadata_service_whatever_its_policy_says() {
    for (url, host) in [
        ("https://169.254.169.254/", "169.254.169.254"),
        ("https://2852039166/", "169.254.169.254"),
        ("https://168.63.129.16/", "168.63.129.16"),
        ("https://[fd00:ec2::254]/", "[fd00:ec2::254]"),
    ] {
        let ran = run(&format!("{}{}", step("first", &["call", url], &format!("hosts = [\"{host}\"]")), last()));
        failed(&ran, &format!("refused: it called {host}:443, a metadata service"));
    }
}

#[test]
fn a_step_that_takes_too_long_ends_alone() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let silent = silent.local_addr().expect("it is bound").to_string();
    let call = format!("https://{silent}/");
    for (arguments, policy) in [
        (&["compute"][..], String::new()),
        (&["wait"], String::new()),
        (&["call", &call], format!("hosts = [{silent:?}]")),
    ] {
        let ran = run(&format!("{}{}", step("first", arguments, &format!("time_s = 1\n{policy}")), last()));
        failed(&ran, "it took longer than 1s (`time_s`)");
    }
}

#[test]
fn a_step_that_needs_too_much_memory_ends_alone() {
    let enough = run(&step("first", &["allocate", "16"], "memory_mib = 20")).expect(0);
    assert!(enough.stdout.contains("first | allocated 16777216\n"), "{}", enough.stdout);
    let ran = run(&format!("{}{}", step("first", &["allocate", "16"], "memory_mib = 16"), last()));
    failed(&ran, "it needs more memory than its policy allows (`memory_mib`)");
}

#[test]
fn a_step_that_prints_too_much_ends_alone() {
    let ran = run(&format!("{}{}", step("first", &["print", "2"], ""), last()));
    failed(&ran, "");
    assert!(ran.stdout.len() < 2 << 20);
}

#[test]
fn a_step_has_no_files_and_no_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let here = listener.local_addr().expect("it is bound").to_string();
    let steps = [step("files", &["read", "/etc/passwd"], ""), step("sockets", &["connect", &here], "")];
    let ran = run(&steps.concat()).expect(0);
    assert!(ran.stdout.contains("files | false false\n") && ran.stdout.contains("sockets | false\n"), "{}", ran.stdout);
}

#[test]
fn steps_after_a_failure_are_skipped() {
    let ran = run(&[step("first", &["panic"], ""), step("second", &["say", "hello"], ""), last()].concat());
    failed(&ran, "");
    assert!(ran.stdout.contains("== second: skipped, because an earlier step failed\n"), "{}", ran.stdout);
}

#[test]
fn a_pipeline_that_cannot_work_is_refused_before_anything_runs() {
    for (lines, reason) in [
        (step("a", &["say", "x"], "host = [\"example.com\"]"), "unknown field `host`"),
        (step("a", &["say", "x"], "secrets = [\"OTHER\"]"), "no earlier `gives` and no `secrets` names OTHER"),
        (step("a", &["say", "x"], "hosts = [\"https://example.com\"]"), "is not a host"),
        (step("a", &["say", "x"], "hosts = [\"*.example.com\"]"), "is not a host"),
    ] {
        let ran = run(&format!("{}{lines}", step("before", &["say", "x"], ""))).expect(2);
        assert!(ran.stderr.contains(reason) && ran.stdout.is_empty(), "{reason}: {ran:?}");
    }
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let path = folder.path().join("pipeline.toml");
    fs::write(&path, "secrets = [\"TOKEN\"]\nstep = []\n").expect("it can be written");
    let unset = engine(&path).run().expect(2);
    assert!(unset.stderr.contains("the secret TOKEN is not set"), "{}", unset.stderr);
    let short = engine(&path).env("TOKEN", "word").run().expect(2);
    assert!(short.stderr.contains("fewer than 8 characters") && !short.stderr.contains("word"), "{}", short.stderr);
}

#[test]
fn a_step_without_the_output_that_it_gives_fails() {
    let ran = run(&format!("{}{}", step("first", &["say", "OTHER=abcdefghijkl"], "gives = [\"RESULT\"]"), last()));
    failed(&ran, "its standard output has no line `RESULT=...`");
    assert!(!ran.stdout.contains("abcdefghijkl"), "{}", ran.stdout);
}
