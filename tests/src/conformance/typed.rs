//! Hosts of the typed functions: programs that read one call in each line and print one answer.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::cases::Call;
use super::packages;
use super::same;
use crate::{Stage, programs};

/// Much longer than any answer takes, including the compilation of the component.
const TIME_LIMIT: Duration = Duration::from_secs(300);
/// The folder of the programs for Node and Python.
const DRIVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/drivers");

/// A running program. It is stopped when this is dropped.
pub struct TypedHost {
    pub(super) name: &'static str,
    pub(super) version: String,
    /// SHA-256 of the component that the program reports.
    pub(super) digest: String,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl TypedHost {
    /// The package of `examples/node`.
    pub(super) fn node(package: &PathBuf, stage: &Stage) -> Self {
        let mut command = Command::new("node");
        command.arg(format!("{DRIVERS}/node.mjs")).arg(package);
        command.env("NODE_EXTRA_CA_CERTS", stage.emulator.ca_file());
        Self::start("Node, typed", command)
    }

    /// The module of `examples/python`.
    pub(super) fn python(stage: &Stage) -> Self {
        let (python, module) = packages::python_module();
        let mut command = Command::new(python);
        command.arg(format!("{DRIVERS}/python.py")).arg(module).arg(programs::component());
        command.env("CA_FILE", stage.emulator.ca_file());
        Self::start("Python, typed", command)
    }

    /// The engine of `examples/embed-rust`, which is built by a separate cargo command.
    pub fn rust(program: &PathBuf) -> Self {
        let mut command = Command::new(program);
        command.arg(programs::component());
        Self::start("Rust, embedded", command)
    }

    fn start(name: &'static str, mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {command:?} cannot be started: {error}"));
        let stdin = child.stdin.take().expect("it is piped");
        let output = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let (send, lines) = mpsc::channel();
        thread::spawn(move || output.map_while(Result::ok).try_for_each(|line| send.send(line)));
        let mut host = Self { name, version: String::new(), digest: String::new(), child, stdin, lines };
        let ready = host.line();
        let text = |member: &str| ready[member].as_str().unwrap_or_else(|| panic!("{name}: {ready}")).to_owned();
        (host.version, host.digest) = (text("version"), text("sha256"));
        host
    }

    /// Calls a function and returns the answer in the form of [`same::answer`]. Only `hosts` may be
    /// called, if the program supports that.
    pub fn ask(&mut self, call: &Call, hosts: &[&str]) -> Value {
        let question = json!({ "function": call.function, "arguments": call.arguments, "hosts": hosts });
        let written = writeln!(self.stdin, "{question}").and_then(|()| self.stdin.flush());
        written.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        same::answer(self.line())
    }

    fn line(&self) -> Value {
        let line = self.lines.recv_timeout(TIME_LIMIT).unwrap_or_else(|_| panic!("{} does not answer", self.name));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{}: {error}: {line}", self.name))
    }
}

impl Drop for TypedHost {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
