//! The command line, defined once with clap. The component executes it; the native host reads from
//! the same definition what a command needs ([`grants`]) and shows its own failures in the same
//! form ([`failure`]).
//!
//! An option is one field of a struct in `options` or `questions`: its comment is the help, its
//! attributes are the rest. `definition` lists the commands, `parse` reads a command line, `usage`
//! turns clap's errors into faults.

pub mod failure;
pub mod grants;

mod command;
mod definition;
#[cfg(feature = "native")]
mod native;
mod options;
mod parse;
mod parts;
mod plan;
mod questions;
mod usage;
mod values;

pub use command::{Cli, Command};
#[cfg(feature = "native")]
pub use native::{completions, man_pages};
pub use options::*;
pub use parse::{Unread, parse, wants_json};
pub use parts::Parts;
pub use questions::*;
pub use values::StandardInput;

#[cfg(test)]
mod tests;
