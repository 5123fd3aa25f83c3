//! `cargo xtask reproduce`: builds the component again from a copy of the work tree and compares the
//! bytes with those that the host embeds.
//!
//! The copy's folder has a name of another length, and its build finds the sources of dependencies
//! elsewhere. So a path in the component would make the bytes differ.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow, ensure};

use super::{description, digest, guest, optimise, sources};
use crate::{shell, tools};

/// Builds the component again and returns its digest. `embedded` is the one in the host.
///
/// # Errors
///
/// If the two differ.
pub(crate) fn run(embedded: &Path) -> Result<String> {
    let embedded = digest(&fs::read(embedded)?);
    let folder = tempfile::tempdir()?;
    let cargo_home = guest::cargo_home().map_err(|error| anyhow!("{error}"))?;
    let another_home = folder.path().join("another-cargo-home");
    std::os::unix::fs::symlink(&cargo_home, &another_home)?;

    let copy = folder.path().join("a copy/deeper down");
    sources::copy(&shell::root(), &copy)?;
    let again = component(&copy, &another_home)?;
    ensure!(
        embedded == again,
        "two builds differ: the host has {embedded}, and a copy of the sources gives {again}. Was a file saved in between?"
    );
    Ok(again)
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
