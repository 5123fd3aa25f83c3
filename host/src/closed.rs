//! Notices that standard output is closed.
//!
//! Rust's runtime opens the null device in its place before `main`, so every write succeeds and a
//! token would be lost without an error.

/// Whether standard output leads nowhere because it was closed, or because the caller opened the
/// null device as the runtime does, for reading too. `> /dev/null` in a shell does not.
#[cfg(unix)]
pub(crate) fn is_stdout_closed() -> bool {
    use std::fs::{File, metadata};
    use std::io;
    use std::os::fd::AsFd;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use rustix::fs::{OFlags, fcntl_getfl};

    let is_read = fcntl_getfl(io::stdout()).is_ok_and(|flags| flags.contains(OFlags::RDWR));
    if !is_read {
        return false;
    }
    let opened = io::stdout().as_fd().try_clone_to_owned().and_then(|stdout| File::from(stdout).metadata());
    matches!((opened, metadata("/dev/null")), (Ok(opened), Ok(null))
        if opened.file_type().is_char_device() && opened.rdev() == null.rdev())
}

/// On Windows a write to a closed standard output is an error.
#[cfg(windows)]
pub(crate) fn is_stdout_closed() -> bool {
    false
}
