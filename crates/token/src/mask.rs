//! Finds what CI systems write in their logs in place of a secret: `***`, `[MASKED]`.

use std::ops::Range;

/// Masks in brackets, in lower case: GitLab, Travis CI, and tools that hide values themselves. This
/// tool writes `[token]` and `[secret]`.
const NAMED: [&str; 5] = ["[masked]", "[secure]", "[redacted]", "[token]", "[secret]"];

/// Fewer stars can be a wildcard.
const FEWEST_STARS: usize = 3;

/// Whether the text contains a mask. A mask is never a part of a value.
pub fn is_masked(text: &str) -> bool {
    find(text).is_some()
}

/// The first mask in the text, as it is written there.
pub fn mask_in(text: &str) -> Option<&str> {
    find(text).map(|mask| &text[mask])
}

/// The texts before, between and after the masks.
pub fn around_masks(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(mask) = find(rest) {
        parts.push(&rest[..mask.start]);
        rest = &rest[mask.end..];
    }
    parts.push(rest);
    parts
}

fn find(text: &str) -> Option<Range<usize>> {
    let is_start = |&(_, byte): &(usize, u8)| matches!(byte, b'*' | b'[');
    text.bytes().enumerate().filter(is_start).find_map(|(at, _)| {
        let rest = &text[at..];
        let stars = rest.len() - rest.trim_start_matches('*').len();
        if stars >= FEWEST_STARS {
            return Some(at..at + stars);
        }
        let is_at_start = |name: &&&str| rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        NAMED.iter().find(is_at_start).map(|name| at..at + name.len())
    })
}

#[cfg(test)]
mod tests {
    use super::{around_masks, is_masked, mask_in};

    #[test]
    fn masks_are_found() {
        for (text, mask) in [
            ("repo:***/web", "***"),
            ("repo:****/web", "****"),
            ("project_path:[MASKED]/web", "[MASKED]"),
            ("repo:[secure]/web", "[secure]"),
            ("[REDACTED]", "[REDACTED]"),
        ] {
            assert_eq!(mask_in(text), Some(mask), "{text}");
        }
        for text in ["", "*", "repo:o/w:ref:refs/heads/**", "[", "[masked", "[é]"] {
            assert!(!is_masked(text), "{text}");
        }
    }

    #[test]
    fn a_text_is_split_at_its_masks() {
        assert_eq!(around_masks("a***b[MASKED]"), ["a", "b", ""]);
        assert_eq!(around_masks("a**b"), ["a**b"]);
    }
}
