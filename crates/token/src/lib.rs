//! Tokens and keys: parses a CI job's OIDC ID token and the issuer's keys strictly, and verifies
//! signatures. Also the two types that every other crate shares: [`Fault`] and [`Secret`].
//!
//! It is a crate of its own because every job spends most of its time here: the component compiles
//! it for speed, and the rest for size.

pub mod fault;
pub mod jwks;
pub mod mask;
mod reason;
pub mod secret;
pub mod shorten;
pub mod token;

pub use fault::{Category, Fault};
pub use secret::Secret;
