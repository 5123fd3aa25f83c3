//! Writes the component as an archive for registries, pushes it to one, pulls it, compares the
//! bytes and runs it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use azure_oidc_release::REPOSITORY;
use serde_json::Value;

use super::layout::Layout;
use super::platforms::found;
use super::{digest, sources};
use crate::{shell, tools};

/// The names of the registry's package and program in Debian.
const DEBIAN: &str = "docker-registry";

/// What a release calls the component for registries.
pub(super) const ARCHIVE: &str = "azure_oidc.oci.tar";

/// A registry on loopback with its files in a folder. It is stopped when this is dropped.
struct Registry {
    child: Child,
    address: String,
    folder: PathBuf,
}

/// Pushes the WIT package, and the component from its archive. Then pulls and runs the component.
pub(super) fn round_trip(component: &Path, package: &Path, host: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let registry = Registry::start(folder.path())?;
    let revision = sources::revision()?;
    let version = env!("CARGO_PKG_VERSION");
    let annotations = [
        ("org.opencontainers.image.title", "azure-oidc"),
        ("org.opencontainers.image.version", version),
        ("org.opencontainers.image.licenses", env!("CARGO_PKG_LICENSE")),
        ("org.opencontainers.image.source", REPOSITORY),
        ("org.opencontainers.image.revision", revision.as_str()),
    ];
    registry.push("azure-oidc-federation", package, &annotations)?;
    let epoch = sources::epoch()?.parse()?;
    let layout = Layout::of(&fs::read(component)?, &annotations, version, epoch)?;
    let archive = component.with_file_name(ARCHIVE);
    fs::write(&archive, layout.archive(epoch)?)?;
    let manifest = match found("skopeo") {
        Some(skopeo) => {
            registry.copy(&skopeo, &archive)?;
            layout.manifest
        }
        None => {
            println!("{ARCHIVE} was not pushed, because skopeo is not installed; wkg pushed the component instead");
            registry.push("azure-oidc", component, &annotations)?
        }
    };
    registry.judge(&manifest, &digest(&fs::read(component)?), &annotations)?;

    let pulled = folder.path().join("pulled.wasm");
    shell::run(registry.wkg("pull")?.arg(registry.reference("azure-oidc", &manifest)).arg("--output").arg(&pulled))?;
    ensure!(fs::read(&pulled)? == fs::read(component)?, "the pulled component is not the pushed one");

    let command = ["explain", "AADSTS700213"];
    let stock = shell::output(Command::new(tools::wasmtime()?).args(["run", "-S", "http"]).arg(&pulled).args(command))?;
    let own = shell::output(Command::new(host).args(command))?;
    ensure!(
        stock == own && stock.contains("700213"),
        "the pulled component does not answer as the host does:\n{stock}"
    );
    println!("pushed, pulled by digest and run: azure-oidc@sha256:{manifest}");
    Ok(())
}

impl Registry {
    fn start(folder: &Path) -> Result<Self> {
        let configuration = folder.join("registry.json");
        // JSON is valid YAML.
        let settings = serde_json::json!({
            "version": "0.1",
            "log": { "level": "info", "accesslog": { "disabled": true } },
            "storage": { "filesystem": { "rootdirectory": folder.join("registry") } },
            "http": { "addr": "127.0.0.1:0" },
        });
        fs::write(&configuration, settings.to_string())?;
        let log = folder.join("registry.log");
        let mut command = Command::new(program(folder)?);
        command.arg("serve").arg(&configuration).env("OTEL_TRACES_EXPORTER", "none");
        command.stdin(Stdio::null()).stdout(File::create(folder.join("registry.out"))?).stderr(Stdio::piped());
        let mut child = command.spawn().context("the registry could not be started")?;
        let lines = BufReader::new(child.stderr.take().context("the registry has no output")?);
        let mut registry = Self { child, address: String::new(), folder: folder.to_owned() };
        let mut seen = String::new();
        let mut lines = lines.lines();
        for line in lines.by_ref() {
            let line = line?;
            if let Some((_, address)) = line.split_once("listening on ") {
                let end = address.find(|letter: char| letter != ':' && letter != '.' && !letter.is_ascii_digit());
                registry.address = address[..end.unwrap_or(address.len())].to_owned();
                break;
            }
            seen.push_str(&line);
            seen.push('\n');
        }
        ensure!(!registry.address.is_empty(), "the registry ended:\n{seen}");
        // The registry would block if nobody read its output.
        let mut log = File::create(log)?;
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                std::io::Write::write_all(&mut log, line.as_bytes()).ok();
            }
        });
        Ok(registry)
    }

    fn wkg(&self, subcommand: &str) -> Result<Command> {
        let mut command = Command::new(tools::wkg()?);
        command.args(["oci", subcommand, "--insecure", &self.address]);
        // Without the user's settings and credentials.
        command.env("DOCKER_CONFIG", &self.folder).env("XDG_CONFIG_HOME", &self.folder).env("HOME", &self.folder);
        Ok(command)
    }

    fn reference(&self, name: &str, manifest: &str) -> String {
        format!("{}/{name}@sha256:{manifest}", self.address)
    }

    /// Pushes a file with the version as tag and returns the digest of its manifest.
    fn push(&self, name: &str, file: &Path, annotations: &[(&str, &str)]) -> Result<String> {
        let mut push = self.wkg("push")?;
        for (key, value) in annotations {
            push.args(["--annotation", &format!("{key}={value}")]);
        }
        push.arg(format!("{}/{name}:{}", self.address, env!("CARGO_PKG_VERSION"))).arg(file);
        let output = shell::output(&mut push)?;
        let digest = output.lines().find_map(|line| line.strip_prefix("digest: sha256:"));
        Ok(digest.with_context(|| format!("wkg printed no digest: {output}"))?.to_owned())
    }

    /// Pushes the archive of the component without changing it.
    fn copy(&self, skopeo: &Path, archive: &Path) -> Result<()> {
        let version = env!("CARGO_PKG_VERSION");
        let mut copy = Command::new(skopeo);
        copy.args(["--insecure-policy", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false"]);
        copy.arg(format!("oci-archive:{}:{version}", archive.display()));
        copy.arg(format!("docker://{}/azure-oidc:{version}", self.address));
        shell::run(copy.env("REGISTRY_AUTH_FILE", self.folder.join("none")).env("HOME", &self.folder))
    }

    /// Checks the manifest that the registry stores.
    fn judge(&self, manifest: &str, component: &str, annotations: &[(&str, &str)]) -> Result<()> {
        let blobs = self.folder.join("registry/docker/registry/v2/blobs/sha256");
        let kept = fs::read(blobs.join(&manifest[..2]).join(manifest).join("data"))?;
        ensure!(digest(&kept) == manifest, "the registry has another manifest at {manifest}");
        let kept: Value = serde_json::from_slice(&kept)?;
        let layers = kept["layers"].as_array().context("the manifest has no layers")?;
        ensure!(layers.len() == 1, "the component has {} layers instead of one", layers.len());
        ensure!(layers[0]["digest"] == format!("sha256:{component}"), "the layer is not the component");
        ensure!(layers[0]["mediaType"] == "application/wasm", "the layer is a {}", layers[0]["mediaType"]);
        for (key, value) in annotations {
            ensure!(kept["annotations"][*key] == *value, "{key} is {}", kept["annotations"][*key]);
        }
        Ok(())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The registry of this machine. If there is none, Debian's package is unpacked but not installed,
/// so that no service starts.
fn program(folder: &Path) -> Result<PathBuf> {
    if let Some(path) = found(DEBIAN) {
        return Ok(path);
    }
    let missing = || format!("{DEBIAN} is missing; on Debian: apt-get install {DEBIAN}");
    let package = folder.join("package");
    fs::create_dir(&package)?;
    shell::run(Command::new("apt-get").args(["download", DEBIAN]).current_dir(&package)).with_context(missing)?;
    let file = fs::read_dir(&package)?.next().with_context(missing)??.path();
    shell::run(Command::new("dpkg").arg("--extract").arg(file).arg(&package)).with_context(missing)?;
    Ok(package.join("usr/bin").join(DEBIAN))
}
