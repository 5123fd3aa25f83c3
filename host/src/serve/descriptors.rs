//! The number of file descriptors that this process may have.

/// Raises the limit to what is wanted, as far as the system allows, and returns the limit.
#[cfg(unix)]
pub(crate) fn raise(wanted: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let (Some(now), most) = (current, maximum.unwrap_or(wanted)) else { return wanted };
    let raised = wanted.min(most);
    if raised > now && setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).is_ok() {
        raised
    } else {
        now
    }
}

/// Windows has no such limit.
#[cfg(not(unix))]
pub(crate) fn raise(wanted: u64) -> u64 {
    wanted
}
