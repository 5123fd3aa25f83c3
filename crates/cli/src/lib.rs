//! The command line, defined once with clap. The component executes it; the native host reads from
//! the same definition what a command needs ([`grants`]) and shows its own failures in the same
//! form ([`failure`]).
//!
//! An option is one field of a struct in `options`, `questions`, `broker`, `helper` or `login`: its
//! comment is the help, its attributes are the rest. `definition` lists the commands, `parse` reads
//! a command line, `usage` turns clap's errors into faults.

pub mod failure;
pub mod grants;

mod broker;
mod command;
mod definition;
mod helper;
mod login;
#[cfg(feature = "native")]
mod native;
mod options;
mod parse;
mod parts;
mod plan;
#[cfg(feature = "native")]
mod proxies;
mod questions;
mod secrets;
mod usage;
mod values;

pub use broker::*;
pub use command::{Cli, Command, WITHOUT_OPTION};
pub use helper::*;
pub use login::*;
#[cfg(feature = "native")]
pub use native::{completions, man_pages};
pub use options::*;
pub use parse::{Unread, parse, with_timeout};
pub use parts::Parts;
#[cfg(feature = "native")]
pub use proxies::check_proxies;
pub use questions::*;
pub use secrets::{learn_suspects, learn_suspects_beside_claims};
pub use values::StandardInput;

#[cfg(test)]
mod tests;
