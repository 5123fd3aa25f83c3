//! Prints results and failures.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use azure_oidc_cli::failure::{self, Form};
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

/// Prints a failure of the host in this form, and returns its exit code.
pub(crate) fn report(fault: &Fault, form: Form) -> u8 {
    let (stdout, stderr) = form.shown(fault);
    let is_told = stdout.is_empty() || print(hidden(stdout).as_bytes()).is_ok();
    note(hidden(if is_told { stderr } else { failure::text(fault) }).as_bytes());
    fault.category.exit_code()
}

/// Prints on another thread, and does not wait longer than this for a reader. Where the system
/// starts no thread it waits.
pub(crate) fn within(patience: Duration, print: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    let once = Arc::new(Mutex::new(Some(print)));
    let print = {
        let once = Arc::clone(&once);
        move || {
            let print = once.lock().unwrap_or_else(PoisonError::into_inner).take();
            print.into_iter().for_each(|print| print());
            done.send(()).ok();
        }
    };
    match thread::Builder::new().name("report".to_owned()).spawn(print) {
        Ok(_) => drop(is_done.recv_timeout(patience)),
        Err(_) => {
            let print = once.lock().unwrap_or_else(PoisonError::into_inner).take();
            print.into_iter().for_each(|print| print());
        }
    }
}
