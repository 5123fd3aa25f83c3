//! Runs the CI system's own program that issues ID tokens, if `--allow-program` permits it.
//!
//! The command comes from this project's table of platforms, never from the component, and no shell
//! interprets it. The program and what it starts end with the deadline.

use std::ffi::OsString;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_core::secret::holds_token;

use crate::deadline::Deadline;
use crate::reason;
use crate::unfinished::Unfinished;

/// The longest output, in bytes. A token is a few kilobytes.
const MAX_OUTPUT: u64 = 64 * 1024;
/// How long the program may run. It calls a service of the CI system.
const MAX_TIME: Duration = Duration::from_secs(30);

/// The processes of a program: itself and what it has started.
#[derive(Debug)]
pub(crate) struct Group(pub(crate) u32);

impl Group {
    /// Ends them.
    #[cfg(unix)]
    pub(crate) fn kill(&self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        if let Some(id) = i32::try_from(self.0).ok().and_then(Pid::from_raw) {
            kill_process_group(id, Signal::KILL).ok();
        }
    }

    /// Windows has no such groups; the program itself is ended where it is known.
    #[cfg(windows)]
    pub(crate) fn kill(&self) {
        let _unused = self.0;
    }
}

/// The program's standard output, or why there is none. Its standard error goes to this process's.
pub(crate) fn output(words: &[String], deadline: Deadline, unfinished: &Unfinished) -> Result<Vec<u8>, String> {
    output_within(words, MAX_TIME.min(deadline.left()), unfinished)
}

fn output_within(words: &[String], limit: Duration, unfinished: &Unfinished) -> Result<Vec<u8>, String> {
    let Some((program, arguments)) = words.split_first() else { return Err("its command line is empty".to_owned()) };
    let since = Instant::now();
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(variables(std::env::vars_os()));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // Locked, so that nobody ends this process between the start and the note about it.
    let mut running = unfinished.program();
    let mut child = command.spawn().map_err(|error| format!("it cannot be started: {}", reason::of(&error)))?;
    *running = Some(Group(child.id()));
    drop(running);

    let result = read(&mut child, limit).and_then(|output| {
        let left = limit.saturating_sub(since.elapsed());
        let status = wait(&mut child, left).map_err(|error| error.to_string())?;
        Ok((output, status.ok_or_else(|| late(limit))?))
    });
    let group = unfinished.program().take();
    if result.is_err() {
        // Also what it started, which may hold its output open.
        group.iter().for_each(Group::kill);
        child.kill().ok();
        child.wait().ok();
    }
    let (output, status) = result?;
    if status.success() { Ok(output) } else { Err(format!("it failed ({status})")) }
}

fn late(limit: Duration) -> String {
    format!("it did not finish within {} s", limit.as_secs_f32())
}

/// Waits for the end of the program. It can close its output and go on.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    const PAUSE: Duration = Duration::from_millis(5);
    let since = Instant::now();
    loop {
        match child.try_wait()? {
            None if since.elapsed() < limit => thread::sleep(PAUSE),
            status => return Ok(status),
        }
    }
}

/// The variables for the program: no token of another kind than it makes itself, and none of those
/// that Azure's tools and the plugins of Harness read.
fn variables(all: impl Iterator<Item = (OsString, OsString)>) -> impl Iterator<Item = (OsString, OsString)> {
    const WITHHELD: [&str; 4] = ["AZURE_", "ARM_", "PLUGIN_", "ACTIONS_ID_TOKEN_"];
    all.filter(|(name, value)| {
        let name = name.to_string_lossy().to_ascii_uppercase();
        !WITHHELD.iter().any(|start| name.starts_with(start))
            && name != "SYSTEM_ACCESSTOKEN"
            && !holds_token(&value.to_string_lossy())
    })
}

/// Reads the output on a thread of its own: a hanging program can be killed, a blocked read cannot
/// be interrupted.
fn read(child: &mut Child, limit: Duration) -> Result<Vec<u8>, String> {
    let Some(stdout) = child.stdout.take() else { return Err("it has no output".to_owned()) };
    let (done, result) = mpsc::channel();
    let reader = move || {
        let mut output = Vec::new();
        let read = stdout.take(MAX_OUTPUT + 1).read_to_end(&mut output);
        done.send(read.map(|_| output)).ok();
    };
    thread::Builder::new().name("program".to_owned()).spawn(reader).map_err(|error| error.to_string())?;
    match result.recv_timeout(limit) {
        Ok(Ok(output)) if output.len() as u64 > MAX_OUTPUT => Err(format!("it prints more than {MAX_OUTPUT} bytes")),
        Ok(output) => output.map_err(|error| error.to_string()),
        Err(_) => Err(late(limit)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Result<Vec<u8>, String> {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        output_within(&words, Duration::from_secs(1), &Unfinished::default())
    }

    #[test]
    fn arguments_reach_the_program_unchanged() {
        assert_eq!(run(&["printf", "%s|", "a b", "$(id)", "{\"aud\":\"x\"}"]).unwrap(), br#"a b|$(id)|{"aud":"x"}|"#);
    }

    #[test]
    fn a_program_gets_its_own_variables_and_no_token() {
        let all = [
            ("PATH", "/bin"),
            ("CIRCLE_JOB", "deploy"),
            ("CIRCLE_OIDC_TOKEN", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"),
            ("OTHER", "eyAiYWxnIjogIlJTMjU2IiB9.\neyAic3ViIjogIngiIH0.c2ln"),
            ("AZURE_CLIENT_SECRET", "s"),
            ("ARM_OIDC_REQUEST_TOKEN", "s"),
            ("PLUGIN_OIDC_TOKEN_ID", "s"),
            ("SYSTEM_ACCESSTOKEN", "s"),
        ];
        let kept = variables(all.into_iter().map(|(name, value)| (name.into(), value.into())));
        assert_eq!(kept.map(|(name, _)| name).collect::<Vec<_>>(), ["PATH", "CIRCLE_JOB"]);
    }

    #[test]
    fn a_program_that_fails_hangs_or_prints_without_end_yields_no_token() {
        for (words, reason) in [
            (&["no-such-program-here"][..], "cannot be started"),
            (&["false"], "failed (exit status: 1)"),
            (&["sleep", "60"], "not finish within 1 s"),
            (&["sh", "-c", "exec >&-; sleep 60"], "not finish within 1 s"),
            (&["sh", "-c", "sleep 60 & echo token"], "not finish within 1 s"),
            (&["yes"], "more than 65536 bytes"),
            (&[], "is empty"),
        ] {
            let since = Instant::now();
            let error = run(words).unwrap_err();
            assert!(error.contains(reason), "{words:?}: {error}");
            assert!(since.elapsed() < Duration::from_secs(20), "{words:?}");
        }
    }

    #[test]
    fn what_a_program_has_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid").to_str().unwrap().to_owned();
        run(&["sh", "-c", "sleep 60 & echo $! > \"$0\"; wait", &file]).unwrap_err();
        let id = std::fs::read_to_string(file).unwrap();
        let is_running = || {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
            state.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
        };
        let since = Instant::now();
        while cfg!(target_os = "linux") && is_running() {
            assert!(since.elapsed() < Duration::from_secs(20), "process {id} still runs");
            thread::sleep(Duration::from_millis(5));
        }
    }
}
