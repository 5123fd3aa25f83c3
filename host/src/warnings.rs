//! Prints the host's warnings on standard error, each one once.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use azure_oidc_cli::failure::harmless;

/// The warnings printed so far, so that a retried request does not repeat its warning.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    printed: Mutex<BTreeSet<String>>,
    is_muted: bool,
}

impl Warnings {
    /// Prints none: the output has a form that another tool reads, and a failure says enough.
    pub(crate) fn muted() -> Self {
        Self { is_muted: true, ..Self::default() }
    }

    /// Prints `warning: ` and the text, unless it was printed before.
    pub(crate) fn print_once(&self, text: &str) {
        // A service runs for months: the set is emptied when it is full, and warnings appear again.
        const MAX_REMEMBERED: usize = 100;
        if self.is_muted {
            return;
        }
        let line = format!("warning: {}\n", harmless(text));
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        if printed.len() == MAX_REMEMBERED {
            printed.clear();
        }
        if !printed.contains(&line) {
            io::stderr().write_all(line.as_bytes()).ok();
            printed.insert(line);
        }
    }
}
