//! A string that must not be seen: it has no `Display`, and its `Debug` says only how long it is.

use std::fmt;

/// A token or another secret. [`Secret::reveal`] is the only way to its text, so every use can be found by name.
///
/// Dropping it does not wipe memory: inside WebAssembly copies made by the host would stay anyway.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends or publishes it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
    fn debug_output_never_shows_the_text() {
        assert_eq!(format!("{:?}", Secret::new("eyJhbGciOi")), "Secret(10 bytes)");
    }
}
