//! Hands the variables of a login to later steps and to the shell.

use std::io::{self, Write};

use azure_oidc_cli::LoginArgs;
use azure_oidc_cli::grants::Grants;
use azure_oidc_core::platform::{File, Publication};
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};

use super::Process;
use super::session::Session;
use super::variables::{self, Set};
use crate::deadline::Phase;
use crate::inputs::ProcessEnv;
use crate::print::{note, print};
use crate::publish::Outputs;
use crate::sandbox;

/// Proves that later steps can be handed variables, before anything is changed.
pub(super) fn prove(session: &Session, process: &Process<'_>) -> Result<(), Fault> {
    let mut granted = Grants::default();
    granted.outputs = session.platform.outputs_with_settings(&ProcessEnv).unwrap_or_default();
    *process.unfinished.outputs() = Outputs::prove(&granted, &ProcessEnv).map_err(|mut fault| {
        fault.hints = vec!["make it writable; without its variable, only the shell gets the variables".to_owned()];
        fault
    })?;
    Ok(())
}

/// Hands variables to later steps in the platform's way, and prints them for the shell of this one,
/// with what an earlier login of the job had set. The platform's lines go to standard error, which it
/// reads too, so that the shell gets its own only.
pub(super) fn publish(
    session: &Session,
    args: &LoginArgs,
    new: &[Set],
    earlier: &[Set],
    process: &Process<'_>,
) -> Result<(), Fault> {
    let shell = args.shell.chosen(&ProcessEnv);
    let printed = variables::restoring(earlier, new, &ProcessEnv, shell)? + &variables::setting(new, shell)?;
    if printed.is_empty() {
        return Ok(());
    }
    let platform = session.platform;
    let outputs = platform.outputs_with_settings(&ProcessEnv);
    let values = variables::values(new.iter().map(Into::into));
    let published = outputs.and_then(|_| platform.publish_with_settings(&[], &values, &ProcessEnv));
    let publications = published.unwrap_or_else(|fault| {
        note(format!("warning: later steps do not get the variables: {}\n", fault.message).as_bytes());
        Vec::new()
    });
    process.watchdog.enter(Phase::Publishing);
    let (mut appended, mut noted) = (Vec::new(), String::new());
    for publication in publications {
        match publication {
            Publication::Append { file, lines } => {
                let (variable, path) = match file {
                    File::Variable(name) => (Some(name.to_owned()), ProcessEnv.present(name).unwrap_or_default()),
                    File::Path(path) => (None, path),
                };
                appended.push(sandbox::Publication { variable, path, lines: lines.reveal().as_bytes().to_vec() });
            }
            Publication::Mask(text) | Publication::Print(text) => noted.push_str(text.reveal()),
            Publication::Source(_) | Publication::Write { .. } | Publication::Send(_) => {}
        }
    }
    process.unfinished.outputs().publish(&appended, process.watchdog.deadline())?;
    process.watchdog.enter(Phase::Printing);
    io::stderr()
        .write_all(noted.as_bytes())
        .map_err(not_noted)
        .and_then(|()| print(printed.as_bytes()))
        .inspect_err(|_| process.unfinished.discard())?;
    process.unfinished.keep(0);
    Ok(())
}

fn not_noted(error: io::Error) -> Fault {
    let message = format!("The lines for the CI system cannot be written to standard error: {error}");
    Fault::new(Category::Publish, "stderr-not-writable", message)
}
