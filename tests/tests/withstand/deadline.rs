//! Tests that nothing outlives `--timeout`, whatever the command waits for, and that a stopped command
//! leaves nothing.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_emulator::Order;
use azure_oidc_tests::{APPLICATION, Job, Ran, Stage, TENANT, secrets};

/// The limit of each command here.
const LIMIT: Duration = Duration::from_secs(1);
/// How much longer a command may run.
const MARGIN: Duration = Duration::from_millis(500);

/// A command that waits for something.
struct Blocked<'a> {
    stage: &'a Stage,
    job: &'a dyn Fn() -> Job,
    /// A shell script that runs the job.
    script: &'a str,
    code: &'a str,
    /// Texts that standard error must contain.
    names: &'a [&'a str],
    /// The files that stay.
    files: &'a [&'a str],
}

impl Blocked<'_> {
    /// Runs the command. Other programs may keep the machine busy, so one run of several must end in
    /// time; all must end with the same failure.
    fn check(&self) {
        const RUNS: usize = 4;
        let is_in_time = (0..RUNS).any(|_| {
            let since = Instant::now();
            let ran = self.run("text");
            let elapsed = since.elapsed();
            assert!(ran.stderr.contains("error: "), "{}", ran.stderr);
            for name in self.names {
                assert!(ran.stderr.contains(name), "`{name}` is missing: {}", ran.stderr);
            }
            assert!(elapsed >= LIMIT, "it ended after {elapsed:?}: {}", ran.stderr);
            elapsed < LIMIT + MARGIN
        });
        assert!(is_in_time, "{}: it ran longer than {:?}", self.code, LIMIT + MARGIN);
        if self.script == RUN {
            assert_eq!(self.run("json").error()["code"], self.code);
        }
    }

    fn run(&self, form: &str) -> Ran {
        let form: &[&str] = if form == "json" { &["--output", "json"] } else { &[] };
        let job = (self.job)().args(&["--timeout", "1s", "--retries", "0"]).args(form);
        let ran = job.through_a_shell(self.script).run();
        assert_eq!(ran.code, if self.code == "program-needed" { 3 } else { 5 }, "{}", ran.printed());
        assert_eq!(self.stage.names(), self.files, "{}", ran.printed());
        secrets::assert_none_printed(&ran, &self.stage.id_token());
        ran
    }
}

/// A script that only runs the job.
const RUN: &str = "exec \"$0\" \"$@\"";
/// Its standard input is open, and nobody writes to it.
const OPEN_INPUT: &str = "exec 3<>fifo; exec \"$0\" \"$@\" <&3";
/// Nobody reads its standard output, which is full.
const FULL_OUTPUT: &str = "exec 3<>fifo; /usr/bin/head -c 65536 /dev/zero >&3; exec \"$0\" \"$@\" >&3";
/// Nobody reads what it prints.
const ALL_FULL: &str = "exec 3<>fifo; /usr/bin/head -c 65536 /dev/zero >&3; exec \"$0\" \"$@\" >&3 2>&3";

#[test]
fn reading_standard_input_ends_with_the_deadline() {
    let stage = with_fifo();
    for arguments in [&["--id-token", "-"][..], &["--id-token-env", "T", "--credential", "-"]] {
        let job = || signed_in(&stage).args(arguments);
        let names = &["standard input did not end", "the 1s of `--timeout`", "< /dev/null"][..];
        let files = &["fifo"][..];
        Blocked { stage: &stage, job: &job, script: OPEN_INPUT, code: "deadline-passed", names, files }.check();
    }
}

#[test]
fn a_pipe_in_place_of_a_file_is_named_when_nothing_comes() {
    let stage = with_fifo();
    let fifo = stage.path("fifo").to_str().expect("it is plain").to_owned();
    for option in ["--id-token-file", "--credential", "--ca-file"] {
        let job = || match option {
            "--id-token-file" => signed_in(&stage).args(&[option, &fifo]),
            _ => signed_in(&stage).args(&["--id-token-env", "T", option, &fifo]),
        };
        let names = &[fifo.as_str(), "a pipe", "name a regular file"][..];
        let files = &["fifo"][..];
        Blocked { stage: &stage, job: &job, script: RUN, code: "deadline-passed", names, files }.check();
    }
}

#[test]
fn a_pipe_that_a_program_fills_is_read_like_a_file() {
    let stage = with_fifo();
    let token = stage.write("token", &stage.id_token());
    let script = format!("cat '{token}' > fifo & exec \"$0\" \"$@\"");
    let fifo = stage.path("fifo");
    let job = signed_in(&stage).args(&["--output", "json", "--timeout", "20s", "--id-token-file"]).args(&[fifo]);
    assert!(job.through_a_shell(&script).run().expect(0).json()["tokens"].is_array());
    let file = stage.emulator.ca_file().to_str().expect("it is plain").to_owned();
    let script = format!("cat '{file}' > fifo & exec \"$0\" \"$@\"");
    let job = signed_in(&stage).args(&["--output", "json", "--id-token-env", "T", "--ca-file"]).args(&["fifo"]);
    job.without("SSL_CERT_FILE").within(stage.folder()).through_a_shell(&script).run().expect(0);
}

#[test]
fn an_endless_device_is_not_read_to_its_end() {
    let stage = Stage::new();
    for (option, code) in [("--credential", 2), ("--ca-file", 2)] {
        let job = signed_in(&stage).args(&["--id-token-env", "T", "--timeout", "20s", option, "/dev/zero"]);
        let ran = job.run().expect(code);
        assert!(ran.stderr.contains("larger than"), "{option}: {}", ran.stderr);
    }
}

#[test]
fn an_output_that_nobody_reads_ends_with_the_deadline_and_the_files_are_taken_back() {
    let stage = with_fifo();
    let job = || signed_in(&stage).args(&["--id-token-env", "T"]);
    let names = &["nobody reads the output"][..];
    let files = &["fifo"][..];
    Blocked { stage: &stage, job: &job, script: FULL_OUTPUT, code: "deadline-passed", names, files }.check();
    Blocked { stage: &stage, job: &github(&stage), script: FULL_OUTPUT, code: "deadline-passed", names, files }.check();
}

#[test]
fn a_report_that_nobody_reads_does_not_keep_the_command() {
    let stage = with_fifo();
    let since = Instant::now();
    let job = signed_in(&stage).args(&["--id-token-env", "T", "--timeout", "1s"]);
    job.through_a_shell(ALL_FULL).run().expect(5);
    assert!(since.elapsed() < LIMIT * 5);
    assert_eq!(stage.names(), ["fifo"]);
}

#[test]
fn a_program_ends_with_the_deadline_and_so_does_what_it_started() {
    let stage = Stage::new();
    let folder = stage.path("bin");
    fs::create_dir(&folder).expect("the folder is writable");
    let program = folder.join("circleci");
    fs::write(&program, "#!/bin/sh\n/bin/sleep 60 & echo $! >> \"$PIDS\"; wait\n").expect("the folder is writable");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let pids = folder.join("pids");
    let job = || {
        Job::host(&["--allow-program", "--audience", "api://AzureADTokenExchange"])
            .env("CIRCLECI", "true")
            .env("CIRCLE_OIDC_TOKEN", stage.mint(&Order::of("circleci")))
            .env("BASH_ENV", stage.path("bash_env"))
            .env("AZURE_AUTHORITY_HOST", stage.emulator.url())
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", APPLICATION)
            .env("PATH", &folder)
            .env("PIDS", &pids)
    };
    let names = &["circleci run oidc get", "did not finish within"][..];
    Blocked { stage: &stage, job: &job, script: RUN, code: "program-needed", names, files: &["bin"] }.check();
    for id in fs::read_to_string(&pids).expect("it ran").lines() {
        let since = Instant::now();
        while is_running(id) {
            assert!(since.elapsed() < Duration::from_secs(20), "the process {id} still runs");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_token_service_that_does_not_answer_ends_with_the_deadline() {
    let stage = Stage::new();
    let service = silent_server();
    let job = || {
        let job = github_variables(&stage).env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{service}/token?x=1"));
        job.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret-of-the-runner")
    };
    let since = Instant::now();
    let ran = job().args(&["--timeout", "1s"]).run().expect(3);
    assert!(since.elapsed() < LIMIT * 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("it did not answer in time"), "{}", ran.stderr);
}

#[test]
fn slow_inputs_leave_the_exchange_the_rest_of_the_time() {
    let stage = with_fifo();
    let token = stage.write("token", &stage.id_token());
    // Three of four seconds pass before the token is there, and the authority never answers.
    let script = format!("(/bin/sleep 3; exec /bin/cat '{token}') > fifo & exec \"$0\" \"$@\"");
    let authority = silent_server();
    let job = signed_in(&stage).args(&["--id-token-file", "fifo", "--timeout", "4s", "--retries", "0"]);
    let since = Instant::now();
    let ran =
        job.args(&["--authority-host", &authority]).within(stage.folder()).through_a_shell(&script).run().expect(5);
    assert!(since.elapsed() < Duration::from_secs(7), "{:?}: {}", since.elapsed(), ran.stderr);
}

fn with_fifo() -> Stage {
    let stage = Stage::new();
    let made = Command::new("mkfifo").arg(stage.path("fifo")).status();
    assert!(made.is_ok_and(|status| status.success()), "the pipe cannot be made");
    stage
}

/// A job of no CI system in the folder of the stage, with an ID token in `T`.
fn signed_in(stage: &Stage) -> Job {
    Job::host(&["--platform", "generic"])
        .env("TMPDIR", stage.folder())
        .env("T", stage.id_token())
        .env("PATH", "/usr/bin:/bin")
        .env("SSL_CERT_FILE", stage.emulator.ca_file())
        .env("AZURE_AUTHORITY_HOST", stage.emulator.url())
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", APPLICATION)
        .within(stage.folder())
}

/// A job of GitHub, whose masks are printed first.
fn github(stage: &Stage) -> impl Fn() -> Job {
    || github_variables(stage).env("T", stage.id_token()).args(&["--id-token-env", "T"])
}

fn github_variables(stage: &Stage) -> Job {
    Job::host(&["--platform", "github"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_OUTPUT", stage.path("output"))
        .env("SSL_CERT_FILE", stage.emulator.ca_file())
        .env("AZURE_AUTHORITY_HOST", stage.emulator.url())
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", APPLICATION)
        .within(stage.folder())
}

/// A server that accepts connections and never answers.
fn silent_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || stream.read_to_end(&mut Vec::new()).ok());
        }
    });
    url
}

/// Whether a process is there and has not ended.
fn is_running(id: &str) -> bool {
    let state = fs::read_to_string(Path::new("/proc").join(id).join("stat")).unwrap_or_default();
    state.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}
