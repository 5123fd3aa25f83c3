//! base64url as JOSE requires it (RFC 7515 §2): no padding, no line breaks, one spelling for each
//! sequence of bytes.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Why a text isn't base64url. It repeats no character of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base64Error {
    /// `=` at the end.
    Padding,
    /// `+` or `/`, counted from 1.
    StandardAlphabet(usize),
    /// Any other character outside the alphabet, counted from 1.
    Foreign(usize),
    /// A length that no number of bytes encodes to; most often the text was cut.
    Length,
    /// Bits that belong to no byte are set in the last character.
    TrailingBits,
}

/// The bytes that the text stands for.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| diagnose(text))
}

/// The crate's own error does not always name the first wrong character.
fn diagnose(text: &str) -> Base64Error {
    match text.chars().enumerate().find(|(_, c)| !is_digit(*c)) {
        Some((_, '=')) => Base64Error::Padding,
        Some((position, '+' | '/')) => Base64Error::StandardAlphabet(position + 1),
        Some((position, _)) => Base64Error::Foreign(position + 1),
        None if text.len() % 4 == 1 => Base64Error::Length,
        None => Base64Error::TrailingBits,
    }
}

/// Whether a character is of the alphabet (RFC 4648 §5).
pub fn is_digit(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

impl Base64Error {
    /// The error as a predicate: the caller puts the subject in front.
    pub fn clause(self) -> String {
        match self {
            Self::Padding => "has `=` padding, which base64url in a token must not have".into(),
            Self::StandardAlphabet(at) => format!("uses `+` or `/` (character {at}): it is base64, not base64url"),
            Self::Foreign(at) => format!("has a character outside base64url (character {at})"),
            Self::Length => "has a length that base64url can't have: it was probably cut short".into(),
            Self::TrailingBits => {
                "ends in bits that belong to no byte: its last character was changed or cut off".into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_string_has_one_spelling() {
        for (text, expected) in [
            ("", Ok(vec![])),
            ("AA", Ok(vec![0])),
            ("-_8", Ok(vec![0xfb, 0xff])),
            ("AA==", Err(Base64Error::Padding)),
            ("=AA", Err(Base64Error::Padding)),
            ("AA+A", Err(Base64Error::StandardAlphabet(3))),
            ("/AAA", Err(Base64Error::StandardAlphabet(1))),
            ("AA\nA", Err(Base64Error::Foreign(3))),
            ("AAéA", Err(Base64Error::Foreign(3))),
            ("A", Err(Base64Error::Length)),
            ("AAAAA", Err(Base64Error::Length)),
            ("AB", Err(Base64Error::TrailingBits)),
            ("AAB", Err(Base64Error::TrailingBits)),
        ] {
            assert_eq!(decode(text), expected, "{text:?}");
        }
    }
}
