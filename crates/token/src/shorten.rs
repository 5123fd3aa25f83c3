//! Cuts long texts from outside before an answer repeats them, and says so in the text.

use std::borrow::Cow;

/// The longest value that an answer repeats, in characters. Entra stores at most 600.
pub const LONGEST_VALUE: usize = 1_000;

/// The longest sentence of an answer, in characters, with the values in it.
pub const LONGEST_SENTENCE: usize = 2_000;

/// The longest command or advice of an answer, in characters. A command with values that Entra can
/// store is shorter, also with its quoting.
pub const LONGEST_ADVICE: usize = 10_000;

/// The longest id in an answer of another program, in characters. A GUID has 36.
pub const LONGEST_ID: usize = 100;

/// More than the note about the cut has, so that no text is cut twice.
const NOTE: usize = 60;

/// The text; of a longer one the beginning, and its length.
pub fn shorten(text: &str, longest: usize) -> Cow<'_, str> {
    // A character has at least one byte.
    if text.len() <= longest + NOTE {
        return text.into();
    }
    match text.chars().count() {
        count if count > longest + NOTE => {
            let kept: String = text.chars().take(longest).collect();
            format!("{kept}… (cut: {count} characters in all)").into()
        }
        _ => text.into(),
    }
}

/// As [`shorten`], for a text that is owned.
pub fn shortened(text: String, longest: usize) -> String {
    match shorten(&text, longest) {
        Cow::Owned(cut) => cut,
        Cow::Borrowed(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn only_a_longer_text_is_cut_and_says_so() {
        for text in ["", "abc", &"ä".repeat(63), &"a".repeat(63)] {
            assert_eq!(shorten(text, 3), text);
        }
        for text in ["ä".repeat(64), "a".repeat(64)] {
            let first: String = text.chars().take(3).collect();
            let cut = shorten(&text, 3);
            assert_eq!(cut, format!("{first}… (cut: 64 characters in all)"));
            assert_eq!(shorten(&cut, 3), cut);
        }
    }
}
