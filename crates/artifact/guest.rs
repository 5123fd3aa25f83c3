//! How the component is built. The build script and `cargo xtask reproduce` both include this very file: what is built twice and
//! compared is built as what is carried.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

/// What the component is compiled for.
pub(crate) const WASM_TARGET: &str = "wasm32-wasip2";
const PACKAGE: &str = "azure-oidc-component";
const LIBRARY: &str = "azure_oidc_component";
const PROFILE: &str = "component";

/// A cargo of its own for the component of `workspace`: another target, another profile, none of the flags of the build around it.
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

/// Where [`build`] leaves the component.
pub(crate) fn made(target_dir: &Path) -> PathBuf {
    target_dir.join(WASM_TARGET).join(PROFILE).join(LIBRARY).with_extension("wasm")
}

/// The folder in which cargo keeps the sources of dependencies.
pub(crate) fn cargo_home() -> Result<PathBuf, Box<dyn Error>> {
    let given = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = given.or_else(|| Some(env::home_dir()?.join(".cargo")));
    home.ok_or_else(|| io::Error::other("neither CARGO_HOME nor a home folder is known").into())
}

/// The compiler's flags, in cargo's encoding. A component is never loaded at another address, so its code need not be independent
/// of it. Copies of small functions in many places make it larger and gain little: with less than half of the usual limit for them, a
/// check takes as long as before and the component is a twentieth smaller. Paths of this machine are no part of a component that others are to rebuild to the same bytes.
fn flags(workspace: &Path, cargo_home: &Path) -> String {
    [
        "-Crelocation-model=static".to_owned(),
        "-Cllvm-args=-inline-threshold=90".to_owned(),
        format!("--remap-path-prefix={}=registry", cargo_home.join("registry").join("src").display()),
        format!("--remap-path-prefix={}/=", workspace.display()),
    ]
    .join("\u{1f}")
}
