//! What the end-to-end tests share: a stage with an emulator on it, jobs that run the real programs, and the search for secrets in
//! everything that they print.
//!
//! The programs come from `cargo xtask test`, which builds them and says where they are.

pub mod conformance;
pub mod http;
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

pub use job::{Job, Ran};
pub use stage::{APPLICATION, Stage, TENANT};
