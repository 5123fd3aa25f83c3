//! Builds what the other commands run: the host with the component inside it, and the emulator.

use std::path::PathBuf;

use anyhow::Result;

use crate::shell;

/// Where things are, once built.
pub(crate) struct Built {
    pub(crate) host: PathBuf,
    pub(crate) emulator: PathBuf,
    /// The bytes that the host embeds, written out by the host itself.
    pub(crate) component: PathBuf,
}

/// Builds all of it in the release profile.
///
/// The host is built by a command of its own: beside a package that links wasmtime's compiler, features would unify and the
/// compiler would end up in the host.
pub(crate) fn everything() -> Result<Built> {
    target()?;
    shell::run(&mut shell::cargo(&["build", "--release", "--locked", "--package", "azure-oidc"]))?;
    shell::run(&mut shell::cargo(&["build", "--release", "--locked", "--package", "azure-oidc-emulator"]))?;
    let folder = target_folder().join("release");
    let built = Built {
        host: folder.join("azure-oidc"),
        emulator: folder.join("azure-oidc-emulator"),
        component: folder.join("azure_oidc.wasm"),
    };
    let mut write = std::process::Command::new(&built.host);
    shell::output(write.args(["component", "--output"]).arg(&built.component))?;
    Ok(built)
}

/// Adds the component's target where it is missing.
pub(crate) fn target() -> Result<()> {
    add_target("wasm32-wasip2")
}

/// Adds a target to the toolchain where it is missing.
pub(crate) fn add_target(triple: &str) -> Result<()> {
    let mut list = std::process::Command::new("rustup");
    let installed = shell::output(list.args(["target", "list", "--installed"]).current_dir(shell::root()))?;
    if installed.lines().any(|line| line.trim() == triple) {
        return Ok(());
    }
    shell::run(std::process::Command::new("rustup").args(["target", "add", triple]).current_dir(shell::root()))
}

/// Cargo's target folder.
pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| shell::root().join("target"), PathBuf::from)
}
