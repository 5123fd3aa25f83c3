//! Runs a program as a CI system would: with exactly the given variables, input and time limit.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::programs;

/// Much longer than any run takes. A program that takes longer hangs.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// A program to run.
#[derive(Debug)]
pub struct Job {
    command: Command,
    input: Vec<u8>,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code, or -1 if a signal ended the program.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Job {
    /// The native host with these arguments and without variables.
    pub fn host(arguments: &[&str]) -> Self {
        Self::program(&programs::host()).args(arguments)
    }

    /// A program without variables.
    pub fn program(path: &Path) -> Self {
        let mut command = Command::new(path);
        command.env_clear();
        Self { command, input: Vec::new() }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: &[S]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Sets standard input, which is empty by default.
    #[must_use]
    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = text.into();
        self
    }

    /// Sets the working folder.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs a shell script instead, in which `exec "$0" "$@"` is this job.
    #[must_use]
    pub fn through_a_shell(self, script: &str) -> Self {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).arg(self.command.get_program()).args(self.command.get_args()).env_clear();
        for (name, value) in self.command.get_envs() {
            value.map(|value| command.env(name, value));
        }
        self.command.get_current_dir().map(|folder| command.current_dir(folder));
        Self { command, input: self.input }
    }

    /// The program with its arguments and variables, without input, for a test that starts it itself.
    pub fn into_command(mut self) -> Command {
        self.command.stdin(Stdio::null());
        self.command
    }

    /// Runs the program to its end.
    pub fn run(self) -> Ran {
        self.start().finish()
    }

    /// Starts the program.
    pub fn start(mut self) -> Running {
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?} cannot be started: {error}", self.command.get_program()));
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = std::mem::take(&mut self.input);
        // A program may end without reading its input.
        thread::spawn(move || stdin.write_all(&input).ok());
        let stdout = collect(child.stdout.take().expect("it is piped"));
        let stderr = collect(child.stderr.take().expect("it is piped"));
        Running { child, stdout, stderr, words: format!("{:?}", self.command.get_args().collect::<Vec<_>>()) }
    }
}

/// A running program.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    words: String,
}

impl Running {
    /// Waits for the end.
    pub fn finish(mut self) -> Ran {
        let text = |stream: &Receiver<Vec<u8>>| {
            stream.recv_timeout(TIME_LIMIT).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        };
        let (Ok(stdout), Ok(stderr)) = (text(&self.stdout), text(&self.stderr)) else {
            self.child.kill().ok();
            panic!("it hangs: {}", self.words);
        };
        let status = self.child.wait().expect("it was started");
        Ran { code: status.code().unwrap_or(-1), stdout, stderr }
    }

    /// Sends SIGTERM, as CI systems do when a job is cancelled, and waits for the end.
    pub fn terminate(self) -> Ran {
        self.end_with("TERM")
    }

    /// Sends the signal of this name, without `SIG`, and waits for the end.
    pub fn end_with(self, signal: &str) -> Ran {
        let asked = Command::new("kill").arg(format!("-{signal}")).arg(self.child.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "the signal cannot be sent");
        self.finish()
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).ok();
        send.send(bytes).ok();
    });
    receive
}

impl Ran {
    /// Standard output, which must be one line of JSON.
    pub fn json(&self) -> Value {
        let line = self.stdout.strip_suffix('\n').unwrap_or(&self.stdout);
        assert!(!line.contains('\n'), "more than one line on standard output: {self:?}");
        serde_json::from_str(line).unwrap_or_else(|error| panic!("standard output is not JSON: {error}: {self:?}"))
    }

    /// The failure on standard output.
    pub fn error(&self) -> Value {
        self.json()["error"].clone()
    }

    /// Standard output and standard error.
    pub fn printed(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    /// Asserts the exit code. Shows the output if it differs.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.printed());
        self
    }
}
