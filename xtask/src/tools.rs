//! Tools that the tests need and that cargo can install, in a folder that outlives a clone.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{build, shell};

/// The stock wasmtime CLI, in the version whose runtime the host embeds.
const WASMTIME: Tool = Tool { package: "wasmtime-cli", binary: "wasmtime", version: "48.0.8" };
/// Licences and sources of dependencies.
const DENY: Tool = Tool { package: "cargo-deny", binary: "cargo-deny", version: "0.20.2" };

struct Tool {
    package: &'static str,
    binary: &'static str,
    version: &'static str,
}

/// The stock wasmtime CLI; some minutes the first time.
pub(crate) fn wasmtime() -> Result<PathBuf> {
    WASMTIME.install()
}

/// cargo-deny.
pub(crate) fn deny() -> Result<PathBuf> {
    DENY.install()
}

impl Tool {
    fn install(&self) -> Result<PathBuf> {
        let folder = folder()?;
        let binary = folder.join("bin").join(self.binary);
        let present = shell::output(std::process::Command::new(&binary).arg("--version")).unwrap_or_default();
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

/// `AZURE_OIDC_TOOLS`, else a folder in the user's cache.
fn folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("AZURE_OIDC_TOOLS") {
        return Ok(folder.into());
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    Ok(cache.context("no home folder; set AZURE_OIDC_TOOLS to a folder for tools")?.join("azure-oidc").join("tools"))
}
