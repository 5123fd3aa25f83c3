//! Starts Spin and wasmCloud with the manifests of `examples`, if they are on the `PATH`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::programs;
use crate::relay::Relay;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
const TIME_LIMIT: Duration = Duration::from_secs(120);
/// The authority in the manifests.
const PUBLIC: &str = "login.microsoftonline.com";

/// An engine that is on the `PATH`.
#[derive(Debug, Clone)]
pub(super) struct Found {
    kind: Kind,
    version: String,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Spin,
    WasmCloud,
}

/// A running engine. It is stopped when this is dropped.
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
        let child = command.current_dir(here).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        let engine = Engine { child, address, _folder: folder };
        engine.wait(&self.name());
        engine
    }
}

fn spin(here: &Path, address: &str, variables: &[(&str, &str)], relay: &Relay) -> Command {
    fs::copy(Path::new(EXAMPLES).join("spin/spin.toml"), here.join("spin.toml")).expect("it can be copied");
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

    fn wait(&self, name: &str) {
        let since = Instant::now();
        while TcpStream::connect(&self.address).is_err() {
            assert!(since.elapsed() < TIME_LIMIT, "{name} does not listen");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.child.kill().ok();
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
}
