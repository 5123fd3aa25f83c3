//! A file that is written as a whole, readable by its owner only: it is complete as soon as it is
//! there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::place::{folder_of, for_owner, is_at, not_a_file, prove_folder};
use super::scratch::{self, Scratch};

/// The new contents of a file.
#[derive(Debug)]
pub(super) struct Replacement {
    path: PathBuf,
    file: File,
    length: u64,
    /// The contents before, in a folder that is removed when this is dropped.
    earlier: Option<(PathBuf, Scratch)>,
}

impl Replacement {
    /// Finds out whether the file can be replaced or created, and removes what interrupted runs left
    /// in its folder. Leaves nothing behind.
    pub(super) fn prove(path: &Path) -> io::Result<()> {
        is_there(path)?;
        prove_new_file(folder_of(path))
    }

    /// Writes the contents, byte for byte, to a file without a name, and gives it the name. Where the
    /// system cannot do that, the file has a temporary name first.
    pub(super) fn write(path: &Path, contents: &[u8]) -> io::Result<Self> {
        let mut file = prove_folder(folder_of(path))?;
        file.write_all(contents)?;
        let (path, length) = (path.to_owned(), contents.len() as u64);
        if !is_there(&path)? && link(&file, &path).is_ok() {
            return Ok(Self { path, file, length, earlier: None });
        }
        let is_there = is_there(&path)?;
        let scratch = Scratch::new(folder_of(&path))?;
        let (staged, kept) = (scratch.path("new"), scratch.path("earlier"));
        if link(&file, &staged).is_err() {
            file = for_owner(OpenOptions::new().read(true).write(true)).open(&staged)?;
            file.write_all(contents)?;
        }
        if is_there {
            // Some file systems have no links.
            fs::hard_link(&path, &kept).or_else(|_| fs::copy(&path, &kept).map(drop))?;
        }
        fs::rename(&staged, &path)?;
        Ok(Self { path, file, length, earlier: is_there.then_some((kept, scratch)) })
    }

    /// Whether the path names the new contents now.
    pub(super) fn is_in_place(&self) -> bool {
        is_at(&self.file, &self.path) && self.file.metadata().is_ok_and(|metadata| metadata.len() == self.length)
    }

    /// Restores the contents from before, or removes the file if there was none.
    pub(super) fn take_back(self) {
        if !is_at(&self.file, &self.path) {
            return;
        }
        match &self.earlier {
            Some((earlier, _)) => fs::rename(earlier, &self.path).ok(),
            None => fs::remove_file(&self.path).ok(),
        };
    }
}

/// Finds out whether a new file can be created in a folder, and removes what interrupted runs left
/// there.
pub(super) fn prove_new_file(folder: &Path) -> io::Result<()> {
    let proof = prove_folder(folder)?;
    scratch::sweep(folder, &proof);
    Ok(())
}

/// Gives the open file a name that nothing has yet.
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    use rustix::fs::{AtFlags, CWD, linkat};

    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(CWD, open, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

/// Other systems have no files without names.
#[cfg(not(target_os = "linux"))]
fn link(_file: &File, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether there is a file. Anything else than a file is never replaced.
fn is_there(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(true),
        Ok(metadata) => Err(not_a_file(metadata.file_type())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn the_new_contents_are_complete_and_readable_by_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "an earlier and longer one\n").unwrap();
        let replacement = Replacement::write(&path, b"token").unwrap();
        assert!(replacement.is_in_place());
        drop(replacement);
        assert_eq!(fs::read(&path).unwrap(), b"token");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["token"]);
    }

    #[test]
    fn what_is_taken_back_is_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        fs::write(&old, "earlier").unwrap();
        for path in [&new, &old] {
            Replacement::prove(path).unwrap();
            Replacement::write(path, b"token").unwrap().take_back();
        }
        assert_eq!(fs::read(&old).unwrap(), b"earlier");
        assert_eq!(names(folder.path()), ["old"]);
    }

    #[test]
    fn a_file_of_another_is_not_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let replacement = Replacement::write(&path, b"token").unwrap();
        fs::remove_file(&path).unwrap();
        assert!(!replacement.is_in_place());
        fs::write(&path, "theirs").unwrap();
        assert!(!replacement.is_in_place());
        replacement.take_back();
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
    }

    #[test]
    fn only_a_file_is_replaced_and_a_missing_folder_is_not_created() {
        let folder = tempfile::tempdir().unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("elsewhere", folder.path().join("link")).unwrap();
        #[cfg(unix)]
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        for name in ["", "missing/token", "link", "socket"] {
            if cfg!(unix) || !["link", "socket"].contains(&name) {
                let path = folder.path().join(name);
                assert!(Replacement::prove(&path).is_err(), "{name}");
                assert!(Replacement::write(&path, b"token").is_err(), "{name}");
            }
        }
        assert!(!folder.path().join("elsewhere").exists());
        assert!(!names(folder.path()).iter().any(|name| name.starts_with(".azure")));
    }
}
