//! Builds the component with cargo. The build script and `cargo xtask reproduce` both include this
//! file, so that a rebuilt component is built in the same way as the embedded one.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

/// The target of the component.
pub(crate) const WASM_TARGET: &str = "wasm32-wasip2";
const PACKAGE: &str = "azure-oidc-component";
const LIBRARY: &str = "azure_oidc_component";
const PROFILE: &str = "component";

/// The cargo command that builds the component of `workspace`. It has its own target and profile,
/// and does not use the flags of the outer build.
pub(crate) fn build(cargo: &OsStr, workspace: &Path, target_dir: &Path, cargo_home: &Path) -> Command {
    let mut command = Command::new(cargo);
    command
        .current_dir(workspace)
        .args(["build", "--locked", "--lib", "--package", PACKAGE, "--target", WASM_TARGET, "--profile", PROFILE])
        .arg("--target-dir")
        .arg(target_dir)
        .env("CARGO_HOME", cargo_home)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(workspace, cargo_home))
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CLIPPY_ARGS");
    command
}

/// The path of the component that [`build`] writes.
pub(crate) fn made(target_dir: &Path) -> PathBuf {
    target_dir.join(WASM_TARGET).join(PROFILE).join(LIBRARY).with_extension("wasm")
}

/// The folder with the sources of dependencies.
pub(crate) fn cargo_home() -> Result<PathBuf, Box<dyn Error>> {
    let given = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = given.or_else(|| Some(env::home_dir()?.join(".cargo")));
    home.ok_or_else(|| io::Error::other("neither CARGO_HOME nor a home folder is known").into())
}

/// The compiler's flags, in cargo's encoding. A component is always loaded at the same address, so
/// its code need not be relocatable. Paths of this machine are replaced, so that a build elsewhere
/// gives the same bytes.
fn flags(workspace: &Path, cargo_home: &Path) -> String {
    [
        "-Crelocation-model=static".to_owned(),
        format!("--remap-path-prefix={}=registry", cargo_home.join("registry").join("src").display()),
        format!("--remap-path-prefix={}/=", workspace.display()),
    ]
    .join("\u{1f}")
}
