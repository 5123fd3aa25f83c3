//! Property tests of key sets, and of changed signatures.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::mint::{SIGNERS, good, key_set};
use crate::{
    jwks::{KeySet, verify},
    token::Jws,
};

/// A good token of every algorithm, with its keys.
static SIGNED: LazyLock<Vec<(String, KeySet)>> = LazyLock::new(|| {
    SIGNERS.iter().map(|(alg, _, key)| (good(alg), KeySet::parse(&key_set(&[key()])).unwrap())).collect()
});

/// Any character of the alphabet, most often, or any other one.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![4 => "[A-Za-z0-9_-]".prop_map(|text| text.chars().next().unwrap_or('A')), 1 => any::<char>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_character_of_a_signed_token_can_be_changed(
        which in 0..SIGNERS.len(),
        place in any::<prop::sample::Index>(),
        new in character(),
    ) {
        let (token, keys) = &SIGNED[which];
        let place = place.index(token.len());
        prop_assume!(!token[place..].starts_with(new));
        let changed = format!("{}{new}{}", &token[..place], &token[place + 1..]);
        let valid = Jws::parse(&changed).is_ok_and(|jws| verify(&jws, keys).valid);
        prop_assert!(!valid, "{}: character {place}", SIGNERS[which].0);
    }

    #[test]
    fn a_key_set_is_read_or_refused_but_never_breaks(text in "\\PC*") {
        let _ = KeySet::parse(&text);
    }

    #[test]
    fn any_member_values_make_a_key_or_a_problem(
        n in "[A-Za-z0-9_-]{0,400}",
        e in "[A-Za-z0-9_-]{0,9}",
        crv in "P-256|P-384|Ed25519|x",
        kty in "RSA|EC|OKP",
    ) {
        let text = format!(r#"{{"keys":[{{"kty":"{kty}","crv":"{crv}","n":"{n}","e":"{e}","x":"{n}","y":"{n}"}}]}}"#);
        prop_assert_eq!(KeySet::parse(&text).unwrap().len(), 1);
    }
}
