//! Runs the CI system's own program that issues ID tokens, if `--allow-program` permits it.
//!
//! The command comes from this project's table of platforms, never from the component, and no shell
//! interprets it.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest output, in bytes. A token is a few kilobytes.
const MAX_OUTPUT: u64 = 64 * 1024;
/// How long the program may run. It calls a service of the CI system.
const MAX_TIME: Duration = Duration::from_secs(30);

/// The program's standard output, or why there is none. Its standard error goes to this process's.
pub(crate) fn output(words: &[String]) -> Result<Vec<u8>, String> {
    output_within(words, MAX_TIME)
}

fn output_within(words: &[String], limit: Duration) -> Result<Vec<u8>, String> {
    let Some((program, arguments)) = words.split_first() else { return Err("its command line is empty".to_owned()) };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let result = read(&mut child, limit);
    if result.is_err() {
        child.kill().ok();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let output = result?;
    if status.success() { Ok(output) } else { Err(format!("it failed ({status})")) }
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
        Err(_) => Err(format!("it did not finish within {} s", limit.as_secs())),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Result<Vec<u8>, String> {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        output_within(&words, Duration::from_secs(1))
    }

    #[test]
    fn arguments_reach_the_program_unchanged() {
        assert_eq!(run(&["printf", "%s|", "a b", "$(id)", "{\"aud\":\"x\"}"]).unwrap(), br#"a b|$(id)|{"aud":"x"}|"#);
    }

    #[test]
    fn a_program_that_fails_hangs_or_prints_without_end_yields_no_token() {
        for (words, reason) in [
            (&["no-such-program-here"][..], "cannot be started"),
            (&["false"], "failed (exit status: 1)"),
            (&["sleep", "60"], "not finish within"),
            (&["yes"], "more than 65536 bytes"),
            (&[], "is empty"),
        ] {
            let error = run(words).unwrap_err();
            assert!(error.contains(reason), "{words:?}: {error}");
        }
    }
}
