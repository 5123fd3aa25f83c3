//! Tests that a result reaches all of its files or none, whatever happens meanwhile: full disks,
//! closed streams, cancelled jobs, and other jobs that write to the same file.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, secrets};

const SECRETS: &str = "HARNESS_OUTPUT_SECRET_FILE";
/// A script that runs a job with a limit on the size of files, in blocks of 512 bytes. The engine needs
/// some of it.
const SMALL_DISK: &str = "ulimit -f 32768; exec \"$0\" \"$@\"";
const LIMIT: u64 = 32768 * 512;

#[test]
fn if_the_masks_cannot_be_printed_nothing_is_published() {
    let stage = Stage::new();
    let job = github(&stage).through_a_shell("exec \"$0\" \"$@\" >/dev/full");
    let ran = job.run().expect(6);
    assert!(ran.stderr.contains("standard output"), "{}", ran.stderr);
    assert_eq!(stage.names(), [""; 0]);
}

#[test]
fn the_masks_are_out_before_a_file_has_the_token() {
    let stage = Stage::new();
    // Nobody reads, and the pipe is full.
    let running = github(&stage).through_a_shell(&unread_pipe(&stage)).start();
    stage.wait_for_a_request();
    thread::sleep(Duration::from_millis(500));
    assert_eq!(stage.read("output"), "");
    let ran = running.terminate();
    assert_eq!((ran.code, stage.read("output")), (143, String::new()));
    assert!(!stage.path("output").exists());
}

#[test]
fn a_result_for_a_closed_standard_output_is_not_lost_silently() {
    let stage = Stage::new();
    for (job, output) in [(github(&stage), "auto"), (sourced(&stage), "auto"), (sourced(&stage), "json")] {
        let job = job.args(&["--output", output]);
        let ran = job.through_a_shell("exec \"$0\" \"$@\" >&-").run().expect(6);
        assert!(output == "json" || ran.stderr.contains("standard output: it is closed"), "{}", ran.stderr);
        assert_eq!(stage.names(), [""; 0]);
    }
    sourced(&stage).through_a_shell("exec \"$0\" \"$@\" >/dev/null").run().expect(0);
    stage.harness(&stage.id_token()).through_a_shell("exec \"$0\" \"$@\" >&-").run().expect(0);
}

#[test]
fn if_one_file_is_full_the_others_are_as_before() {
    for (secrets, plain) in [(None, LIMIT - 6), (Some(LIMIT - 100), 0), (Some(0), LIMIT)] {
        let stage = Stage::new();
        let id_token = stage.id_token();
        let before = [("plain", Some(plain)), ("secrets", secrets)];
        before.iter().for_each(|(name, length)| length.iter().for_each(|length| fill(&stage, name, *length)));
        let job = stage.harness(&id_token).env("DRONE_OUTPUT", stage.path("plain"));
        let ran = job.through_a_shell(SMALL_DISK).run().expect(6);
        assert!(ran.stderr.contains("cannot be written") && ran.stderr.contains("space"), "{}", ran.stderr);
        secrets::assert_none_printed(&ran, &id_token);
        let length = |name: &str| fs::metadata(stage.path(name)).ok().map(|metadata| metadata.len());
        assert_eq!(before.map(|(name, _)| (name, length(name))), before);
        secrets::assert_none_written(stage.folder(), &[], &id_token);
    }
}

#[test]
fn if_the_last_line_cannot_be_printed_no_token_stays_in_a_file() {
    let stage = Stage::new();
    stage.write("id-token", "earlier");
    let job = sourced(&stage).args(&["--publish", "both", "--id-token-output"]).args(&[stage.path("id-token")]);
    job.through_a_shell("exec \"$0\" \"$@\" >/dev/full").run().expect(6);
    assert_eq!((stage.names(), stage.read("id-token")), (vec!["id-token".to_owned()], "earlier".to_owned()));
}

#[test]
fn a_token_that_no_platform_takes_is_in_a_file_for_its_owner_only() {
    let stage = Stage::new();
    let ran = sourced(&stage).through_a_shell("umask 0; exec \"$0\" \"$@\"").run().expect(0);
    secrets::assert_none_printed(&ran, &stage.id_token());
    let [name] = &stage.names()[..] else { panic!("{:?}", stage.names()) };
    assert_eq!(ran.stdout, format!(". '{}'\n", stage.path(name).display()));
    assert_eq!(fs::metadata(stage.path(name)).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert!(stage.shell_file().starts_with("export AZURE_ACCESS_TOKEN='eyJ"));
}

#[test]
fn without_a_temporary_folder_the_job_is_refused_with_advice_before_anything_is_sent() {
    let stage = Stage::new();
    let ran = sourced(&stage).without("TMPDIR").run().expect(6);
    assert!(ran.stderr.contains("mktemp -d") && ran.stderr.contains("--output env"), "{}", ran.stderr);
    assert_eq!((ran.stdout.as_str(), stage.requests().len()), ("", 0));
    let ran = sourced(&stage).env("TMPDIR", stage.path("missing")).run().expect(6);
    assert!(ran.stderr.contains("create the folder"), "{}", ran.stderr);
    assert_eq!((ran.stdout.as_str(), stage.requests().len()), ("", 0));
}

#[test]
fn a_job_that_is_cancelled_while_it_waits_for_entra_leaves_nothing() {
    for signal in ["TERM", "INT", "HUP", "KILL"] {
        let stage = Stage::new();
        stage.inject(Injection { times: Some(0), ..Injection::new(Kind::Hang) });
        let id_token = stage.path("id-token");
        let running =
            [sourced(&stage).args(&["--publish", "both", "--id-token-output"]).args(&[id_token]), github(&stage)]
                .map(Job::start);
        wait_until(|| stage.requests().len() == 2);
        for job in running {
            let ran = job.end_with(signal);
            let code = match signal {
                "TERM" => 143,
                "INT" => 130,
                "HUP" => 129,
                _ => -1,
            };
            assert_eq!(ran.code, code, "{signal}: {}", ran.printed());
        }
        assert_eq!(stage.names(), [""; 0], "{signal}");
    }
}

#[test]
fn a_job_that_is_cancelled_while_nobody_reads_its_last_line_takes_everything_back() {
    let stage = Stage::new();
    let running = sourced(&stage).through_a_shell(&unread_pipe(&stage)).start();
    wait_until(|| !stage.shell_file().is_empty());
    let ran = running.terminate();
    assert_eq!((ran.code, stage.names()), (143, vec!["pipe".to_owned()]), "{}", ran.printed());
}

#[test]
fn what_a_killed_job_left_is_removed_by_the_next_one() {
    let stage = Stage::new();
    let left = stage.path(".azure-oidc-tmp/run-1");
    fs::create_dir_all(&left).expect("the folder is writable");
    fs::write(left.join("lock"), "").expect("the folder is writable");
    fs::write(left.join("new"), stage.id_token()).expect("the folder is writable");
    sourced(&stage).run().expect(0);
    assert_eq!(stage.names().len(), 1, "{:?}", stage.names());
}

#[test]
fn only_a_file_is_replaced_by_the_id_token() {
    let stage = Stage::new();
    let target = stage.write("target", "earlier");
    symlink(&target, stage.path("link")).expect("the folder is writable");
    symlink("nowhere", stage.path("dangling")).expect("the folder is writable");
    make_fifo(&stage.path("fifo"));
    let before = stage.names();
    for (path, what) in [
        (stage.path("link"), "a symbolic link"),
        (stage.path("dangling"), "a symbolic link"),
        (stage.path("fifo"), "a device, pipe or socket"),
        ("/dev/null".into(), "a device, pipe or socket"),
        (stage.folder().to_owned(), "a file instead of a folder"),
    ] {
        let ran = sourced(&stage).args(&["--publish", "sdk-env", "--id-token-output"]).args(&[&path]).run().expect(6);
        assert!(ran.stderr.contains(what), "{}: {}", path.display(), ran.stderr);
        assert_eq!((stage.requests().len(), stage.names()), (0, before.clone()));
    }
    assert_eq!(stage.read("target"), "earlier");
}

#[test]
fn a_platforms_file_is_a_file_or_the_job_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    make_fifo(&stage.path("fifo"));
    for path in [stage.path("fifo"), "/dev/full".into(), "/dev/null".into()] {
        let id_token = stage.id_token();
        let ran = stage.harness(&id_token).env(SECRETS, &path).run().expect(6);
        assert!(ran.stderr.contains("a device, pipe or socket"), "{}", ran.stderr);
        assert_eq!(stage.requests().len(), 0);
        secrets::assert_none_printed(&ran, &id_token);
    }
}

#[test]
fn a_file_that_is_replaced_or_deleted_during_the_exchange_is_written_where_it_is_now() {
    for is_replaced in [true, false] {
        let stage = Stage::new();
        stage.write("secrets", "EARLIER=1\n");
        // The job waits before it asks again.
        stage.inject(Injection { retry_after: Some("3".into()), ..Injection::new(Kind::Throttle) });
        let running = stage.harness(&stage.id_token()).start();
        stage.wait_for_a_request();
        let other = stage.write("other", "OTHER=1\n");
        match is_replaced {
            true => fs::rename(other, stage.path("secrets")).expect("the folder is writable"),
            false => fs::remove_file(stage.path("secrets")).expect("the folder is writable"),
        }
        running.finish().expect(0);
        assert!(stage.output("secrets", "AZURE_ACCESS_TOKEN").is_some());
        assert_eq!(stage.output("secrets", "OTHER").is_some(), is_replaced);
    }
}

#[test]
fn jobs_that_fail_never_remove_what_others_wrote_to_a_new_file_that_they_share() {
    let stage = Stage::new();
    fill(&stage, "full", LIMIT - 6);
    for jobs in 2..=8 {
        for _ in 0..4 {
            fs::remove_file(stage.path("secrets")).ok();
            let running: Vec<_> = (0..jobs)
                .map(|at| {
                    let fails = at % 2 == 0;
                    let plain = if fails { "full".to_owned() } else { format!("plain-{at}") };
                    let job = stage.harness(&stage.id_token()).env("DRONE_OUTPUT", stage.path(&plain));
                    let job = if fails { job.through_a_shell(SMALL_DISK) } else { job };
                    (job.start(), if fails { 6 } else { 0 })
                })
                .collect();
            let good = running.iter().filter(|(_, code)| *code == 0).count();
            for (job, code) in running {
                job.finish().expect(code);
            }
            let text = stage.read("secrets");
            let lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(lines.len(), good, "{jobs} jobs: {text}");
            assert!(lines.iter().all(|line| line.starts_with("AZURE_ACCESS_TOKEN=eyJ")), "{text}");
            assert_eq!(fs::metadata(stage.path("full")).expect("it stays").len(), LIMIT - 6);
        }
    }
}

/// Makes a file of this length, which takes no space.
fn fill(stage: &Stage, name: &str, length: u64) {
    let file = fs::File::create(stage.path(name)).expect("the folder is writable");
    file.set_len(length).expect("the disk is large");
}

/// A job whose platform has neither masked outputs nor output files.
fn sourced(stage: &Stage) -> Job {
    signed_in(stage, "generic").env("TMPDIR", stage.folder())
}

fn github(stage: &Stage) -> Job {
    signed_in(stage, "github").env("GITHUB_OUTPUT", stage.path("output"))
}

fn signed_in(stage: &Stage, platform: &str) -> Job {
    let job = stage.job(&["--platform", platform, "--id-token-env", "T"]).env("T", stage.id_token());
    job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION)
}

/// A script that runs a job with a standard output in which there is no room, and which nobody reads.
fn unread_pipe(stage: &Stage) -> String {
    let pipe = stage.path("pipe");
    make_fifo(&pipe);
    let pipe = pipe.display();
    format!("exec 3<>'{pipe}'; /usr/bin/head -c 65536 /dev/zero >&3; exec \"$0\" \"$@\" >&3")
}

fn make_fifo(path: &std::path::Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.is_ok_and(|status| status.success()), "the pipe cannot be made");
}

fn wait_until(is_true: impl Fn() -> bool) {
    const TIME_LIMIT: Duration = Duration::from_secs(60);
    let since = Instant::now();
    while !is_true() {
        assert!(since.elapsed() < TIME_LIMIT, "it does not happen");
        thread::sleep(Duration::from_millis(5));
    }
}
