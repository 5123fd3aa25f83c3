//! A copy of the work tree, as somebody else has it who clones what is about to be committed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// Copies what git does not ignore: a checkout, and the changes that are not committed yet.
pub(super) fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in list()? {
        let (from, to) = (from.join(&file), to.join(&file));
        // Listed but not there: deleted, and not committed yet.
        if from.is_file() {
            fs::create_dir_all(to.parent().context("a file lies in a folder")?)?;
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

/// The commit that is checked out; with `-dirty` when the work tree differs from it.
pub(super) fn revision() -> Result<String> {
    let mut describe = Command::new("git");
    describe.args(["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]).current_dir(shell::root());
    Ok(shell::output(&mut describe)?.trim_end().to_owned())
}

/// When that commit was made, in seconds since 1970: what a build may say of time without being another one tomorrow.
pub(super) fn epoch() -> Result<String> {
    let mut log = Command::new("git");
    log.args(["log", "-1", "--format=%ct"]).current_dir(shell::root());
    Ok(shell::output(&mut log)?.trim_end().to_owned())
}
