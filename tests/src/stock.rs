//! The component under the stock wasmtime CLI.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::{Job, programs};

/// `wasmtime run` of the component, with HTTP and these variables, and nothing else of this machine.
pub fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Job {
    let job = wasmtime().args(&["run", "-S", "http"]);
    let shown = |(name, value): &(&str, &str)| ["--env".to_owned(), format!("{name}={value}")];
    job.args(&variables.iter().flat_map(shown).collect::<Vec<_>>()).args(&[programs::component()]).args(arguments)
}

/// `wasmtime run --invoke` of one of the typed exports.
pub fn invoke(call: &str) -> Job {
    wasmtime().args(&["run", "-S", "http", "--invoke", call]).args(&[programs::component()])
}

/// The CLI keeps compiled components in a cache in the user's home.
fn wasmtime() -> Job {
    let job = Job::program(&programs::wasmtime());
    match std::env::var_os("HOME") {
        Some(home) => job.env("HOME", home),
        None => job,
    }
}

/// `wasmtime serve` of the component. Ends when it is dropped.
pub struct Service {
    child: Child,
    address: String,
}

impl Service {
    /// Starts it on a free port, with these variables, and waits until it listens.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        const LONGEST: Duration = Duration::from_secs(60);
        let mut command = Command::new(programs::wasmtime());
        command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]);
        for (name, value) in variables {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        let mut child = command
            .arg(programs::component())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("wasmtime cannot be started: {error}"));
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let (send, receive) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let Some((_, url)) = line.split_once("http://") else { continue };
                send.send(url.trim_end_matches('/').to_owned()).ok();
            }
        });
        let address = receive.recv_timeout(LONGEST);
        let mut service = Self { child, address: String::new() };
        service.address = address.unwrap_or_else(|_| panic!("`wasmtime serve` does not listen"));
        service
    }

    /// Where it listens, as `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
