//! What the host has to say while the component runs: on standard error, and each thing once.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use azure_oidc_cli::failure::harmless;

/// The warnings given so far. A request that is sent again for the same reason is not warned of again.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Mutex<BTreeSet<String>>);

impl Warnings {
    /// Prints `warning: ` and the text, unless it was printed before.
    pub(crate) fn say(&self, text: &str) {
        let line = format!("warning: {}\n", harmless(text));
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A service runs for months: what was said long ago may be said again.
        const MOST: usize = 100;
        if said.len() == MOST {
            said.clear();
        }
        if !said.contains(&line) {
            io::stderr().write_all(line.as_bytes()).ok();
            said.insert(line);
        }
    }
}
