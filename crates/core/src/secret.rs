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

/// The text with `[token]` in place of every JWT: logs hold whole command lines, and people paste tokens where names belong.
pub fn without_tokens(text: &str) -> String {
    // Every JWT begins with `{"` in base64url. Shorter runs are no tokens.
    const SHORTEST: usize = 20;
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let token = &rest[at..];
        let end =
            token.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(token.len());
        shown.push_str(&rest[..at]);
        shown.push_str(if end > SHORTEST { "[token]" } else { &token[..end] });
        rest = &token[end..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_a_text_is_replaced_and_what_only_begins_like_one_is_not() {
        let token = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{}", "A_-z9".repeat(50));
        assert_eq!(without_tokens(&format!("a `{token}` b {token}")), "a `[token]` b [token]");
        assert_eq!(without_tokens("an eyJ of no account"), "an eyJ of no account");
    }

    #[test]
    fn debug_output_never_shows_the_text() {
        assert_eq!(format!("{:?}", Secret::new("eyJhbGciOi")), "Secret(10 bytes)");
    }
}
