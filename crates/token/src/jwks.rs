//! Key sets (RFC 7517) and signatures made with their keys (RFC 7515 §5.2, RFC 8725).
//!
//! Keys come only from the set that the caller trusts: `jwk`, `jku`, `x5u` and `x5c` in a token's
//! header are not read. The set says what a key may do; the token only names one of the known
//! algorithms.

mod key;
mod key_set;
mod reason;
mod roca;
#[cfg(test)]
mod tests;
mod verify;

pub use key::Key;
pub use key_set::{KeySet, MAX_BYTES, MAX_KEYS};
pub use reason::Reason;
pub use verify::{Verification, verify};
