//! Prints results and failures.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use azure_oidc_cli::failure;
use azure_oidc_core::secret::{KnownSecrets, without_secrets};
use azure_oidc_core::{Category, Fault};

use crate::inputs::{self, ProcessEnv};

/// Prints a result; the exit code tells the caller when it could not be written.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Fault> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(not_printed)
}

/// The fault of a result that could not be printed.
pub(crate) fn not_printed(why: impl Display) -> Fault {
    let message = format!("The result cannot be written to standard output: {why}");
    Fault::new(Category::Publish, "stdout-not-writable", message)
}

/// Prints on standard error. If that is closed, no place is left to report it.
pub(crate) fn note(bytes: &[u8]) {
    io::stderr().write_all(bytes).ok();
}

/// The text of a failure without what looks like a secret in the arguments and variables of this
/// process, which can hold one by mistake.
pub(crate) fn hidden(text: String) -> String {
    let secrets = KnownSecrets::default();
    azure_oidc_cli::learn_suspects(&secrets, &inputs::arguments().unwrap_or_default(), &ProcessEnv);
    secrets.hide(without_secrets(&text))
}

/// Prints a failure of the host, as text or as JSON, and returns its exit code.
pub(crate) fn report(fault: &Fault, json: bool) -> u8 {
    if !json || print(hidden(failure::json(fault)).as_bytes()).is_err() {
        note(hidden(failure::text(fault)).as_bytes());
    }
    fault.category.exit_code()
}

/// Prints on another thread, and does not wait longer than this for a reader.
pub(crate) fn within(patience: Duration, print: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let print = move || {
        print();
        done.send(()).ok();
    };
    if thread::Builder::new().name("report".to_owned()).spawn(print).is_ok() {
        is_done.recv_timeout(patience).ok();
    }
}
