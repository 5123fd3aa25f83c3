//! Turns an error of Wasmtime into a fault for the user.

use azure_oidc_core::{Category, Fault};
use wasmtime::{Error, PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;

use super::limits::{LimitExceeded, NoMemory};
use super::turns::Interrupted;
use crate::exhausted::Resource;

/// How much of the component's standard error is kept, in bytes. The component writes there only
/// when it panics.
const MAX_LOG: usize = 1 << 20;

/// The input needs more memory than an instance may have.
const GUEST_MEMORY: &str = "guest-memory";
/// A request needs more processor time than it may have.
const INTERRUPTED: &str = "request-interrupted";

/// Whether a fault is no defect: something ran out, and the same may work later or with less input.
pub(crate) fn is_exhaustion(fault: &Fault) -> bool {
    [GUEST_MEMORY, INTERRUPTED].into_iter().chain(Resource::ALL.map(Resource::code)).any(|code| code == fault.code)
}

/// What the system refused to give.
fn refused_resource(error: &Error) -> Option<Resource> {
    let is_memory = error.is::<NoMemory>() || error.is::<PoolConcurrencyLimitError>();
    if is_memory { Some(Resource::Memory) } else { error.chain().find_map(Resource::within) }
}

/// An empty log for the component's standard error.
pub(super) fn log() -> MemoryOutputPipe {
    MemoryOutputPipe::new(MAX_LOG)
}

/// The fault for a run that ended with this error.
pub(super) fn fault(error: &Error, log: &MemoryOutputPipe) -> Fault {
    let fault = |code, message| Fault::new(Category::Usage, code, message);
    if let Some(limit) = error.downcast_ref::<LimitExceeded>() {
        return fault(GUEST_MEMORY, format!("The component was stopped: {limit}"))
            .hint("the input is too large; send less of it");
    }
    if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
        return fault(INTERRUPTED, format!("The request was stopped: {interrupted}"))
            .hint("send a smaller request, or raise `--max-compute`");
    }
    if let Some(resource) = refused_resource(error) {
        return resource.fault("The component was stopped", format_args!("{error:#}"));
    }
    let fault = if let Some(trap) = error.downcast_ref::<Trap>() {
        let fault = fault("guest-trapped", format!("The component failed: {trap}"));
        match panic_location(&log.contents()) {
            Some(location) => fault.fact("location", location),
            None => fault,
        }
    } else {
        fault("guest-failed", format!("The component cannot be run: {error:#}"))
    };
    fault.hint("report this bug of azure-oidc, with the output of `azure-oidc --version` and without any token")
}

/// The source location of a panic. Its message is left out, because it may quote a token.
fn panic_location(log: &[u8]) -> Option<String> {
    let log = String::from_utf8_lossy(log);
    let (_, after) = log.split_once("panicked at ")?;
    Some(after.lines().next()?.trim_end_matches(':').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_reported_with_its_location_and_without_its_message() {
        let log =
            b"\nthread '<unnamed>' panicked at crates/core/src/token.rs:12:5:\nnot a token: eyJhbGciOi\nnote: run with";
        assert_eq!(panic_location(log).as_deref(), Some("crates/core/src/token.rs:12:5"));
        assert_eq!(panic_location(b"something else"), None);
    }
}
