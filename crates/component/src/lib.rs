//! The component: implements the core's ports with WASI and exports the world in `wit/world.wit`.
//!
//! [`exports`] translates calls from the host, [`wasi`] calls to the host. [`commands`] and
//! [`service`] use ports only, so native tests can run them.

mod bindings;
pub mod commands;
mod exports;
pub mod service;
mod wasi;
