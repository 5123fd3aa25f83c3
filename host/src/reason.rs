//! Says in words why the system refused something.

use std::io::{self, ErrorKind};

use crate::exhausted::Resource;

/// The end of a sentence about a file, folder or program, without the numbers of the system. What
/// has no words here is described by the system.
pub(crate) fn of(error: &io::Error) -> String {
    let words = match (Resource::of(error), error.kind()) {
        (Some(Resource::Descriptors), _) => "too many files are open",
        (_, ErrorKind::NotFound) => "it does not exist",
        (_, ErrorKind::PermissionDenied) => "permission is denied",
        (_, ErrorKind::IsADirectory) => "it is a folder",
        (_, ErrorKind::NotADirectory) => "a part of its path is not a folder",
        (_, ErrorKind::ReadOnlyFilesystem) => "the file system is read-only",
        (_, ErrorKind::StorageFull) => "the disk is full",
        (_, ErrorKind::QuotaExceeded) => "the quota of the disk is used up",
        (_, ErrorKind::ExecutableFileBusy) => "it is open for writing",
        (_, ErrorKind::ArgumentListTooLong) => "its arguments and variables are too long",
        (_, ErrorKind::OutOfMemory) => "there is not enough memory",
        (_, ErrorKind::WouldBlock) => "a limit of the system is reached",
        (_, ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof) => "the other process has ended",
        _ => return described(error),
    };
    words.to_owned()
}

/// As [`of`], for a file that is to be written.
pub(crate) fn of_writing(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "its folder does not exist".to_owned(),
        _ => of(error),
    }
}

/// The text of the system without ` (os error 8)`.
fn described(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn reasons_have_no_numbers_and_no_names_of_programmers() {
        for (code, words) in [
            (2, "it does not exist"),
            (8, "Exec format error"),
            (11, "a limit of the system is reached"),
            (13, "permission is denied"),
            (20, "a part of its path is not a folder"),
            (24, "too many files are open"),
            (28, "the disk is full"),
        ] {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!(of(&error), words);
        }
        assert_eq!(of_writing(&ErrorKind::NotFound.into()), "its folder does not exist");
        assert_eq!(of(&io::Error::other("it is a pipe")), "it is a pipe");
    }
}
