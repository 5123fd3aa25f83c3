//! The domain of azure-oidc: what a CI job's OIDC ID token says, whether Microsoft Entra ID will trade it for an Azure
//! access token, how that trade is asked for, and what each answer means.
//!
//! Nothing here does input or output, reads a clock or an environment variable: all of that comes through the
//! small traits of [`ports`]. So the same code runs in a unit test, in the component and in a browser.

pub mod authority;
pub mod check;
pub mod cloud;
pub mod credential;
pub mod exchange;
pub mod explain;
pub mod fault;
pub mod jwks;
pub mod plan;
pub mod platform;
pub mod ports;
mod reason;
pub mod secret;
pub mod settings;
pub mod token;

pub use fault::{Category, Fault};
pub use secret::Secret;
