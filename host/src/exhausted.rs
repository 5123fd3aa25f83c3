//! Recognises that the system has no memory, thread or file descriptor left, which is no defect of
//! this program.

use std::error::Error;
use std::io;

use azure_oidc_core::{Category, Fault};

/// What ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Memory,
    Threads,
    Descriptors,
}

impl Resource {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Threads, Self::Descriptors];

    /// What an error of the system says to have run out.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        // EMFILE and ENFILE on Unix; ERROR_TOO_MANY_OPEN_FILES and WSAEMFILE on Windows.
        const DESCRIPTORS: [i32; 2] = if cfg!(windows) { [4, 10024] } else { [24, 23] };
        match error.kind() {
            io::ErrorKind::OutOfMemory => Some(Self::Memory),
            _ => error.raw_os_error().filter(|code| DESCRIPTORS.contains(code)).map(|_| Self::Descriptors),
        }
    }

    /// What the innermost error of the system says to have run out.
    pub(crate) fn within(error: &(dyn Error + 'static)) -> Option<Self> {
        #[cfg(unix)]
        if let Some(error) = error.downcast_ref::<rustix::io::Errno>() {
            return Self::of(&(*error).into());
        }
        let Some(error) = error.downcast_ref::<io::Error>() else { return error.source().and_then(Self::within) };
        // `source` of an I/O error skips the error that it wraps.
        Self::of(error).or_else(|| error.get_ref().and_then(|inner| Self::within(inner)))
    }

    /// The code of the fault.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Memory => "out-of-memory",
            Self::Threads => "out-of-threads",
            Self::Descriptors => "out-of-descriptors",
        }
    }

    /// The fault of a run that could not go on.
    pub(crate) fn fault(self, what: &str, error: impl std::fmt::Display) -> Fault {
        let hint = match self {
            Self::Memory => {
                "give the machine or container more memory, or ask for less of it: a smaller `--max-concurrency` for `serve`"
            }
            Self::Threads => "raise the limit of processes (`ulimit -u`, or `pids` of the container)",
            Self::Descriptors => "raise the limit of open files (`ulimit -n`), or close what the job has left open",
        };
        Fault::new(Category::Usage, self.code(), format!("{what}: {error}")).hint(hint)
    }
}

/// Finds out whether there are free descriptors for a command: tokio ends the process where there is
/// none, and a lookup of names reports that there is no such name.
///
/// # Errors
///
/// `out-of-descriptors`, or what else ran out.
#[cfg(unix)]
pub(crate) fn require_descriptors() -> Result<(), Fault> {
    /// A command needs some twenty beside the pair.
    const COPIES: usize = 22;
    // The pair shows what the whole system has left, and copies what this process may have. A copy
    // takes a tenth of the time of a new descriptor.
    let opened = std::os::unix::net::UnixStream::pair().and_then(|(one, other)| {
        let copies: io::Result<Vec<_>> = (0..COPIES).map(|_| one.try_clone()).collect();
        copies.map(|copies| drop((copies, other)))
    });
    opened.map_err(|error| no_descriptor(&error))
}

/// Windows has no such limit.
#[cfg(windows)]
pub(crate) fn require_descriptors() -> Result<(), Fault> {
    Ok(())
}

/// The fault of a descriptor that the system does not open.
pub(crate) fn no_descriptor(error: &io::Error) -> Fault {
    let resource = Resource::of(error).unwrap_or(Resource::Descriptors);
    resource.fault("The command was stopped: it needs some free file descriptors", error)
}

/// The fault of a thread that the system does not start.
pub(crate) fn no_thread(error: &io::Error) -> Fault {
    let resource = Resource::of(error).unwrap_or(Resource::Threads);
    resource.fault("The command was stopped: the system starts no thread", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn errors_of_the_system_say_what_ran_out() {
        for (code, resource) in [
            (12, Some(Resource::Memory)),
            (24, Some(Resource::Descriptors)),
            (23, Some(Resource::Descriptors)),
            (2, None),
        ] {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!(Resource::of(&error), resource, "{error}");
            assert_eq!(Resource::within(&io::Error::other(error)), resource);
        }
    }

    #[cfg(unix)]
    #[test]
    fn each_has_a_code_and_a_remedy_of_its_own() {
        let faults = Resource::ALL.map(|resource| resource.fault("It ended", "x"));
        assert_eq!(
            faults.each_ref().map(|fault| fault.code),
            ["out-of-memory", "out-of-threads", "out-of-descriptors"]
        );
        assert!(faults.iter().all(|fault| fault.hints.len() == 1 && fault.message == "It ended: x"));
        assert_eq!(no_thread(&io::Error::from_raw_os_error(11)).code, "out-of-threads");
    }
}
