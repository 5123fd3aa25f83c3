//! Containers: `exec` as the first process, as a subreaper, and without /proc.

use std::path::Path;
use std::process::Command;

use azure_oidc_tests::{Job, Stage};

use crate::{ARM_SCOPE, install, job};

/// Asks the endpoint for a token.
const ASK: &str = r#"curl -sf -o answer -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://management.azure.com""#;

/// Whether this system lets the tests make containers. A line says when it does not.
fn can_unshare() -> bool {
    let tried = Command::new("unshare").args(["--pid", "--fork", "--mount-proc", "true"]).output();
    let can = tried.is_ok_and(|output| output.status.success());
    if !can {
        println!("not tested: this user may not make a namespace of processes");
    }
    can
}

/// `exec` of a command, started by another program with these words before it.
fn through(stage: &Stage, before: &[&str], command: &[&str]) -> Job {
    let (program, before) = before.split_first().expect("it has a name");
    let inner = job(stage, &["exec", "--scope", ARM_SCOPE]).args(&["--"]).args(command).into_command();
    let words: Vec<_> = std::iter::once(inner.get_program()).chain(inner.get_args()).collect();
    let outer = Job::program(Path::new(program)).args(before).args(&words).within(stage.folder());
    let variables = inner.get_envs().filter_map(|(name, value)| Some((name.to_str()?, value?)));
    variables.fold(outer, |job, (name, value)| job.env(name, value))
}

/// The first process of a container is the parent of every process without one: the broker is among
/// its children, serves, and ends with it.
#[test]
fn as_the_first_process_of_a_container_the_command_has_the_broker_as_a_child() {
    if !can_unshare() {
        return;
    }
    let stage = Stage::new();
    let script = format!("echo $$; cat /proc/1/task/1/children; {ASK}; exit 7");
    let ran =
        through(&stage, &["unshare", "--pid", "--fork", "--mount-proc"], &["/bin/sh", "-c", &script]).run().expect(7);
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "1");
    // The broker, and `cat` itself.
    assert_eq!(lines[1].split_whitespace().count(), 2, "{}", ran.stdout);
    assert!(stage.read("answer").contains("access_token"), "{}", ran.stderr);
}

#[test]
fn a_command_that_is_a_subreaper_has_no_child_that_it_does_not_know_and_stays_one() {
    let stage = Stage::new();
    let script = "import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.prctl(36, 1, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])";
    let command = "import ctypes, os
flag = ctypes.c_int()
ctypes.CDLL(None).prctl(37, ctypes.byref(flag), 0, 0, 0)
children = open(f'/proc/self/task/{os.getpid()}/children').read().split()
print(flag.value, len(children), 'IDENTITY_ENDPOINT' in os.environ)";
    let python = install::python();
    let python = python.to_str().expect("a path of ours is text");
    let ran = through(&stage, &[python, "-c", script], &[python, "-c", command]).run().expect(0);
    assert_eq!(ran.stdout, "1 0 True\n");
}

#[test]
fn without_proc_the_program_is_found_by_its_path() {
    if !can_unshare() {
        return;
    }
    let stage = Stage::new();
    let script = format!("test ! -e /proc/self && {ASK}");
    let hidden = "umount -l /proc && exec \"$0\" \"$@\"";
    let before = ["unshare", "--mount", "/bin/sh", "-c", hidden];
    let ran = through(&stage, &before, &["/bin/sh", "-c", &script]).run();
    assert_eq!(ran.code, 0, "{}", ran.printed());
    assert!(stage.read("answer").contains("access_token"), "{}", ran.stderr);
}
