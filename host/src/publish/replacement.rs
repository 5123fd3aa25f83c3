//! A file whose contents are replaced as a whole, readable by its owner only.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::sandbox::Publication;

/// The future contents of `path`, in a temporary file beside it.
#[derive(Debug)]
pub(super) struct Replacement {
    /// The file to replace.
    pub(super) path: PathBuf,
    temporary: NamedTempFile,
}

impl Replacement {
    /// Creates the temporary file, which proves that `path` can be replaced. Dropping it removes
    /// the file.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { path: path.to_owned(), temporary: NamedTempFile::new_in(folder)? })
    }

    pub(super) fn is_target_of(&self, publication: &Publication) -> bool {
        publication.variable.is_none() && Path::new(&publication.path) == self.path
    }

    /// Writes the contents, byte for byte, and moves the temporary file to `path`.
    pub(super) fn write(mut self, contents: &[u8]) -> io::Result<()> {
        self.temporary.write_all(contents)?;
        self.temporary.as_file().sync_all()?;
        self.temporary.persist(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_new_contents_are_complete_and_readable_by_the_owner_only() {
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
    fn an_unwritten_replacement_leaves_the_file_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "earlier").unwrap();
        drop(Replacement::new(&path).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"earlier");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_is_not_replaced_and_a_missing_folder_is_not_created() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("missing/token")] {
            assert!(Replacement::new(&path).is_err());
        }
    }
}
