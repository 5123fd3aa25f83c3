//! Standard streams, signals and what else a process inherits: as if the command had been started
//! directly.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use azure_oidc_tests::Stage;

use crate::{environment, exec, wait_for, wait_until_closed, within};

#[test]
fn the_command_has_the_standard_streams() {
    let stage = Stage::new();
    let ran = exec(&stage, &[], "cat; echo problem >&2").input("from outside").run().expect(0);
    assert_eq!(ran.stdout, "from outside");
    assert!(ran.stderr.ends_with("problem\n"), "{}", ran.stderr);
}

#[test]
fn a_reader_sees_the_end_of_the_output_when_the_command_closes_it() {
    let stage = Stage::new();
    let script = "echo $$ > pid; exec >&- 2>/dev/null; until [ -e stop ]; do sleep 0.05; done";
    let mut child = exec(&stage, &[], script).into_command().stdout(Stdio::piped()).spawn().expect("it starts");
    let mut text = String::new();
    // Returns at the end of the output, and the command runs on.
    child.stdout.take().expect("it is piped").read_to_string(&mut text).expect("it is text");
    assert!(child.try_wait().expect("it was started").is_none());
    stage.write("stop", "");
    assert!(child.wait().expect("it was started").success());
}

#[test]
fn a_reader_sees_the_end_of_standard_error_soon_after_the_end_of_the_command() {
    let stage = Stage::new();
    let since = Instant::now();
    exec(&stage, &[], "echo $(date +%s%N) > ended").run().expect(0);
    let nanos: u128 = stage.read("ended").trim().parse().expect("it is a number");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    let late = now.as_nanos().saturating_sub(nanos);
    assert!(late < Duration::from_secs(2).as_nanos(), "{late} ns of {:?}", since.elapsed());
}

/// The ignored signals of a line in `/proc/self/status`, without those that the C library uses itself.
fn ignored(line: &str) -> u64 {
    let (_, mask) = line.split_once('\t').expect("it has a value");
    u64::from_str_radix(mask, 16).expect("it is a number") & 0x7fff_ffff
}

#[test]
fn the_command_inherits_what_it_would_have_without_azure_oidc() {
    let stage = Stage::new();
    // No ignored and no blocked signals, the same limit of core files, no open files of others.
    let script =
        "grep -E '^Sig(Ign|Blk)' /proc/self/status; ulimit -c; ls /proc/self/fd | wc -l; ps -o ppid= -p $$ | tr -d ' '";
    let direct = Command::new("/bin/sh").args(["-c", script]).output().expect("it runs");
    let ran = exec(&stage, &[], script).run().expect(0);
    let lines: Vec<_> = ran.stdout.lines().collect();
    let direct = String::from_utf8_lossy(&direct.stdout).into_owned();
    let expected: Vec<_> = direct.lines().collect();
    assert_eq!(lines[0], "SigBlk:\t0000000000000000");
    // Rust ignores SIGPIPE, and starts other programs without that.
    assert_eq!(ignored(lines[1]), ignored(expected[1]));
    assert_eq!(lines[2..4], expected[2..4]);
    // The command has the parent that azure-oidc had.
    assert_eq!(lines[4], std::process::id().to_string());
}

#[test]
fn the_command_has_no_child_that_it_does_not_know() {
    let stage = Stage::new();
    let ran = exec(&stage, &[], "cat /proc/$$/task/$$/children; wait; echo $?").run().expect(0);
    // Only `cat` itself.
    assert_eq!(ran.stdout.split_whitespace().count(), 2, "{}", ran.stdout);
}

#[test]
fn an_interrupt_of_the_terminal_reaches_the_command_once_and_the_broker_not_at_all() {
    use std::os::unix::process::CommandExt;
    let stage = Stage::new();
    let script = "trap 'echo interrupted >> signals' INT; env > env.new; mv env.new env
        until [ -e stop ]; do sleep 0.05; done";
    let exec = exec(&stage, &[], script).into_command();
    // A shell ignores this signal for what it starts in the background, such as these tests.
    let mut command = Command::new("/usr/bin/env");
    command.arg("--default-signal=INT").arg(exec.get_program()).args(exec.get_args()).env_clear();
    command.envs(exec.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(stage.folder());
    let mut child = command.process_group(0).spawn().expect("it starts");
    let environment = environment(&stage);
    let sent = Command::new("/bin/kill").args(["-INT", "--", &format!("-{}", child.id())]).status();
    assert!(sent.expect("kill runs").success());
    wait_for(&stage.path("signals"));
    assert_eq!(crate::ask(&environment, crate::ARM).status(), 200);
    assert_eq!(stage.read("signals"), "interrupted\n");
    stage.write("stop", "");
    child.wait().expect("it was started");
    wait_until_closed(&crate::endpoint(&environment).0);
}

#[test]
fn a_stopped_command_goes_on() {
    let stage = Stage::new();
    let mut child = exec(&stage, &[], crate::UNTIL_STOP).into_command().spawn().expect("it starts");
    let environment = environment(&stage);
    let signal = |name: &str| {
        let sent = Command::new("/bin/kill").args([name, &child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    };
    signal("-STOP");
    let stat = format!("/proc/{}/stat", child.id());
    within(Duration::from_secs(10), || std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T ")));
    assert_eq!(crate::ask(&environment, crate::ARM).status(), 200);
    signal("-CONT");
    stage.write("stop", "");
    assert!(child.wait().expect("it was started").success());
}

#[test]
fn the_command_is_in_the_foreground_of_its_terminal() {
    let stage = Stage::new();
    let command = exec(&stage, &[], "test -t 0 && test -t 1 && ps -o stat=,tty= -p $$").into_command();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<_> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
    // Runs it on a new terminal.
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"]).env_clear();
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    let output = script.output().expect("script runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.lines().any(|line| line.contains("+ ") && line.contains("pts/")), "not in the foreground: {text}");
}
