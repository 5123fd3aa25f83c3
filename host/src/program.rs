//! Runs the one program that a CI system makes ID tokens with, when a flag allows it. What is run stands in this project's own table
//! of platforms; the component has no say in it, and no shell reads it.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A token is a few kilobytes.
const MAX_OUTPUT: u64 = 64 * 1024;
/// It asks a service of the CI system.
const LONGEST: Duration = Duration::from_secs(30);

/// What the program prints on standard output, or why that cannot be had. Its standard error is this process's own.
pub(crate) fn output(words: &[String]) -> Result<Vec<u8>, String> {
    output_within(words, LONGEST)
}

fn output_within(words: &[String], longest: Duration) -> Result<Vec<u8>, String> {
    let Some((program, arguments)) = words.split_first() else { return Err("it has no name".to_owned()) };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let result = read(&mut child, longest);
    if result.is_err() {
        child.kill().ok();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let output = result?;
    if status.success() { Ok(output) } else { Err(format!("it ended with {status}")) }
}

/// Reads to the end, in a thread of its own: a program that hangs can be ended, a read cannot.
fn read(child: &mut Child, longest: Duration) -> Result<Vec<u8>, String> {
    let Some(stdout) = child.stdout.take() else { return Err("it has no output".to_owned()) };
    let (done, result) = mpsc::channel();
    let reader = move || {
        let mut output = Vec::new();
        let read = stdout.take(MAX_OUTPUT + 1).read_to_end(&mut output);
        done.send(read.map(|_| output)).ok();
    };
    thread::Builder::new().name("program".to_owned()).spawn(reader).map_err(|error| error.to_string())?;
    match result.recv_timeout(longest) {
        Ok(Ok(output)) if output.len() as u64 > MAX_OUTPUT => Err(format!("it prints more than {MAX_OUTPUT} bytes")),
        Ok(output) => output.map_err(|error| error.to_string()),
        Err(_) => Err(format!("it was not done within {} s", longest.as_secs())),
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
    fn the_words_reach_the_program_as_they_are() {
        assert_eq!(run(&["printf", "%s|", "a b", "$(id)", "{\"aud\":\"x\"}"]).unwrap(), br#"a b|$(id)|{"aud":"x"}|"#);
    }

    #[test]
    fn a_program_that_fails_hangs_or_never_stops_printing_gives_no_token() {
        for (words, reason) in [
            (&["no-such-program-here"][..], "cannot be started"),
            (&["false"], "ended with"),
            (&["sleep", "60"], "not done within"),
            (&["yes"], "more than 65536 bytes"),
            (&[], "no name"),
        ] {
            let said = run(words).unwrap_err();
            assert!(said.contains(reason), "{words:?}: {said}");
        }
    }
}
