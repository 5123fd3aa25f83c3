//! A local stand-in for Microsoft Entra and for CI systems, for tests: it issues ID tokens, trades them for access tokens as Entra
//! does, refuses them with Entra's own errors, and fails on demand.
//!
//! ```no_run
//! use azure_oidc_emulator::{Config, Emulator, Order};
//!
//! let emulator = Emulator::start(Config::sample()?)?;
//! let id_token = emulator.mint(&Order::of("github"))?;
//! // POST it to {url}/{tenant}/oauth2/v2.0/token, trusting the certificate in ca_file
//! println!("{} {}", emulator.url(), emulator.ca_file().display());
//! # Ok::<(), azure_oidc_core::Fault>(())
//! ```
//!
//! It is no security boundary: its signing keys are published, and whoever reaches it can have any token.

mod body;
mod claims;
pub mod client;
pub mod config;
mod control;
mod directory;
mod entra;
pub mod faults;
mod issuers;
mod keys;
pub mod log;
mod mint;
mod platforms;
mod routes;
mod running;
mod server;
mod tls;
mod world;

pub use config::Config;
pub use directory::Change;
pub use faults::Rule;
pub use mint::Order;
pub use running::{Emulator, Running};
