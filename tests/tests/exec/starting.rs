//! Tests the start: its deadline, its measurements, the process that it watches, and a system
//! without memory, threads or descriptors.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_tests::{Job, Stage, programs};

use crate::{ARM_SCOPE, exec, job, trusting, within};

const BROKER: [&str; 5] = ["broker", "--ready-file", "ready.json", "--scope", ARM_SCOPE];

#[test]
fn a_start_that_waits_for_a_file_ends_with_the_deadline_and_leaves_nothing() {
    let stage = Stage::new();
    // Nobody writes to this pipe, so it has no end.
    let pipe = stage.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
    let options = ["--timeout", "1s", "--federated-token-file"];
    for (words, command) in
        [(&["exec"][..], &["--", "touch", "ran"][..]), (&BROKER, &[]), (&[&BROKER[..], &["--detach"]].concat(), &[])]
    {
        let since = Instant::now();
        let ran = trusting(&pipe, &stage, words).args(&options).args(command).run().expect(5);
        assert!(since.elapsed() < Duration::from_secs(20), "{words:?}: {:?}", since.elapsed());
        assert!(ran.stderr.starts_with("error: The command was stopped after the 1s of `--timeout`"), "{}", ran.stderr);
        // The folder of the token file goes with the broker's helper.
        within(Duration::from_secs(10), || stage.names() == ["pipe"]);
    }
}

#[test]
fn timings_are_printed_before_the_command_runs() {
    let stage = Stage::new();
    let ran = exec(&stage, &["--timings", "--scope", ARM_SCOPE], "echo the command >&2").run().expect(0);
    let start = ran.stderr.find("{\"timings\":").unwrap_or_else(|| panic!("no timings: {}", ran.stderr));
    let (line, rest) = ran.stderr[start..].split_once('\n').expect("it is a line");
    assert_eq!(rest, "the command\n");
    let timings: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
    for name in ["arguments_us", "component_us", "exchange_us", "total_us"] {
        assert!(timings["timings"][name].is_number(), "{name}: {timings}");
    }
    assert_eq!(timings["timings"]["requests"].as_array().map(Vec::len), Some(1), "{timings}");
    let ran = job(&stage, &BROKER).args(&["--timings", "--detach"]).through_a_shell("\"$0\" \"$@\"").run().expect(0);
    assert_eq!(ran.stderr.matches("{\"timings\":").count(), 1, "{}", ran.stderr);
}

fn kill(child: &mut Child) {
    child.kill().expect("it runs");
    child.wait().expect("it was started");
}

#[test]
fn a_process_that_has_ended_and_that_nobody_has_reaped_cannot_be_watched() {
    let stage = Stage::new();
    let mut ended = Command::new("true").spawn().expect("it starts");
    let stat = format!("/proc/{}/stat", ended.id());
    within(Duration::from_secs(10), || fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z ")));
    for detach in [&[][..], &["--detach"]] {
        let ran = job(&stage, &BROKER).args(&["--watch-pid", &ended.id().to_string()]).args(detach).run().expect(2);
        let expected = format!("error: The process {} to watch has ended already", ended.id());
        assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
        assert!(!stage.path("ready.json").exists());
    }
    ended.wait().expect("it was started");
    assert!(stage.requests().is_empty());
}

#[test]
fn a_process_that_ends_before_the_credentials_are_there_is_told() {
    for detach in [&[][..], &["--detach"]] {
        let stage = Stage::new();
        stage.inject(Injection::new(Kind::Hang));
        let mut watched = Command::new("sleep").arg("60").spawn().expect("it starts");
        let broker = job(&stage, &BROKER).args(&["--watch-pid", &watched.id().to_string()]).args(detach).start();
        stage.wait_for_a_request();
        kill(&mut watched);
        let ran = broker.finish().expect(2);
        assert!(ran.stderr.contains("ended before the credentials could be had"), "{}", ran.stderr);
        assert!(!stage.path("ready.json").exists());
    }
}

/// The numbers of a user who has no other processes. Each attempt is another user: where nobody
/// collects ended processes, they count too.
fn stranger(attempt: u32) -> [String; 2] {
    let number = 50_000 + std::process::id() % 300 * 32 + attempt % 32;
    [format!("--reuid={number}"), format!("--regid={number}")]
}

/// Runs as a user of its own, with so many processes and threads at most.
fn with_few_processes(stage: &Stage, most: u32, words: &[&str]) -> Job {
    let limit = format!("--nproc={most}:{most}");
    let inner = job(stage, words).args(&["--", "true"]).into_command();
    let [user, group] = stranger(most);
    let before = [&*user, &*group, "--clear-groups", "prlimit", &limit];
    let words: Vec<_> = std::iter::once(inner.get_program()).chain(inner.get_args()).collect();
    let outer = Job::program(Path::new("setpriv")).args(&before).args(&words).within(stage.folder());
    let variables = inner.get_envs().filter_map(|(name, value)| Some((name.to_str()?, value?)));
    variables.fold(outer, |job, (name, value)| job.env(name, value))
}

/// Whether the tests may become another user, who can run the program. A line says when not.
fn can_be_another_user() -> bool {
    let mut tried = Command::new("setpriv");
    tried.args(stranger(0)).arg("--clear-groups").arg(programs::host()).arg("--version");
    let can = tried.output().is_ok_and(|output| output.status.success());
    if !can {
        println!("not tested: the tests may not become another user, or the program is not for everybody");
    }
    can
}

#[test]
fn a_machine_without_processes_and_threads_is_told_so_and_it_is_no_defect() {
    if !can_be_another_user() {
        return;
    }
    let stage = Stage::new();
    fs::set_permissions(stage.folder(), fs::Permissions::from_mode(0o777)).expect("it is ours");
    let folder = stage.emulator.ca_file().parent().expect("it is in a folder");
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let (mut started, mut last) = (0, String::new());
    for most in 1..=30 {
        let ran = with_few_processes(&stage, most, &["exec", "--scope", ARM_SCOPE, "--timeout", "20s"]).run();
        for word in ["panicked", "report this bug", "guest-", "ended early"] {
            assert!(!ran.printed().contains(word), "{most} processes: {}", ran.printed());
        }
        last = ran.printed();
        match ran.code {
            0 => started += 1,
            _ => assert!(ran.stderr.contains("raise the limit of processes"), "{most} processes: {}", ran.printed()),
        }
    }
    assert!((1..30).contains(&started), "it started {started} times: {last}");
}
