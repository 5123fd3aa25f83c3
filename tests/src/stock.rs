//! Runs the component with the stock wasmtime CLI.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use crate::{Job, programs};

/// `wasmtime run` with HTTP and these variables, and with nothing else of this machine.
pub fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Job {
    let job = wasmtime().args(&["run", "-S", "http"]);
    let shown = |(name, value): &(&str, &str)| ["--env".to_owned(), format!("{name}={value}")];
    job.args(&variables.iter().flat_map(shown).collect::<Vec<_>>()).args(&[programs::component()]).args(arguments)
}

/// `wasmtime run --invoke` of a typed export.
pub fn invoke(call: &str) -> Job {
    wasmtime().args(&["run", "-S", "http", "--invoke", call]).args(&[programs::component()])
}

/// The CLI caches compiled components in the user's home folder.
fn wasmtime() -> Job {
    let job = Job::program(&programs::wasmtime());
    match std::env::var_os("HOME") {
        Some(home) => job.env("HOME", home),
        None => job,
    }
}

/// `wasmtime serve` of the component. It is stopped when this is dropped.
pub struct Service {
    child: Child,
    address: String,
    /// The numbers of the instances that answered, from the log.
    instances: Arc<Mutex<BTreeSet<u64>>>,
}

impl Service {
    /// Starts the service on a free port with these variables, and waits until it listens.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        Self::with(&[], variables)
    }

    /// Starts a service whose instances answer several requests, and whose log names the instance.
    pub fn reusing(variables: &[(&str, &str)]) -> Self {
        Self::with(&["--max-instance-reuse-count", "1000", "--idle-instance-timeout", "60s"], variables)
    }

    /// Starts another component on a free port with these settings in `wasi:config/store`, and with
    /// these variables.
    pub fn configured(component: &Path, settings: &[(&str, &str)], variables: &[(&str, &str)]) -> Self {
        let settings = settings.iter().map(|(key, value)| format!("-Sconfig-var={key}={value}"));
        let options: Vec<_> = ["-Sconfig".to_owned()].into_iter().chain(settings).collect();
        Self::of(component, &options.iter().map(String::as_str).collect::<Vec<_>>(), variables)
    }

    fn with(options: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::of(&programs::component(), options, variables)
    }

    fn of(component: &Path, options: &[&str], variables: &[(&str, &str)]) -> Self {
        const TIME_LIMIT: Duration = Duration::from_secs(60);
        let mut command = Command::new(programs::wasmtime());
        command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]).args(options);
        if !options.is_empty() {
            command.env("WASMTIME_LOG", "wasmtime_cli=info");
        }
        for (name, value) in variables {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        let mut child = command
            .arg(component)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("wasmtime cannot be started: {error}"));
        let lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let (send, receive) = mpsc::channel();
        let instances = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = Arc::clone(&instances);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                seen.lock().unwrap_or_else(PoisonError::into_inner).extend(instance(&line));
                let Some((_, url)) = line.split_once("http://") else { continue };
                send.send(url.trim_end_matches('/').to_owned()).ok();
            }
        });
        let address = receive.recv_timeout(TIME_LIMIT);
        let mut service = Self { child, address: String::new(), instances };
        service.address = address.unwrap_or_else(|_| panic!("`wasmtime serve` does not listen"));
        service
    }

    /// The address, as `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The instances that have answered. The service must be started with
    /// [`reusing`](Self::reusing).
    pub fn instances(&self) -> BTreeSet<u64> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The instance that a line of the log names.
fn instance(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once("Instance ")?;
    rest.split_once(" handling request")?.0.parse().ok()
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
