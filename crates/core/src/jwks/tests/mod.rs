mod attacks;
mod curves;
mod key_sets;
mod mint;
mod properties;
mod vectors;
mod wycheproof;

use super::{KeySet, REASONS, Verification, sentence, verify};
use crate::token::Jws;

/// Verifies a token that has the form of one.
fn verified(token: &str, key_set: &str) -> Verification {
    verify(&Jws::parse(token).unwrap(), &KeySet::parse(key_set).unwrap())
}

#[test]
fn every_reason_has_a_sentence_and_one_place_in_the_order() {
    assert!(REASONS.is_sorted_by_key(|(code, _)| *code));
    for (code, text) in REASONS {
        assert!(!text.is_empty() && !text.ends_with('.'), "{code}");
        assert_eq!(sentence(code), Some(*text), "{code}");
    }
    assert_eq!(sentence("no-such-code"), None);
}
