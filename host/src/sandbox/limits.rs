//! Limits the memory and tables of an instance.

use std::fmt;

use wasmtime::{Error, ResourceLimiter, Result};

/// The most linear memory of an instance, in bytes. A run with the largest inputs uses far less.
pub(super) const MEMORY: usize = 64 << 20;
/// The most entries of a table. The component's has a few hundred and never grows.
pub(super) const TABLE: usize = 20_000;
/// The memory of a service instance, in bytes, up to which it may answer another request. A usual
/// request needs no more.
pub(super) const REUSABLE_MEMORY: usize = 2 << 20;

/// Stops an instance that exceeds a limit, and remembers its size.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// Current linear memory, in bytes.
    pub(super) memory: usize,
}

/// An instance asked for more than its limits.
#[derive(Debug)]
pub(super) struct LimitExceeded;

/// The system gave an instance no more memory.
#[derive(Debug)]
pub(super) struct NoMemory(Error);

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > MEMORY {
            return Err(LimitExceeded.into());
        }
        self.memory = desired;
        Ok(true)
    }

    /// Stops the instance. Otherwise it would report this as a defect of its own.
    fn memory_grow_failed(&mut self, error: Error) -> Result<()> {
        Err(NoMemory(error).into())
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired <= TABLE { Ok(true) } else { Err(LimitExceeded.into()) }
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it asked for more than {} MiB of memory or {TABLE} table entries", MEMORY >> 20)
    }
}

impl std::error::Error for LimitExceeded {}

impl fmt::Display for NoMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the system has no memory left: {:#}", self.0)
    }
}

impl std::error::Error for NoMemory {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_that_the_system_refuses_stops_the_guest() {
        let error = Limits::default().memory_grow_failed(Error::msg("ENOMEM")).unwrap_err();
        assert_eq!(error.to_string(), "the system has no memory left: ENOMEM");
        assert!(error.is::<NoMemory>());
    }

    #[test]
    fn growth_beyond_a_limit_stops_the_guest_with_an_error_that_it_cannot_ignore() {
        let mut limits = Limits::default();
        assert!(limits.memory_growing(0, MEMORY, None).unwrap());
        assert!(limits.memory_growing(0, MEMORY + 1, None).unwrap_err().is::<LimitExceeded>());
        assert_eq!(limits.memory, MEMORY);
        assert!(limits.table_growing(0, TABLE, None).unwrap());
        assert!(limits.table_growing(0, TABLE + 1, None).unwrap_err().is::<LimitExceeded>());
    }
}
