//! Tests each CI platform with a typical setup: the variables and files of its jobs, and the
//! results of `exchange`, `inspect` and `doctor`, with the real host, the real component and the
//! emulator over TLS.
//!
//! `fixtures/PLATFORM/CASE.toml` is a job with its expected result. The outputs of the other two
//! commands are beside `exchange.toml`.

mod azure_pipelines;
mod consumers;
mod credentials;
mod fixture;
mod jobs;
mod program;
mod shown;
mod sockets;
mod stock;
