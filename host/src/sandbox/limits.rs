//! How large the component may grow.

use std::fmt;

use wasmtime::{ResourceLimiter, Result};

/// The most linear memory, in bytes. A run with the largest inputs stays far below.
pub(super) const MEMORY: usize = 64 << 20;
/// The most entries of a table. The component's own has a few hundred and never grows.
pub(super) const TABLE: usize = 20_000;

/// Ends a run that asks for more.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// How much memory it has, in bytes.
    pub(super) memory: usize,
}

/// More was asked for.
#[derive(Debug)]
pub(super) struct TooMuch;

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > MEMORY {
            return Err(TooMuch.into());
        }
        self.memory = desired;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired <= TABLE { Ok(true) } else { Err(TooMuch.into()) }
    }
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it asked for more than {} MiB of memory", MEMORY >> 20)
    }
}

impl std::error::Error for TooMuch {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_ends_at_the_limit_with_an_error_and_not_with_a_refusal_that_a_guest_could_ignore() {
        let mut limits = Limits::default();
        assert!(limits.memory_growing(0, MEMORY, None).unwrap());
        assert!(limits.memory_growing(0, MEMORY + 1, None).unwrap_err().is::<TooMuch>());
        assert_eq!(limits.memory, MEMORY);
        assert!(limits.table_growing(0, TABLE, None).unwrap());
        assert!(limits.table_growing(0, TABLE + 1, None).unwrap_err().is::<TooMuch>());
    }
}
