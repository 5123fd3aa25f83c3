//! The ready file: the address of the broker, and the variables that a later step sets.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use azure_oidc_core::{Category, Fault};
use tempfile::NamedTempFile;

use super::guard::Made;
use crate::reason;

/// The place of a ready file, which is not written yet.
#[derive(Debug)]
pub(super) struct ReadyFile(PathBuf);

impl ReadyFile {
    /// Finds out whether the file can be written, and removes an earlier one: a step that waits for
    /// the file must not take that of an earlier broker for this one's.
    ///
    /// # Errors
    ///
    /// `ready-file-not-writable`.
    pub(super) fn prove(path: &str) -> Result<Self, Fault> {
        let file = Self(path.into());
        let prove = || -> io::Result<()> {
            // `folder/new/` and `folder/new/.` name no file, and their end is lost in a path.
            let is_file_name = file.0.file_name().is_some_and(|name| path.ends_with(&*name.to_string_lossy()));
            if !is_file_name {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            match fs::symlink_metadata(&file.0) {
                Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
                Ok(metadata) if metadata.is_file() || metadata.is_symlink() => fs::remove_file(&file.0)?,
                // A device such as `/dev/null` belongs to the whole machine.
                Ok(_) => return Err(io::Error::other("it is a pipe, a socket or a device")),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            file.temporary().map(drop)
        };
        prove().map_err(|error| file.not_writable(&error))?;
        Ok(file)
    }

    /// Writes the file for its owner only. It is complete when it appears.
    ///
    /// # Errors
    ///
    /// `ready-file-not-writable`.
    pub(super) fn write(&self, contents: &str) -> Result<Made, Fault> {
        let write = || {
            let mut file = self.temporary()?;
            file.write_all(contents.trim_end().as_bytes())?;
            file.write_all(b"\n")?;
            file.persist(&self.0).map_err(|error| error.error)?;
            Made::at(&self.0)
        };
        write().map_err(|error| self.not_writable(&error))
    }

    /// A file beside it, which only its owner may read.
    fn temporary(&self) -> io::Result<NamedTempFile> {
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The error would name the temporary file.
        let made = tempfile::Builder::new().prefix(".azure-oidc-").tempfile_in(folder);
        made.map_err(|error| io::Error::from(error.kind()))
    }

    fn not_writable(&self, error: &io::Error) -> Fault {
        let file = self.0.display().to_string();
        let message = format!("The file {file} of `--ready-file` cannot be written: {}", reason::of_writing(error));
        let hint = match error.kind() {
            io::ErrorKind::IsADirectory => "name a file instead of a folder",
            _ => "name a file in an existing folder that you may write to",
        };
        Fault::new(Category::Publish, "ready-file-not-writable", message).fact("file", file).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(path: &Path) -> Result<ReadyFile, Fault> {
        ReadyFile::prove(path.to_str().unwrap())
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_and_a_link_there_is_replaced() {
        use std::os::unix::fs::{MetadataExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("ready"), folder.path().join("other"));
        fs::write(&other, "other").unwrap();
        symlink(&other, &path).unwrap();
        let ready = at(&path).unwrap();
        assert!(fs::symlink_metadata(&path).is_err(), "an earlier one is removed");
        symlink(&other, &path).unwrap();
        let made = ready.write("{\"version\":1}").unwrap();
        assert_eq!(fs::symlink_metadata(&path).unwrap().mode(), 0o100_600);
        assert_eq!(fs::read(&path).unwrap(), b"{\"version\":1}\n");
        made.remove();
        assert_eq!(fs::read(&other).unwrap(), b"other");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_cannot_be_written_is_found_out_early() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let within = |name: &str| folder.path().join(name);
        let none = ["new/", "new/.", "new/..", ".", "missing/ready"].map(within);
        for path in none.into_iter().chain([folder.path().to_owned(), pipe.clone(), "..".into(), "/".into()]) {
            let fault = at(&path).unwrap_err();
            assert_eq!((fault.code, fault.category.exit_code()), ("ready-file-not-writable", 6), "{fault:?}");
        }
        assert!(pipe.exists(), "a pipe or device stays where it is");
    }
}
