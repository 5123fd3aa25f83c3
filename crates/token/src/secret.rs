//! A secret string without `Display`, whose `Debug` shows only the length.

use std::fmt;

use zeroize::Zeroize as _;

mod echo;
mod known;
mod shape;

pub use echo::without_secrets;
pub use known::KnownSecrets;
pub use shape::{holds_token, is_certain_secret, looks_like_hex_key, looks_secret, without_tokens};

/// A token or another secret. [`Secret::reveal`] is the only access to its text, so every use can
/// be found by name.
///
/// Dropping it overwrites its memory. Copies that a host or a library made remain.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Makes a secret of a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the code that sends or publishes it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_only_the_length() {
        assert_eq!(format!("{:?}", Secret::new("eyJhbGciOi")), "Secret(10 bytes)");
    }
}
