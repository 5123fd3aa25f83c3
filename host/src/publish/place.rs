//! Tests whether a file can be written, and leaves nothing behind.

use std::fs::{self, File, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Proves that files can be created in this folder, by creating one for its owner only. It has no name
/// where the system can do that, and disappears with this process. Returns that file.
pub(crate) fn prove_folder(folder: &Path) -> io::Result<File> {
    if !fs::metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    // The error would name the temporary file.
    let file = tempfile::tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    // A file without a name has the usual mode. Some file systems have no modes.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).ok();
    Ok(file)
}

/// The path to which a symbolic link leads, also when no file is there.
pub(crate) fn followed(path: &Path) -> io::Result<PathBuf> {
    const MAX_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// The error for a thing that is not a regular file.
pub(crate) fn not_a_file(kind: FileType) -> io::Error {
    if kind.is_dir() {
        return io::ErrorKind::IsADirectory.into();
    }
    let what = if kind.is_symlink() { "a symbolic link" } else { "a device, pipe or socket" };
    io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what} instead of a file"))
}

/// Whether the open file is the one that the path names now. Follows no link.
#[cfg(unix)]
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(file), Ok(named)) => id(file) == id(named),
        _ => false,
    }
}

/// Whether the open file is the one that the path names now.
#[cfg(windows)]
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    use same_file::Handle;
    let file = file.try_clone().and_then(Handle::from_file);
    matches!((file, Handle::from_path(path)), (Ok(file), Ok(named)) if file == named)
}

/// Options that create a file for its owner only.
pub(crate) fn for_owner(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.create_new(true)
}
