//! Every CI platform as its own users set it up: what it gives a job, and what `exchange`, `inspect` and `doctor` make of that, with
//! the real host, the real component and the emulator over TLS.
//!
//! `fixtures/PLATFORM/CASE.toml` is a job and what comes of it. Beside `exchange.toml` stand the answers of the other two commands.

mod azure_pipelines;
mod consumers;
mod fixture;
mod jobs;
mod program;
mod shown;
mod sockets;
mod stock;
