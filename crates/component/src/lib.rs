//! The guest: the ports of the core over WASI, and the exports of the `azure-oidc:federation/plugin` world.
//!
//! [`commands`] is the command line over the ports and knows nothing of WASI, so it is tested natively too. [`exports`] is how
//! the world's callers reach it, and [`wasi`] how it reaches the world.

mod bindings;
pub mod commands;
mod discovery;
mod exports;
#[cfg(any(target_family = "wasm", test))]
mod memory;
pub mod report;
pub mod service;
mod wasi;
