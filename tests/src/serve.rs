//! Runs `azure-oidc serve` as a service manager would.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use crate::conformance::Foreign;
use crate::programs;

const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The native service. It is stopped when this is dropped.
pub struct Serve {
    child: Child,
    address: String,
    ready: Value,
    stderr: Option<JoinHandle<String>>,
}

/// The result of a service that ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code, or -1 if a signal ended the service.
    pub code: i32,
    /// The whole standard error.
    pub stderr: String,
}

impl Serve {
    /// Starts the service on a free port with only these variables, and waits until it listens.
    pub fn start(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::start_with(bare(Command::new(programs::host())), variables, arguments)
    }

    /// As [`start`](Self::start), with a program for another system.
    pub fn start_foreign(program: &Foreign, variables: &[(&str, &str)]) -> Self {
        Self::start_with(program.command(), variables, &[])
    }

    /// As [`start`](Self::start), with at most this many open files.
    pub fn start_with_files(files: u32, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" \"$@\"")).arg(programs::host());
        Self::start_with(bare(shell), variables, arguments)
    }

    fn start_with(mut command: Command, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0", "--output", "json"]).args(arguments);
        command.envs(variables.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("the host cannot be started: {error}"));
        let (stderr, lines) = collect(&mut child);
        let ready = loop {
            let line = lines.recv_timeout(TIME_LIMIT).unwrap_or_else(|_| panic!("`azure-oidc serve` does not listen"));
            if let Ok(ready @ Value::Object(_)) = serde_json::from_str(&line) {
                break ready;
            }
        };
        let address = ready["listening"].as_str().and_then(|url| url.strip_prefix("http://"));
        let address = address.unwrap_or_else(|| panic!("no address: {ready}")).to_owned();
        Self { child, address, ready, stderr: Some(stderr) }
    }

    /// The address, as `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The line that the service printed when it began to listen.
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal cannot be sent");
    }

    /// Waits for the end.
    pub fn finish(mut self) -> Ended {
        let stderr = self.stderr.take().expect("it is taken once");
        let code = self.child.wait().expect("it was started").code().unwrap_or(-1);
        Ended { code, stderr: stderr.join().expect("it only reads") }
    }

    /// Sends SIGTERM and waits for the end.
    pub fn terminate(self) -> Ended {
        self.signal("TERM");
        self.finish()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The command without this machine's variables.
fn bare(mut command: Command) -> Command {
    command.env_clear();
    command
}

fn collect(child: &mut Child) -> (JoinHandle<String>, Receiver<String>) {
    let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let (send, receive) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut all = String::new();
        for line in stderr.lines().map_while(Result::ok) {
            all.push_str(&line);
            all.push('\n');
            send.send(line).ok();
        }
        all
    });
    (reader, receive)
}
