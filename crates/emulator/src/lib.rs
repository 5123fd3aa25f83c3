//! Emulates Microsoft Entra and CI systems on this machine, for tests. The emulator issues ID
//! tokens, trades them for access tokens or refuses them as Entra does, and fails on demand.
//!
//! ```no_run
//! use azure_oidc_emulator::{Config, Emulator, Order};
//!
//! let emulator = Emulator::start(Config::sample()?)?;
//! let id_token = emulator.mint(&Order::of("github"))?;
//! // POST it to {url}/{tenant}/oauth2/v2.0/token, and trust the certificate in ca_file
//! println!("{} {}", emulator.url(), emulator.ca_file().display());
//! # Ok::<(), azure_oidc_core::Fault>(())
//! ```
//!
//! It is no security boundary: its signing keys are published, and every client can get any token.

mod arm;
mod claims;
pub mod client;
mod cluster;
pub mod config;
mod control;
mod directory;
mod echo;
mod entra;
mod guid;
mod inject;
pub mod injections;
mod issuers;
mod keys;
pub mod log;
mod mint;
mod platforms;
mod received;
mod registry;
mod routes;
mod running;
mod server;
mod state;
mod tls;

pub use config::Config;
pub use directory::Change;
pub use injections::Injection;
pub use mint::Order;
pub use running::{Emulator, Running};
