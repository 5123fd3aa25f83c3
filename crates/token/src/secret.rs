//! A secret string without `Display`, whose `Debug` shows only the length.

use std::fmt;

mod echo;

pub use echo::without_secrets;

/// A token or another secret. [`Secret::reveal`] is the only access to its text, so every use can
/// be found by name.
///
/// Dropping it does not overwrite the memory: under WebAssembly the host's copies would remain.
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

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// Replaces every JWT in a text by `[token]`, because logs contain whole command lines and users
/// paste tokens in place of names.
pub fn without_tokens(text: &str) -> String {
    // Every JWT begins with `{"` in base64url. A shorter word is not a token.
    const SHORTEST: usize = 20;
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let token = &rest[at..];
        let end =
            token.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(token.len());
        clean.push_str(&rest[..at]);
        clean.push_str(if end > SHORTEST { "[token]" } else { &token[..end] });
        rest = &token[end..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_replaced_and_similar_words_are_not() {
        let token = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{}", "A_-z9".repeat(50));
        assert_eq!(without_tokens(&format!("a `{token}` b {token}")), "a `[token]` b [token]");
        assert_eq!(without_tokens("an eyJ of no account"), "an eyJ of no account");
    }

    #[test]
    fn debug_shows_only_the_length() {
        assert_eq!(format!("{:?}", Secret::new("eyJhbGciOi")), "Secret(10 bytes)");
    }
}
