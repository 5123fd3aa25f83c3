//! Runs a tool that is to be signed in: gives it an input, collects what it prints, and ends it at
//! the deadline.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::deadline::Deadline;
use crate::program::{Group, wait};
use crate::reason;
use crate::unfinished::Unfinished;

/// The longest output that is kept, in bytes.
const LONGEST: u64 = 1 << 20;
/// What is kept of the deadline, to undo what was changed.
pub(super) const RESERVE: Duration = Duration::from_millis(500);

/// The output of a tool that ran to its end, and whether its exit code was 0.
#[derive(Debug)]
pub(super) struct Printed {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) is_success: bool,
}

/// Runs a program to its end.
///
/// # Errors
///
/// A reason, as the end of a sentence about the program.
pub(super) fn run(
    mut command: Command,
    input: &[u8],
    deadline: Deadline,
    unfinished: &Unfinished,
) -> Result<Printed, String> {
    let limit = deadline.left().saturating_sub(RESERVE);
    let since = Instant::now();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // Locked, so that nobody ends this process between the start and the note about it.
    let mut running = unfinished.program();
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "it is not in the `PATH`".to_owned(),
        _ => format!("it cannot be started: {}", reason::of(&error)),
    })?;
    *running = Some(Group(child.id()));
    drop(running);

    let printed = talk(&mut child, input, since, limit);
    let group = unfinished.program().take();
    if printed.is_err() {
        // Also what it started, which may hold its output open.
        group.iter().for_each(Group::kill);
        child.kill().ok();
        child.wait().ok();
    }
    printed
}

fn talk(child: &mut Child, input: &[u8], since: Instant, limit: Duration) -> Result<Printed, String> {
    let left = || limit.saturating_sub(since.elapsed());
    let late = || match limit.is_zero() {
        true => "no time was left for it".to_owned(),
        false => format!("it did not end within {:.1} s", limit.as_secs_f64()),
    };
    let (stdout, stderr) = (collect(child.stdout.take())?, collect(child.stderr.take())?);
    if let Some(mut stdin) = child.stdin.take() {
        // A pipe takes this much at once. A tool that ends early says why.
        stdin.write_all(input).ok();
    }
    let text = |stream: Receiver<Vec<u8>>| {
        stream.recv_timeout(left()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(|_| late())
    };
    let (stdout, stderr) = (text(stdout)?, text(stderr)?);
    let status = wait(child, left()).map_err(|error| reason::of(&error))?.ok_or_else(late)?;
    Ok(Printed { stdout, stderr, is_success: status.success() })
}

/// Reads on a thread of its own: a hanging program can be killed, a blocked read cannot be
/// interrupted.
fn collect(stream: Option<impl Read + Send + 'static>) -> Result<Receiver<Vec<u8>>, String> {
    let (done, bytes) = mpsc::channel();
    let read = move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            stream.by_ref().take(LONGEST).read_to_end(&mut bytes).ok();
            io::copy(&mut stream, &mut io::sink()).ok();
        }
        done.send(bytes).ok();
    };
    thread::Builder::new().name("tool".to_owned()).spawn(read).map_err(|error| reason::of(&error))?;
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str, input: &[u8], limit: Duration) -> Result<Printed, String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, input, Deadline::after(Instant::now(), limit), &Unfinished::default())
    }

    #[test]
    fn a_tool_gets_its_input_and_ends_at_the_deadline() {
        let long = Duration::from_secs(60);
        let printed = sh("cat; echo no >&2; exit 3", b"token", long).unwrap();
        assert_eq!((printed.stdout.as_str(), printed.stderr.as_str(), printed.is_success), ("token", "no\n", false));
        assert!(sh("exit 0", &[b'x'; 1000], long).unwrap().is_success, "it may read nothing");
        for script in ["sleep 60", "exec >&- 2>&-; sleep 60", "sleep 60 & exit 0"] {
            let since = Instant::now();
            let why = sh(script, b"", Duration::from_secs(1)).unwrap_err();
            assert!(
                why.contains("did not end within 0.5 s") && since.elapsed() < Duration::from_secs(20),
                "{script}: {why}"
            );
        }
        let why = sh("sleep 60", b"", RESERVE).unwrap_err();
        assert_eq!(why, "no time was left for it");
        let missing = Command::new("no-such-program-here");
        let why = run(missing, b"", Deadline::NEVER, &Unfinished::default()).unwrap_err();
        assert_eq!(why, "it is not in the `PATH`");
    }
}
