//! base64url as JOSE writes it (RFC 7515 §2): no padding, no line breaks, no second spelling of the same bytes.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Why a text isn't base64url. It names no character of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
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
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Problem> {
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| problem(text))
}

#[cold]
fn problem(text: &str) -> Problem {
    match text.chars().enumerate().find(|(_, c)| !is_digit(*c)) {
        Some((_, '=')) => Problem::Padding,
        Some((position, '+' | '/')) => Problem::StandardAlphabet(position + 1),
        Some((position, _)) => Problem::Foreign(position + 1),
        None if text.len() % 4 == 1 => Problem::Length,
        None => Problem::TrailingBits,
    }
}

/// Whether a character is of the alphabet (RFC 4648 §5).
pub(crate) fn is_digit(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_'
}

impl Problem {
    /// The rest of a sentence that starts with what was read.
    pub(crate) fn clause(self) -> String {
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
            ("AA==", Err(Problem::Padding)),
            ("=AA", Err(Problem::Padding)),
            ("AA+A", Err(Problem::StandardAlphabet(3))),
            ("/AAA", Err(Problem::StandardAlphabet(1))),
            ("AA\nA", Err(Problem::Foreign(3))),
            ("AAéA", Err(Problem::Foreign(3))),
            ("A", Err(Problem::Length)),
            ("AAAAA", Err(Problem::Length)),
            ("AB", Err(Problem::TrailingBits)),
            ("AAB", Err(Problem::TrailingBits)),
        ] {
            assert_eq!(decode(text), expected, "{text:?}");
        }
    }
}
