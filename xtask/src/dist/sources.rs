//! Copies the work tree as a clone after the next commit would be.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// Copies what git does not ignore, including changes that are not committed.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in list()? {
        let (from, to) = (from.join(&file), to.join(&file));
        // The file is deleted, and this is not committed.
        if from.is_file() {
            fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
            fs::copy(&from, &to).with_context(|| format!("{file} cannot be copied"))?;
        }
    }
    Ok(())
}

fn list() -> Result<Vec<String>> {
    let mut list = Command::new("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(shell::root());
    Ok(shell::output(&mut list)?.split_terminator('\0').map(ToOwned::to_owned).collect())
}

/// The current commit, with `-dirty` if the work tree differs from it.
pub(super) fn revision() -> Result<String> {
    let mut describe = Command::new("git");
    describe.args(["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]).current_dir(shell::root());
    Ok(shell::output(&mut describe)?.trim_end().to_owned())
}

/// The time of the commit, in seconds since 1970. Builds use it instead of the current time.
pub(super) fn epoch() -> Result<String> {
    let mut log = Command::new("git");
    log.args(["log", "-1", "--format=%ct"]).current_dir(shell::root());
    Ok(shell::output(&mut log)?.trim_end().to_owned())
}
