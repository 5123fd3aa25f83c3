//! The same cases under every host that is found, with the same bytes, and a table of what came of it.
//!
//! A case of `conformance/commands.json` is one job, asked in up to two ways: as a command line, and as a call of a typed function. The
//! native host sets the measure: every other command line prints the same bytes, every typed function gives the same answer as the
//! others, and the emulator sees the same requests. The cases of `conformance/service.json` are sent to every host of the service.

mod cases;
mod command;
pub mod packages;
mod report;
mod run;
mod same;
mod service;
mod typed;

pub use cases::Call;
pub use report::{Cell, Report, Table};
pub use run::run;
pub use typed::TypedHost;
