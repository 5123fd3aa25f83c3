//! Starts Spin and wasmCloud with the manifests of `examples`, if they are on the `PATH`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::http;
use crate::programs;
use crate::relay::Relay;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
/// An engine compiles the component first.
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// The time for an engine to end by itself.
const GRACE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
/// The authority in the manifests.
const PUBLIC: &str = "login.microsoftonline.com";

/// An engine that is on the `PATH`.
#[derive(Debug, Clone)]
pub(in crate::conformance) struct Found {
    kind: Kind,
    version: String,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Spin,
    WasmCloud,
}

/// A running engine. It and its children are ended when this is dropped.
pub(super) struct Engine {
    child: Child,
    address: String,
    // Deleted after the child has ended.
    _folder: TempDir,
}

/// The engines on the `PATH`. The others are added to `missing`.
pub(super) fn find(missing: &mut Vec<String>) -> Vec<Found> {
    let kinds = [(Kind::Spin, "spin"), (Kind::WasmCloud, "wash")];
    let found = kinds.into_iter().filter_map(|(kind, program)| {
        let asked = Command::new(program).arg("--version").stdin(Stdio::null()).output();
        match asked {
            Ok(output) if output.status.success() => {
                let said = String::from_utf8_lossy(&output.stdout);
                let version = said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
                Some(Found { kind, version: version.unwrap_or("?").to_owned() })
            }
            _ => {
                missing.push(format!("`{program}` is not on the PATH"));
                None
            }
        }
    });
    found.collect()
}

impl Found {
    pub(super) fn name(&self) -> String {
        let name = match self.kind {
            Kind::Spin => "spin up",
            Kind::WasmCloud => "wash dev",
        };
        format!("{name} {}", self.version)
    }

    /// Starts the engine in a copy of the example's folder, with the component beside the manifest.
    pub(super) fn start(&self, variables: &[(&str, &str)], relay: &Relay) -> Engine {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let here = folder.path();
        fs::copy(programs::component(), here.join("azure_oidc.wasm")).expect("it can be copied");
        // Nothing else uses the free port on purpose before the engine does.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("there is one");
        let address = port.to_string();
        let mut command = match self.kind {
            Kind::Spin => spin(here, &address, variables, relay),
            Kind::WasmCloud => wash(here, &address, variables, relay),
        };
        let mut engine = Engine::start(command.current_dir(here), address, folder);
        engine.wait(&self.name());
        engine
    }
}

fn spin(here: &Path, address: &str, variables: &[(&str, &str)], relay: &Relay) -> Command {
    let manifest = fs::read_to_string(Path::new(EXAMPLES).join("spin/spin.toml")).expect("it can be read");
    fs::write(here.join("spin.toml"), without_environment(&manifest)).expect("it can be written");
    let mut command = Command::new("spin");
    command.args(["up", "--from", "spin.toml", "--listen", address]).env("SPIN_VARIABLE_AUTHORITY", relay.url());
    variables.iter().for_each(|(name, value)| {
        command.args(["--env", &format!("{name}={value}")]);
    });
    command
}

fn wash(here: &Path, address: &str, variables: &[(&str, &str)], relay: &Relay) -> Command {
    let manifest = Path::new(EXAMPLES).join("wasmcloud/.wash/config.yaml");
    let manifest = fs::read_to_string(manifest).expect("it can be read");
    let authority = relay.url().trim_start_matches("http://");
    let manifest = manifest.replace(PUBLIC, authority).replace("127.0.0.1:8000", address);
    fs::create_dir_all(here.join(".wash")).expect("it can be made");
    fs::write(here.join(".wash/config.yaml"), with_environment(&manifest, variables)).expect("it can be written");
    let mut command = Command::new("wash");
    command.arg("dev");
    command
}

/// Removes the variables of the manifest, because `--env` only adds to them.
fn without_environment(manifest: &str) -> String {
    let mut inside = false;
    let kept = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            inside = *line == "[component.azure-oidc.environment]";
        }
        !inside
    });
    kept.map(|line| format!("{line}\n")).collect()
}

/// Replaces the variables in `workload.environment.config` of the manifest.
fn with_environment(manifest: &str, variables: &[(&str, &str)]) -> String {
    const BLOCK: &str = "    config:";
    const MEMBER: &str = "      ";
    let mut lines: Vec<String> = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        inside = inside && line.starts_with(MEMBER);
        if inside {
            continue;
        }
        inside = line.starts_with(BLOCK);
        if inside && variables.is_empty() {
            lines.push(format!("{BLOCK} {{}}"));
            continue;
        }
        lines.push(line.to_owned());
        if inside {
            lines.extend(variables.iter().map(|(name, value)| format!("{MEMBER}{name}: \"{value}\"")));
        }
    }
    lines.join("\n") + "\n"
}

impl Engine {
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Starts it in a process group of its own: `spin up` runs its trigger as a child.
    fn start(command: &mut Command, address: String, folder: TempDir) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0).spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, address, _folder: folder }
    }

    /// Waits until the component answers. `wash dev` listens, and answers 404, long before that.
    fn wait(&mut self, name: &str) {
        let since = Instant::now();
        loop {
            let status = http::try_send(&self.address, "GET", "/healthz").map(|answer| answer.status());
            if matches!(status, Ok(200)) {
                return;
            }
            let ended = self.child.try_wait().expect("it was started");
            assert!(ended.is_none(), "{name} ended with {ended:?}");
            assert!(since.elapsed() < TIME_LIMIT, "{name} does not answer /healthz: {status:?}");
            thread::sleep(PAUSE);
        }
    }

    /// Sends a signal to the engine and its children.
    fn signal(&self, name: &str) {
        let group = format!("-{}", self.child.id());
        Command::new("kill").args([&format!("-{name}"), "--", &group]).stderr(Stdio::null()).status().ok();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.signal("TERM");
        let since = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && since.elapsed() < GRACE {
            thread::sleep(PAUSE);
        }
        // Also what the engine left behind.
        self.signal("KILL");
        self.child.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_for_wasmcloud_takes_other_variables_and_keeps_the_rest() {
        let manifest =
            fs::read_to_string(Path::new(EXAMPLES).join("wasmcloud/.wash/config.yaml")).expect("it is there");
        let changed = with_environment(&manifest, &[("A", "1")]);
        assert!(
            changed.contains("    config:\n      A: \"1\"\n") && !changed.contains("AZURE_TENANT_ID:"),
            "{changed}"
        );
        assert!(changed.contains(PUBLIC) && changed.contains("127.0.0.1:8000"), "{changed}");
        let none = with_environment(&manifest, &[]);
        assert!(none.contains("    config: {}\n") && !none.contains("AZURE_TENANT_ID:"), "{none}");
    }

    #[test]
    fn the_manifest_for_spin_keeps_everything_but_the_variables() {
        let manifest = fs::read_to_string(Path::new(EXAMPLES).join("spin/spin.toml")).expect("it is there");
        let stripped = without_environment(&manifest);
        assert!(manifest.contains("AZURE_TENANT_ID") && !stripped.contains("AZURE_TENANT_ID"), "{stripped}");
        assert!(!stripped.contains("environment]") && stripped.contains("allowed_outbound_hosts"), "{stripped}");
        let followed = without_environment("[component.azure-oidc.environment]\nA = \"1\"\n[last]\nb = 2\n");
        assert_eq!(followed, "[last]\nb = 2\n");
    }

    /// A stand-in for `spin up`: a shell whose child serves, and which ends without it.
    fn server(script: &str) -> Engine {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = listener.local_addr().expect("it has one").to_string();
        drop(listener);
        let port = address.rsplit(':').next().expect("it has one").to_owned();
        let mut command = Command::new("sh");
        command.args(["-c", "python3 -c \"$0\" \"$1\" & wait", script, &port]);
        Engine::start(&mut command, address, folder)
    }

    #[test]
    fn an_engine_that_answers_404_at_first_is_waited_for_and_its_children_end_with_it() {
        let mut engine = server(
            "import http.server as h, signal, sys\n\
             signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
             asked = []\n\
             class Handler(h.BaseHTTPRequestHandler):\n    \
                 def do_GET(self):\n        \
                     asked.append(self.path)\n        \
                     self.send_response(200 if len(asked) > 3 else 404)\n        \
                     self.send_header('content-length', '0')\n        \
                     self.end_headers()\n\
             h.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n",
        );
        engine.wait("the stand-in");
        let address = engine.address().to_owned();
        assert_eq!(http::try_send(&address, "GET", "/").expect("it answers").status(), 200);
        drop(engine);
        assert!(http::try_send(&address, "GET", "/").is_err(), "the child is still there");
    }

    #[test]
    #[should_panic(expected = "the stand-in ended")]
    fn an_engine_that_ends_is_not_waited_for() {
        server("import sys; sys.exit(3)").wait("the stand-in");
    }
}
