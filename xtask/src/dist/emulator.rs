//! Builds the emulator for containers, as the static program of a release.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::platforms::{Platform, program};
use crate::shell;

const PACKAGE: &str = "azure-oidc-emulator";

/// Builds the emulator for a processor into a folder, with the compiler of the host's build, and runs
/// a command beside it where this machine can.
pub(super) fn build(folder: &Path, arch: &str, platform: &Platform, component: &Path) -> Result<()> {
    let host = platform.cargo("build", component)?;
    let mut cargo =
        shell::cargo(&["build", "--release", "--locked", "--package", PACKAGE, "--target", platform.triple]);
    cargo.envs(host.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell::run(&mut cargo)?;
    let file = folder.join(format!("{PACKAGE}-linux-{arch}"));
    fs::copy(program(platform)?.with_file_name(PACKAGE), &file)?;
    if platform.is_native() {
        shell::run(Command::new(&file).args(["run", "--port=0", "--", "/bin/true"]))?;
    }
    Ok(())
}
