//! The guest: the ports of the core over WASI, and the exports of the `azure-oidc:federation/plugin` world.
//!
//! [`commands`] is the command line over the ports and knows nothing of WASI, so it is tested natively too. [`exports`] is how
//! the world's callers reach it, and [`wasi`] how it reaches the world.

mod bindings;
pub mod commands;
mod exports;
#[cfg(any(target_family = "wasm", test))]
mod memory;
pub mod service;
mod wasi;

/// The allocator that it would be without this, too. Named here, it is compiled with this crate, and a call takes one step less.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: std::alloc::System = std::alloc::System;
