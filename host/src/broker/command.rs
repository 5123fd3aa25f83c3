//! The command of `exec`: its environment, and what its failures mean.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Command as Process;
use std::time::Duration;

use azure_oidc_cli::Command;
use azure_oidc_cli::failure::harmless;

use crate::print;
use crate::reason;

/// The command was found and cannot be run.
const NOT_RUNNABLE: u8 = 126;
/// The command was not found.
const NOT_FOUND: u8 = 127;

/// How long a reader of standard error is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// The name of the command's program, without its folder.
pub(super) fn name(command: &Command) -> Option<String> {
    let Command::Exec(args) = command else { return None };
    let program = args.command.first()?;
    let name = Path::new(program).file_name().map(|name| name.to_string_lossy().into_owned());
    Some(name.unwrap_or_else(|| program.clone()))
}

/// The command with its environment. Its words are those of this process, whatever their encoding.
pub(super) fn process(set: Vec<(String, String)>, unset: &[String]) -> Process {
    let mut words = std::env::args_os().skip_while(|word| word != "--").skip(1);
    let mut process = Process::new(words.next().unwrap_or_else(OsString::new));
    process.args(words);
    for name in unset {
        process.env_remove(name);
    }
    process.envs(set);
    process
}

/// Says why the command does not run, and returns the exit code that a shell has for it.
pub(super) fn not_run(process: &Process, error: &io::Error) -> u8 {
    let program = harmless(&process.get_program().to_string_lossy());
    let program = if program.is_empty() { "a program without a name" } else { &program };
    let is_there = Path::new(process.get_program()).is_absolute() && Path::new(process.get_program()).exists();
    let why = match error.kind() {
        io::ErrorKind::NotFound if is_there => "the interpreter that it names does not exist".to_owned(),
        _ => reason::of(error),
    };
    let text = print::hidden(format!("error: {program} cannot be run: {why}\n"));
    print::within(PATIENCE, move || print::note(text.as_bytes()));
    if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_RUNNABLE }
}
