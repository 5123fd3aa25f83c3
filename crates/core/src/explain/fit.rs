//! Compares credentials with the values that a log or a token names.

use std::cmp::Reverse;

use crate::credential::{Credential, Matcher};
use crate::mask::around_masks;
use crate::platform;

/// The values that are known. A value can contain the log's mask, which stands for any text.
#[derive(Clone, Copy, Default)]
pub(super) struct Values<'a> {
    pub(super) issuer: Option<&'a str>,
    pub(super) subject: Option<&'a str>,
    pub(super) audience: Option<&'a str>,
}

impl Values<'_> {
    /// Whether the credential has every known value, letter for letter. One value must be known.
    pub(super) fn equal(&self, credential: &Credential) -> bool {
        let Matcher::Subject(subject) = &credential.matcher else { return false };
        let audience = credential.audience().unwrap_or_default();
        self.subject.is_some_and(|known| fits(known, subject))
            && self.issuer.is_none_or(|known| fits(known, &credential.issuer))
            && self.audience.is_none_or(|known| fits(known, audience))
    }

    /// The credentials, the one that is nearest to the known values first.
    pub(super) fn ranked(&self, credentials: &[Credential]) -> Vec<Credential> {
        let mut ranked = credentials.to_vec();
        ranked.sort_by_cached_key(|credential| Reverse(self.nearness(credential)));
        ranked
    }

    fn nearness(&self, credential: &Credential) -> (bool, bool, usize, usize, bool) {
        let platform = platform::by_issuer(&credential.issuer);
        let has_form = platform.zip(self.subject).is_some_and(|(platform, known)| platform.subject(known).is_some());
        let same_issuer = self.issuer.is_none_or(|known| fits(known, &credential.issuer));
        let subject = credential.matcher.subject().unwrap_or_default();
        let common = self.subject.map_or(0, |known| self::common(known, subject));
        let of_issuer = self.issuer.map_or(0, |known| self::common(known, &credential.issuer));
        (
            same_issuer,
            has_form,
            common,
            of_issuer,
            self.audience.is_none_or(|known| credential.audience() == Some(known)),
        )
    }
}

/// How much two texts have in common, whatever the case of the letters: their parts first, then the
/// bytes at their ends.
fn common(one: &str, other: &str) -> usize {
    const PART: usize = 100;
    // Longer values, and values of more parts, cannot be stored or are no subjects of a platform.
    const LONGEST: usize = 2_400;
    const MOST_PARTS: usize = 32;
    let lower = |text: &str| text[..text.floor_char_boundary(LONGEST)].to_lowercase();
    let (one, other) = (lower(one), lower(other));
    let parts = |text: &str| text.split([':', '/', '@']).take(MOST_PARTS).map(str::to_owned).collect::<Vec<_>>();
    let others = parts(&other);
    let shared = parts(&one).iter().filter(|part| others.contains(part)).count();
    let start = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let end = one.bytes().rev().zip(other.bytes().rev()).take_while(|(a, b)| a == b).count();
    shared * PART + start + end
}

/// Whether the text is the known value. A mask in the value stands for any text that is not empty.
pub(super) fn fits(known: &str, text: &str) -> bool {
    let mut parts = around_masks(known).into_iter();
    let Some(first) = parts.next() else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.len() > last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_mask_stands_for_any_text() {
        for (known, text, expected) in [
            ("a:b", "a:b", true),
            ("a:b", "a:B", false),
            ("repo:***/web:ref", "repo:octo-org/web:ref", true),
            ("repo:***/web:ref", "repo:octo-org/app:ref", false),
            ("repo:****/web:ref", "repo:octo-org/web:ref", true),
            ("project_path:[MASKED]/web:ref", "project_path:octo-org/web:ref", true),
            ("***", "anything", true),
            ("***", "", false),
            ("repo:***/***:ref", "repo:a/b:ref", true),
        ] {
            assert_eq!(fits(known, text), expected, "{known} {text}");
        }
    }
}
