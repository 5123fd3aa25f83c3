//! Builds the programs that the other commands run: the host with the component, and the emulator.

use std::path::PathBuf;

use anyhow::Result;

use crate::shell;

/// The target of components.
const WASM: &str = "wasm32-wasip2";

/// The paths of what was built.
pub(crate) struct Built {
    pub(crate) host: PathBuf,
    pub(crate) emulator: PathBuf,
    /// The component, written to a file by the host that embeds it.
    pub(crate) component: PathBuf,
}

/// Builds everything in the release profile.
///
/// The host has a separate cargo command: together with a package that links wasmtime's compiler,
/// cargo would unify features and put the compiler into the host.
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

/// Builds components of an example, and returns the folder that they are in.
pub(crate) fn example(package: &str, what: &[&str]) -> Result<PathBuf> {
    target()?;
    let mut command = shell::cargo(&["build", "--locked", "--profile", "component", "--target", WASM, "--package"]);
    shell::run(command.arg(package).args(what))?;
    Ok(target_folder().join(WASM).join("component"))
}

/// Builds the component of `examples/deploy/settings` with a feature, or none, and returns a copy.
pub(crate) fn settings(feature: &str) -> Result<PathBuf> {
    let folder = example("azure-oidc-settings", &["--lib", "--features", feature])?;
    let copy = folder.join(format!("settings-{feature}.wasm"));
    std::fs::copy(folder.join("azure_oidc_settings.wasm"), &copy)?;
    Ok(copy)
}

/// Installs Rust's target for the component if it is missing.
pub(crate) fn target() -> Result<()> {
    add_target(WASM)
}

/// Installs a target of Rust if it is missing.
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
