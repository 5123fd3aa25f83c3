//! A soak: many callers for a long time, with tokens that live for seconds, while the authority fails
//! again and again.
//!
//! `cargo xtask soak [SECONDS]` runs it for ten minutes and prints its figures.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use azure_oidc_emulator::injections::Kind;
use azure_oidc_emulator::{Config, Injection, config};
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT};
use serde_json::Value;

use crate::platforms::variables;
use crate::{ARM, ARM_SCOPE, PATH, ask, environment_of, wait_for};

/// The variable with the duration in seconds.
const SECONDS: &str = "AZURE_OIDC_SOAK";
/// The duration without it.
const SHORT: Duration = Duration::from_secs(60);
/// How many callers ask at the same time.
const CALLERS: usize = 50;
/// The pause of a caller between two requests.
const PAUSE: Duration = Duration::from_millis(50);
/// The life of ID tokens and of access tokens, in seconds.
const LIVES: (i64, i64) = (8, 20);
/// The failures, one kind after the other.
const FAILURES: [Kind; 5] = [Kind::ServerError, Kind::Cut, Kind::Throttle, Kind::CutBody, Kind::Html];
/// The time between the starts of two failures.
const CALM: Duration = Duration::from_secs(5);
/// How many requests fail in a row.
const IN_A_ROW: u32 = 3;
/// How much the memory may grow after the first quarter, in KiB.
const GROWTH: usize = 2048;

#[test]
fn no_call_fails_while_the_authority_fails_again_and_again() {
    let time = std::env::var(SECONDS).map_or(SHORT, |text| Duration::from_secs(text.parse().expect("it is a number")));
    let mut lives = Config::parse(config::DEFAULT, "".as_ref()).expect("it is good");
    lives.set_lives(Some(LIVES.0), Some(LIVES.1));
    let stage = Stage::of(lives);
    let broker = broker(&stage).start();
    wait_for(&stage.path("ready.json"));
    let ready: Value = serde_json::from_str(&stage.read("ready.json")).expect("it is JSON");
    let environment = environment_of(&ready);
    let memory = || resident(&ready["pid"]);

    let since = Instant::now();
    let calls = AtomicUsize::new(0);
    let (early, late) = thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                while since.elapsed() < time {
                    assert_is_valid(&ask(&environment, ARM));
                    calls.fetch_add(1, Relaxed);
                    thread::sleep(PAUSE);
                }
            });
        }
        let mut early = None;
        for kind in FAILURES.iter().cycle() {
            if since.elapsed() + CALM > time {
                break;
            }
            if since.elapsed() >= time / 4 {
                early.get_or_insert_with(memory);
            }
            // What nobody ran into yet would add up to more in a row.
            stage.emulator.clear_injections();
            stage.inject(Injection { kind: *kind, times: Some(IN_A_ROW), ..Injection::default() });
            thread::sleep(CALM);
        }
        (early.unwrap_or_default(), memory())
    });
    broker.terminate();

    let requests = stage.requests();
    let tokens = requests.iter().filter(|request| request.path.ends_with("/token") && request.method == "POST");
    let (given, failed): (Vec<_>, Vec<_>) = tokens.partition(|request| request.injection.is_none());
    println!(
        "{} calls in {} s by {CALLERS} callers, none failed; {} exchanges, {} requests that the authority failed; \
         memory: {early} KiB after a quarter, {late} KiB at the end",
        calls.load(Relaxed),
        time.as_secs(),
        given.len(),
        failed.len()
    );
    assert!(!failed.is_empty(), "the authority did not fail");
    let half_lives = time.as_secs() / (LIVES.1.unsigned_abs() / 2);
    assert!(given.len() as u64 <= half_lives + 2, "{} exchanges in {half_lives} half lives", given.len());
    assert!(late <= early + GROWTH, "the memory grew from {early} to {late} KiB");
}

/// A broker in a job of GitHub, whose ID tokens can be had again.
fn broker(stage: &Stage) -> Job {
    let job = Job::host(&["broker", "--ready-file", "ready.json", "--scope", ARM_SCOPE])
        .args(&["--authority-host", stage.emulator.url(), "--ca-file"])
        .args(&[stage.emulator.ca_file()])
        .args(&["--tenant-id", TENANT, "--client-id", APPLICATION])
        .env("PATH", PATH)
        .env("TMPDIR", stage.folder())
        .within(stage.folder());
    variables(stage, "github").iter().fold(job, |job, (name, value)| job.env(name, value))
}

fn assert_is_valid(answer: &azure_oidc_tests::http::Message) {
    assert_eq!(answer.status(), 200, "{answer:?}");
    let answer = answer.json();
    let end: u64 = answer["expires_on"].as_str().and_then(|end| end.parse().ok()).expect("it is a number");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later");
    assert!(end >= now.as_secs(), "a token that has ended: {end}");
}

/// The resident memory of a process in KiB; 0 where the system does not say it.
fn resident(pid: &Value) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|size| size.parse().ok()).unwrap_or_default()
}
