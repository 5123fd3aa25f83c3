//! Removes the files of a broker that was killed.
//!
//! A broker removes its files itself. One that is killed with SIGKILL cannot, so it has a helper: a
//! process that only waits for the broker's end, and then removes what is still there.

use std::fs;
use std::io::{self, BufRead, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};

use serde::{Deserialize, Serialize};

use super::process::{GUARD, own_program};

/// A file or folder that this run made.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Made {
    path: PathBuf,
    /// Together with the next one: which file it is, as another may have its name later.
    device: u64,
    inode: u64,
    /// When a file was written, as a new one can have the number of the old one.
    written: Option<(i64, i64)>,
}

impl Made {
    /// What is at this path now.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        // The helper may have another folder.
        let path = std::path::absolute(path)?;
        let metadata = fs::symlink_metadata(&path)?;
        let written = (!metadata.is_dir()).then(|| (metadata.mtime(), metadata.mtime_nsec()));
        Ok(Self { path, device: metadata.dev(), inode: metadata.ino(), written })
    }

    /// Removes it, and what is in it, unless something else has taken its name.
    pub(super) fn remove(&self) {
        if Self::at(&self.path).is_ok_and(|now| now == *self) {
            fs::remove_file(&self.path).or_else(|_| fs::remove_dir_all(&self.path)).ok();
        }
    }
}

/// The helper of a broker. When this is dropped, or this process ends in any other way, the helper
/// removes what it was told of, and ends.
#[derive(Debug)]
pub(super) struct Guard(ChildStdin);

impl Guard {
    /// Starts the helper, apart from the signals of a terminal.
    pub(super) fn start() -> io::Result<Self> {
        let mut helper = own_program(GUARD)?;
        let mut child =
            helper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()?;
        child.stdin.take().map(Self).ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// Has the helper remove this.
    pub(super) fn watch_over(&mut self, made: &Made) -> io::Result<()> {
        self.0.write_all(format!("{}\n", serde_json::to_string(made)?).as_bytes())
    }
}

/// The helper's own work: reads what to remove until the broker has ended, and removes it.
pub(super) fn run() {
    let lines = io::stdin().lock().lines().map_while(Result::ok);
    let made: Vec<Made> = lines.filter_map(|line| serde_json::from_str(&line).ok()).collect();
    made.iter().for_each(Made::remove);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (file, inner) = (folder.path().join("file"), folder.path().join("inner"));
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("token"), "secret").unwrap();
        fs::write(&file, "ours").unwrap();
        let made = [Made::at(&file).unwrap(), Made::at(&inner).unwrap()];
        fs::rename(&file, folder.path().join("renamed")).unwrap();
        fs::write(&file, "theirs").unwrap();
        made.iter().for_each(Made::remove);
        assert_eq!(fs::read(&file).unwrap(), b"theirs");
        assert!(!inner.exists());
    }
}
