//! Tests tokens and keys that must be refused, each with the right reason.

mod keys;
mod tokens;

use std::{collections::BTreeSet, sync::LazyLock};

use serde_json::{Value, json};

use super::{
    Reason,
    mint::{good, key_set, p256_jwk, p384_jwk, rsa_1024_jwk, rsa_jwk, signer, token, with},
    verified,
};

struct Attack {
    name: String,
    token: String,
    keys: Vec<Value>,
    reason: Reason,
}

fn attack(reason: Reason, name: impl Into<String>, token: String, keys: Vec<Value>) -> Attack {
    Attack { name: name.into(), token, keys, reason }
}

/// A token with this header, truly signed.
fn es256(header: Value) -> String {
    token(&header.to_string(), signer("ES256"))
}

static ATTACKS: LazyLock<Vec<Attack>> =
    LazyLock::new(|| [tokens::attacks(), keys::attacks()].into_iter().flatten().collect());

#[test]
fn every_attack_is_refused_for_its_true_reason() {
    for Attack { name, token, keys, reason } in ATTACKS.iter() {
        let verification = verified(token, &key_set(keys));
        assert_eq!((verification.valid, verification.reason), (false, Some(*reason)), "{reason:?}: {name}");
    }
}

#[test]
fn every_reason_is_given_by_some_attack() {
    let given: BTreeSet<_> = ATTACKS.iter().map(|attack| attack.reason).collect();
    let known: BTreeSet<_> = Reason::ALL.iter().copied().collect();
    assert_eq!(given, known);
}

#[test]
fn members_that_lead_to_keys_elsewhere_change_nothing_for_a_good_token() {
    let token = es256(json!({
        "alg": "ES256", "kid": "k", "jwk": p384_jwk(), "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/c", "x5c": ["MIIB"], "x5t": "AA", "b64": true,
    }));
    assert!(verified(&token, &key_set(&[p256_jwk()])).valid);
}

#[test]
fn the_one_key_that_fits_is_found_among_keys_of_the_same_name() {
    let keys = [rsa_1024_jwk(), p384_jwk(), with(p256_jwk(), json!({"use": "enc"})), p256_jwk(), p256_jwk()];
    let verification = verified(&good("ES256"), &key_set(&keys));
    assert_eq!((verification.valid, verification.key_index), (true, Some(3)));
}

#[test]
fn a_token_without_kid_is_verified_with_the_only_key_that_fits() {
    let nameless = token(r#"{"alg":"ES256"}"#, signer("ES256"));
    let verification = verified(&nameless, &key_set(&[rsa_jwk(), p384_jwk(), p256_jwk()]));
    assert_eq!((verification.valid, verification.key_index, verification.kid), (true, Some(2), None));
    let alone = verified(&nameless, &key_set(&[with(p256_jwk(), json!({"alg": "ES384"}))]));
    assert_eq!(alone.reason, Some(Reason::KeyAlgMismatch));
}

#[test]
fn the_key_that_failed_is_named() {
    let verification = verified(&good("RS256"), &key_set(&[p256_jwk(), with(rsa_jwk(), json!({"kid": "x"}))]));
    assert_eq!((verification.reason, verification.key_index), (Some(Reason::KeyTypeMismatch), None));
    let other = token(r#"{"alg":"RS256","kid":"x"}"#, signer("PS256"));
    let verification = verified(&other, &key_set(&[p256_jwk(), with(rsa_jwk(), json!({"kid": "x"}))]));
    assert_eq!((verification.reason, verification.key_index), (Some(Reason::SignatureMismatch), Some(1)));
}
