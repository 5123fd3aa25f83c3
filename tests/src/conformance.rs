//! Runs the same cases with the same component under each host on this machine, and reports the
//! results in a table.
//!
//! A case of `conformance/commands.json` is one job, as a command line and as a typed call. The
//! native host is the reference: each other command line must print the same bytes, each typed
//! function must give the same answer as the others, and the emulator must receive the same
//! requests. The cases of `conformance/service.json` are sent to each host of the service. Programs for
//! other processors and systems are compared with the native host in the same way.

mod cases;
mod command;
mod foreign;
mod given;
pub mod packages;
mod report;
mod run;
mod same;
mod service;
mod systems;
mod typed;

pub use cases::Call;
pub use foreign::Foreign;
pub use given::{Given, Minted};
pub use report::{Cell, Report, Table};
pub use run::run;
pub use systems::run as run_systems;
pub use typed::TypedHost;
