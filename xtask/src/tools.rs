//! Installs tools for tests and releases with cargo and npm, in a folder that is shared by all
//! clones.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, Result};

use crate::{build, shell};

/// The stock wasmtime CLI, in the version of the host's runtime.
const WASMTIME: Tool = Tool { package: "wasmtime-cli", binary: "wasmtime", version: "48.0.8", ask: &["--version"] };
/// Checks licences and sources of dependencies.
const DENY: Tool = Tool { package: "cargo-deny", binary: "cargo-deny", version: "0.20.2", ask: &["--version"] };

/// Runs libFuzzer.
const FUZZ: Tool = Tool { package: "cargo-fuzz", binary: "cargo-fuzz", version: "0.13.1", ask: &["--version"] };

/// Pushes components to registries and pulls them.
const WKG: Tool = Tool { package: "wkg", binary: "wkg", version: "0.16.1", ask: &["--version"] };
/// Writes bills of materials.
const CYCLONEDX: Tool =
    Tool { package: "cargo-cyclonedx", binary: "cargo-cyclonedx", version: "0.5.9", ask: &["cyclonedx", "--version"] };

struct Tool {
    package: &'static str,
    binary: &'static str,
    version: &'static str,
    /// The argument that prints the version.
    ask: &'static [&'static str],
}

/// The stock wasmtime CLI. The installation takes some minutes.
pub(crate) fn wasmtime() -> Result<PathBuf> {
    WASMTIME.install()
}

/// cargo-deny.
pub(crate) fn deny() -> Result<PathBuf> {
    DENY.install()
}

/// wkg.
pub(crate) fn wkg() -> Result<PathBuf> {
    WKG.install()
}

/// cargo-cyclonedx.
pub(crate) fn cyclonedx() -> Result<PathBuf> {
    CYCLONEDX.install()
}

/// cargo-fuzz.
pub(crate) fn fuzz() -> Result<PathBuf> {
    FUZZ.install()
}

/// jco. The installation takes half a minute.
pub(crate) fn jco() -> Result<PathBuf> {
    Ok(npm("@bytecodealliance/jco", "1.35.0")?.join("dist/jco.js"))
}

/// Binaryen's `wasm-opt`, which makes the component smaller. Without npm there is none; the
/// component is then a tenth larger, and its digest is not that of a release.
pub(crate) fn wasm_opt() -> Option<&'static Path> {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let installed = || match npm("binaryen", "132.0.0") {
        Ok(package) => Some(package.join("bin/wasm-opt")),
        Err(error) => {
            eprintln!("the component is not optimised, and is a tenth larger than that of a release: {error:#}");
            None
        }
    };
    PROGRAM.get_or_init(installed).as_deref()
}

/// The folder of `az`. The installation takes half a minute, in an environment of Python's own.
/// Without pip there is none, and what needs it is not tested.
pub(crate) fn az() -> Option<PathBuf> {
    pip("azure-cli-2.91.0", "tests/tests/exec/az/requirements.txt")
        .inspect_err(|error| eprintln!("az is not tested, because it cannot be installed: {error:#}"))
        .ok()
}

/// A Python with Zig, whose C compiler has the headers of macOS. The installation downloads 100 MB.
pub(crate) fn zig() -> Result<PathBuf> {
    Ok(pip("ziglang-0.17.1", "xtask/src/dist/zig.txt")?.join("python"))
}

/// The folder of the programs of an environment of Python's own, with the packages of a file.
fn pip(name: &str, pins: &str) -> Result<PathBuf> {
    let pins = shell::root().join(pins);
    let place = folder()?.join(name);
    let (bin, stamp) = (place.join("bin"), place.join("installed.txt"));
    let wanted = std::fs::read_to_string(&pins)?;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(bin);
    }
    shell::run(std::process::Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place))?;
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r"];
    shell::run(std::process::Command::new(bin.join("python")).args(pip).arg(&pins))?;
    std::fs::write(stamp, wanted)?;
    Ok(bin)
}

/// The folder of a package of npm.
fn npm(package: &str, version: &str) -> Result<PathBuf> {
    let name = package.rsplit('/').next().unwrap_or(package);
    let place = folder()?.join(format!("{name}-{version}"));
    if !place.join("installed").is_file() {
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"];
        let mut install = std::process::Command::new(npm);
        install.arg("install").args(options).arg(&place).arg(format!("{package}@{version}"));
        std::fs::create_dir_all(&place)?;
        shell::run(&mut install)?;
        std::fs::write(place.join("installed"), version)?;
    }
    Ok(place.join("node_modules").join(package))
}

impl Tool {
    fn install(&self) -> Result<PathBuf> {
        let folder = folder()?;
        let binary = folder.join("bin").join(self.binary);
        let present = shell::output(std::process::Command::new(&binary).args(self.ask)).unwrap_or_default();
        if present.split_whitespace().any(|word| word == self.version) {
            return Ok(binary);
        }
        let build = build::target_folder().join("tools");
        shell::run(
            shell::cargo(&["install", self.package, "--version", self.version, "--locked", "--force"])
                .arg("--root")
                .arg(&folder)
                .arg("--target-dir")
                .arg(build),
        )?;
        Ok(binary)
    }
}

/// `AZURE_OIDC_TOOLS`, or else a folder in the user's cache.
fn folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("AZURE_OIDC_TOOLS") {
        return Ok(folder.into());
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    Ok(cache.context("no home folder; set AZURE_OIDC_TOOLS to a folder for tools")?.join("azure-oidc").join("tools"))
}
