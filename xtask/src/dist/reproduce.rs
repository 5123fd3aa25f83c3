//! `cargo xtask reproduce`: builds the component twice from copies of the work tree and compares
//! the bytes.
//!
//! The folders have names of different lengths, and the second build finds the sources of
//! dependencies elsewhere. So a path in the component would make the bytes differ.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow, ensure};

use super::{description, digest, guest, optimise, sources};
use crate::{build, shell, tools};

/// Builds the component twice and returns its digest.
///
/// # Errors
///
/// If the two builds differ.
pub(crate) fn run() -> Result<String> {
    build::target()?;
    let folder = tempfile::tempdir()?;
    let cargo_home = guest::cargo_home().map_err(|error| anyhow!("{error}"))?;
    let another_home = folder.path().join("another-cargo-home");
    std::os::unix::fs::symlink(&cargo_home, &another_home)?;

    // The second is copied from the first, so that a file saved in between cannot make them differ.
    let (one, two) = (folder.path().join("one"), folder.path().join("a second one/deeper down"));
    sources::copy(&shell::root(), &one)?;
    sources::copy(&one, &two)?;
    let (first, second) = (component(&one, &cargo_home)?, component(&two, &another_home)?);
    ensure!(first == second, "two builds of the same sources differ: {first} and {second}");
    Ok(first)
}

fn component(folder: &Path, cargo_home: &Path) -> Result<String> {
    let folder = folder.canonicalize()?;
    let target_dir = folder.join("target");
    let cargo = shell::cargo(&[]).get_program().to_owned();
    shell::run(shell::without_own_variables(&mut guest::build(&cargo, &folder, &target_dir, cargo_home)))?;
    let mut component = fs::read(guest::made(&target_dir))?;
    if let Some(wasm_opt) = tools::wasm_opt() {
        component =
            optimise::optimised(&component, wasm_opt, &target_dir).map_err(|error| anyhow!("wasm-opt: {error}"))?;
    }
    let component = description::described(&component)?;
    let digest = digest(&component);
    println!("{digest}  {} bytes, built in {}", component.len(), folder.display());
    Ok(digest)
}
