//! Helpers of the end-to-end tests: an emulator with a folder, jobs that run the real programs, and
//! a search for secrets in all output.
//!
//! `cargo xtask test` builds the programs and passes their paths in variables.

#[cfg(unix)]
pub mod clients;
pub mod conformance;
pub mod http;
pub mod hunt;
pub mod job;
pub mod node;
pub mod programs;
pub mod proxy;
pub mod relay;
pub mod schema;
pub mod secrets;
pub mod serve;
pub mod service_cases;
pub mod stage;
pub mod stock;
pub mod tokens;
pub mod words;
pub mod yaml;

pub use job::{Job, Ran};
pub use stage::{APPLICATION, Stage, TENANT};
