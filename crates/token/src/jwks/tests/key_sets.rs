//! Tests which key sets and keys are accepted.

use serde_json::json;

use super::mint::{ed25519_jwk, key_set, p256_jwk, rsa_jwk, with};
use crate::Category;
use crate::jwks::{KeySet, MAX_BYTES, MAX_KEYS, Reason};

#[test]
fn what_is_no_public_key_set_is_refused_as_a_whole() {
    for (code, hint, text) in [
        ("jwks-too-large", false, format!("{{\"keys\":[]}}{}", " ".repeat(MAX_BYTES))),
        ("jwks-not-json", false, String::new()),
        ("jwks-not-json", false, "{\"keys\":[]".to_owned()),
        ("jwks-not-json", false, "{\"keys\":[]}{}".to_owned()),
        ("jwks-not-json", false, "{\"keys\":[],\"keys\":[]}".to_owned()),
        ("jwks-not-json", false, key_set(&[p256_jwk()]).replace("\"kid\"", "\"x\"")),
        ("jwks-not-json", true, "[]".to_owned()),
        ("jwks-not-json", true, "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n".to_owned()),
        ("jwks-no-keys", false, "{}".to_owned()),
        ("jwks-no-keys", false, "{\"keys\":{}}".to_owned()),
        ("jwks-no-keys", true, "{\"issuer\":\"https://a.example\",\"jwks_uri\":\"https://a.example/k\"}".to_owned()),
        ("jwks-no-keys", true, p256_jwk().to_string()),
        ("jwks-key-not-object", false, "{\"keys\":[\"k\"]}".to_owned()),
        ("jwks-key-not-object", false, "{\"keys\":[null]}".to_owned()),
    ] {
        let fault = KeySet::parse(&text).unwrap_err();
        assert_eq!(
            (fault.code, fault.category, !fault.hints.is_empty()),
            (code, Category::Usage, hint),
            "{}",
            fault.message
        );
        assert!(!fault.message.ends_with('.'));
    }
}

#[test]
fn one_secret_key_spoils_the_set_wherever_it_stands() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let secret = with(rsa_jwk(), json!({ name: "c2VjcmV0" }));
        let mut keys = vec![p256_jwk(); MAX_KEYS];
        keys.push(secret);
        let fault = KeySet::parse(&key_set(&keys)).unwrap_err();
        assert_eq!(fault.code, "jwks-secret-key");
        assert!(
            fault.message.contains("`keys[100]`") && fault.message.contains(&format!("`{name}`")),
            "{}",
            fault.message
        );
        assert!(!fault.message.contains("c2VjcmV0"));
    }
}

#[test]
fn a_key_that_cannot_be_used_does_not_take_the_others_away() {
    let odd = json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": 7, "pub": "AA"});
    let keys =
        KeySet::parse(&key_set(&[odd, with(ed25519_jwk(), json!({"alg": "EdDSA", "kid": "e"})), json!({})])).unwrap();
    let problems: Vec<_> =
        keys.keys().iter().map(|key| (key.kid.as_deref(), key.kty.as_str(), key.problem())).collect();
    assert_eq!(
        problems,
        [(None, "AKP", Some(Reason::KeyMalformed)), (Some("e"), "OKP", None), (None, "", Some(Reason::KeyMalformed))]
    );
    assert_eq!(keys.keys()[1].alg.as_deref(), Some("EdDSA"));
    assert_eq!(keys.keys()[1].public_key_use.as_deref(), Some("sig"));
    assert_eq!((keys.len(), keys.is_empty()), (3, false));
}

#[test]
fn a_key_is_found_by_its_name_byte_for_byte() {
    let named = |kid: &str| with(p256_jwk(), json!({ "kid": kid }));
    let keys = KeySet::parse(&key_set(&[named("a"), named("b"), named("b")])).unwrap();
    assert_eq!((keys.position("b"), keys.position("B"), keys.position("")), (Some(1), None, None));
    assert!(KeySet::parse(r#"{"keys":[]}"#).unwrap().is_empty());
}

#[test]
fn a_modulus_with_zero_octets_in_front_is_the_same_key() {
    let n = rsa_jwk()["n"].as_str().unwrap().to_owned();
    let bytes = crate::token::base64url::decode(&n).unwrap();
    for zeros in [1, 70_000] {
        let padded = super::mint::base64url([&vec![0; zeros], &bytes[..]].concat());
        let keys = key_set(&[with(rsa_jwk(), json!({ "n": padded }))]);
        assert!(super::verified(&super::mint::good("RS256"), &keys).valid, "{zeros}");
    }
}
