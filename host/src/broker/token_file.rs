//! The file of `--federated-token-file`, in a folder that only this user can read.

use std::io::{self, Write};
use std::path::PathBuf;

use tempfile::{NamedTempFile, TempDir};

/// The folder and the file. Dropping it removes both.
#[derive(Debug)]
pub(super) struct TokenFile(TempDir);

impl TokenFile {
    /// Makes the folder, without the file.
    pub(super) fn new() -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        Ok(Self(builder.prefix("azure-oidc-").tempdir()?))
    }

    /// The folder.
    #[cfg(unix)]
    pub(super) fn folder(&self) -> &std::path::Path {
        self.0.path()
    }

    /// The file.
    pub(super) fn path(&self) -> PathBuf {
        self.0.path().join("token")
    }

    /// Replaces the file at once: a reader has the old token or the new one.
    pub(super) fn replace(&self, token: &str) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(self.0.path())?;
        file.write_all(token.as_bytes())?;
        file.persist(self.path()).map(drop).map_err(|error| error.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_file_is_replaced_for_its_owner_only_and_removed_at_the_end() {
        use std::os::unix::fs::MetadataExt;
        let file = TokenFile::new().unwrap();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        for token in ["first", "second"] {
            file.replace(token).unwrap();
            assert_eq!(std::fs::read_to_string(file.path()).unwrap(), token);
            assert_eq!((mode(&file.path()), mode(file.folder())), (0o600, 0o700));
        }
        assert_eq!(std::fs::read_dir(file.folder()).unwrap().count(), 1);
        let folder = file.folder().to_owned();
        drop(file);
        assert!(!folder.exists());
    }
}
