//! Tests key sets and signatures.

mod attacks;
mod curves;
mod key_sets;
mod mint;
mod properties;
mod vectors;
mod wycheproof;

use super::{KeySet, Reason, Verification, verify};
use crate::token::Jws;

/// Verifies a token that has the form of one.
fn verified(token: &str, key_set: &str) -> Verification {
    verify(&Jws::parse(token).unwrap(), &KeySet::parse(key_set).unwrap())
}

#[test]
fn every_reason_has_a_sentence_and_one_place_in_the_order() {
    assert!(Reason::ALL.is_sorted_by_key(|reason| reason.code()));
    for reason in Reason::ALL {
        assert!(!reason.sentence().is_empty() && !reason.sentence().ends_with('.'), "{reason:?}");
    }
}
