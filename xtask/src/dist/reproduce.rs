//! `cargo xtask reproduce`: the component is built twice from copies of the work tree, and must come out the same to the byte.
//!
//! The copies lie in folders of different names and lengths, and the second build finds the sources of dependencies in another place:
//! whatever of a path is left in the component shows.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow, ensure};

use super::{description, digest, guest, sources};
use crate::{build, shell};

/// Builds it twice, prints both digests, and returns what they agree on.
///
/// # Errors
///
/// When they do not agree.
pub(crate) fn run() -> Result<String> {
    build::target()?;
    let folder = tempfile::tempdir()?;
    let cargo_home = guest::cargo_home().map_err(|error| anyhow!("{error}"))?;
    let another_home = folder.path().join("another-cargo-home");
    std::os::unix::fs::symlink(&cargo_home, &another_home)?;

    // The second is a copy of the first: nobody can save a file between the two.
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
    let component = description::described(&fs::read(guest::made(&target_dir))?)?;
    let digest = digest(&component);
    println!("{digest}  {} bytes, built in {}", component.len(), folder.display());
    Ok(digest)
}
