//! A file that is written anew: for its owner only, and at no moment with half of its contents.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::sandbox::Publication;

/// The file that will take the place of another, open beside it since it was proved that it can be made.
#[derive(Debug)]
pub(super) struct Replacement {
    /// What it replaces.
    pub(super) path: PathBuf,
    beside: PathBuf,
    file: File,
}

impl Replacement {
    /// Makes the file beside the other. One that is left from a process of the same number is no obstacle.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = path.file_name().ok_or(io::ErrorKind::NotFound)?.to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
        fs::remove_file(&beside).ok();
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&beside)?;
        Ok(Self { path: path.to_owned(), beside, file })
    }

    pub(super) fn is_meant_by(&self, publication: &Publication) -> bool {
        publication.variable.is_none() && Path::new(&publication.path) == self.path
    }

    /// Writes the contents, byte for byte, and lets the file take the other's place.
    pub(super) fn write(mut self, contents: &[u8]) -> io::Result<()> {
        self.file.write_all(contents)?;
        self.file.sync_all()?;
        fs::rename(&self.beside, &self.path)
    }
}

impl Drop for Replacement {
    /// There is nothing left to remove when it took the other's place.
    fn drop(&mut self) {
        fs::remove_file(&self.beside).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contents_are_whole_and_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "an earlier and longer one\n").unwrap();
        Replacement::new(&path).unwrap().write(b"token").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"token");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn until_it_is_written_the_other_file_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "earlier").unwrap();
        drop(Replacement::new(&path).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"earlier");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_not_replaced_and_one_that_is_missing_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("missing/token")] {
            assert!(Replacement::new(&path).is_err());
        }
    }
}
