//! Tests keys of other tokens, and invalid keys.

use serde_json::{Value, json};

use super::super::mint::*;
use super::{Attack, Reason, attack, es256};
use crate::token::base64url;

pub(super) fn attacks() -> Vec<Attack> {
    [keys_named_by_the_token(), wrong_keys(), bad_keys()].into_iter().flatten().collect()
}

/// The attacker signs with his own key and has the header lead to it.
fn keys_named_by_the_token() -> Vec<Attack> {
    let embedded = |extra: Value| {
        let header = with(json!({"alg": "ES256", "kid": "k", "jwk": p256_jwk()}), extra).to_string();
        token(&header, signer("ES256"))
    };
    let other = || with(p256_jwk(), json!({"x": rfc7515_p256().0, "y": rfc7515_p256().1}));
    vec![
        attack(Reason::SignatureMismatch, "embedded jwk beside another key", embedded(json!({})), vec![other()]),
        attack(
            Reason::KeyTypeMismatch,
            "embedded jwk beside a key of another type",
            embedded(json!({})),
            vec![rsa_jwk()],
        ),
        attack(Reason::KidUnknown, "embedded jwk and no keys", embedded(json!({})), vec![]),
        attack(Reason::KeyMissing, "embedded jwk, no kid, no keys", embedded(json!({"kid": null})), vec![]),
        attack(
            Reason::KidUnknown,
            "jku",
            es256(json!({"alg": "ES256", "kid": "mine", "jku": "https://evil.example/jwks"})),
            vec![p256_jwk()],
        ),
        attack(
            Reason::KidUnknown,
            "x5u",
            es256(json!({"alg": "ES256", "kid": "mine", "x5u": "https://evil.example/c"})),
            vec![p256_jwk()],
        ),
        attack(
            Reason::KidUnknown,
            "x5c",
            es256(json!({"alg": "ES256", "kid": "mine", "x5c": ["MIIB"]})),
            vec![p256_jwk()],
        ),
        attack(Reason::KidUnknown, "kid as a path", es256(json!({"alg": "ES256", "kid": "../k"})), vec![p256_jwk()]),
        attack(Reason::KidUnknown, "kid in another case", es256(json!({"alg": "ES256", "kid": "K"})), vec![p256_jwk()]),
    ]
}

fn rfc7515_p256() -> (&'static str, &'static str) {
    ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
}

fn wrong_keys() -> Vec<Attack> {
    let named = |kid: &str| with(p256_jwk(), json!({ "kid": kid }));
    let other = with(p256_jwk(), json!({"x": rfc7515_p256().0, "y": rfc7515_p256().1}));
    let nameless = token(r#"{"alg":"ES256"}"#, signer("ES256"));
    let mut crowd: Vec<_> = (0..100).map(|number| named(&number.to_string())).collect();
    crowd.push(p256_jwk());
    vec![
        attack(Reason::KidUnknown, "no such kid", good("ES256"), vec![named("a"), named("b")]),
        attack(
            Reason::KidUnknown,
            "a key without kid is not a key of every name",
            good("ES256"),
            vec![with(p256_jwk(), json!({"kid": null}))],
        ),
        attack(Reason::KidBeyondLimit, "the 101st key", good("ES256"), crowd),
        attack(Reason::KidAmbiguous, "two keys of one name", good("ES256"), vec![p256_jwk(), other.clone()]),
        attack(Reason::KidMissing, "no kid and two keys that fit", nameless.clone(), vec![p256_jwk(), other]),
        attack(Reason::KeyMissing, "no kid and two keys, none of which fits", nameless, vec![rsa_jwk(), p384_jwk()]),
        attack(
            Reason::KeyAlgMismatch,
            "RS256 with a key for RS512",
            good("RS256"),
            vec![with(rsa_jwk(), json!({"alg": "RS512"}))],
        ),
        attack(
            Reason::KeyAlgMismatch,
            "RS256 with a key for PS256",
            good("RS256"),
            vec![with(rsa_jwk(), json!({"alg": "PS256"}))],
        ),
        attack(
            Reason::KeyAlgMismatch,
            "PS256 with a key for RS256",
            good("PS256"),
            vec![with(rsa_jwk(), json!({"alg": "RS256"}))],
        ),
        attack(
            Reason::KeyAlgMismatch,
            "ES256 with a key of lower-case alg",
            good("ES256"),
            vec![with(p256_jwk(), json!({"alg": "es256"}))],
        ),
        attack(Reason::KeyTypeMismatch, "RS256 with a P-256 key", good("RS256"), vec![p256_jwk()]),
        attack(Reason::KeyTypeMismatch, "ES256 with an RSA key", good("ES256"), vec![rsa_jwk()]),
        attack(Reason::KeyTypeMismatch, "ES256 with a P-384 key", good("ES256"), vec![p384_jwk()]),
        attack(Reason::KeyTypeMismatch, "ES384 with a P-256 key", good("ES384"), vec![p256_jwk()]),
        attack(Reason::KeyTypeMismatch, "ES384 with a P-521 key", good("ES384"), vec![p521_jwk()]),
        attack(Reason::KeyTypeMismatch, "ES512 with a P-256 key", good("ES512"), vec![p256_jwk()]),
        attack(
            Reason::KeyMalformed,
            "ES384 with a P-256 point",
            good("ES384"),
            vec![with(p256_jwk(), json!({"crv": "P-384"}))],
        ),
        attack(
            Reason::KeyMalformed,
            "ES384 with no point of the curve",
            good("ES384"),
            vec![with(p384_jwk(), json!({"x": p384_jwk()["y"]}))],
        ),
        attack(
            Reason::KeyMalformed,
            "ES512 with no point of the curve",
            good("ES512"),
            vec![with(p521_jwk(), json!({"x": p521_jwk()["y"]}))],
        ),
        attack(
            Reason::KeyMalformed,
            "ES512 with a coordinate without its zeros",
            good("ES512"),
            vec![with(p521_jwk(), json!({"x": base64url([1; 65])}))],
        ),
        attack(Reason::KeyTypeMismatch, "EdDSA with a P-256 key", good("EdDSA"), vec![p256_jwk()]),
        attack(Reason::KeyTypeMismatch, "ES256 with an Ed25519 key", good("ES256"), vec![ed25519_jwk()]),
    ]
}

fn bad_keys() -> Vec<Attack> {
    let rsa = |changes: Value| vec![with(rsa_jwk(), changes)];
    let p256 = |changes: Value| vec![with(p256_jwk(), changes)];
    let ed25519 = |changes: Value| vec![with(ed25519_jwk(), changes)];
    let x = p256_jwk()["x"].as_str().unwrap().to_owned();
    let ones = |bytes: usize| base64url(vec![0xff; bytes]);
    let anyones = token(r#"{"alg":"EdDSA","kid":"k"}"#, |_| [IDENTITY, [0; 32]].concat());
    let bytes = |name: &str| base64url::decode(p256_jwk()[name].as_str().unwrap()).unwrap();
    let (cut_x, cut_y) = (base64url(&bytes("x")[..31]), base64url([&bytes("x")[31..], &bytes("y")].concat()));
    let small = token(r#"{"alg":"RS256","kid":"k"}"#, rs256_of_1024_bits);
    let mut attacks = vec![
        attack(Reason::RsaKeyTooSmall, "1024 bits, a true signature", small, vec![rsa_1024_jwk()]),
        attack(
            Reason::RsaKeyTooSmall,
            "2047 bits in 256 bytes",
            good("RS256"),
            rsa(json!({"n": base64url([&[0x7f][..], &[0xff; 255]].concat())})),
        ),
        attack(
            Reason::RsaKeyTooLarge,
            "8193 bits",
            good("RS256"),
            rsa(json!({"n": base64url([&[1][..], &[0xff; 1024]].concat())})),
        ),
        attack(Reason::RsaKeyWeak, "ROCA", good("RS256"), rsa(json!({ "n": ROCA }))),
        attack(
            Reason::KeyMalformed,
            "an even modulus",
            good("RS256"),
            rsa(json!({"n": base64url([&[0xff; 255][..], &[0xfe]].concat())})),
        ),
        attack(Reason::KeyMalformed, "no modulus", good("RS256"), rsa(json!({"n": null}))),
        attack(Reason::KeyMalformed, "a padded modulus", good("RS256"), rsa(json!({"n": format!("{}=", ones(256))}))),
        attack(Reason::KeyMalformed, "no point of the curve", good("ES256"), p256(json!({"y": rfc7515_p256().1}))),
        attack(
            Reason::KeyMalformed,
            "the origin",
            good("ES256"),
            p256(json!({"x": base64url([0; 32]), "y": base64url([0; 32])})),
        ),
        attack(
            Reason::KeyMalformed,
            "a coordinate one byte longer",
            good("ES256"),
            p256(json!({"x": format!("AA{x}")})),
        ),
        attack(Reason::KeyMalformed, "no y", good("ES256"), p256(json!({"y": null}))),
        attack(Reason::KeyMalformed, "no crv", good("ES256"), p256(json!({"crv": null}))),
        attack(Reason::KeyMalformed, "no kty", good("ES256"), p256(json!({"kty": null}))),
        attack(Reason::KeyMalformed, "alg not a string", good("ES256"), p256(json!({"alg": ["ES256"]}))),
        attack(Reason::KeyMalformed, "use not a string", good("ES256"), p256(json!({"use": ["sig"]}))),
        attack(Reason::KeyMalformed, "key_ops not a list", good("ES256"), p256(json!({"key_ops": "verify"}))),
        attack(Reason::KeyMalformed, "a short Ed25519 key", good("EdDSA"), ed25519(json!({"x": ones(31)}))),
        attack(
            Reason::KeyMalformed,
            "P-521 with the coordinates of P-256",
            good("ES512"),
            p256(json!({"crv": "P-521"})),
        ),
        attack(Reason::KeyUnsupported, "secp256k1", good("ES256"), p256(json!({"crv": "secp256k1"}))),
        attack(Reason::KeyUnsupported, "Ed448", good("EdDSA"), ed25519(json!({"crv": "Ed448"}))),
        attack(Reason::KeyUnsupported, "X25519", good("EdDSA"), ed25519(json!({"crv": "X25519"}))),
        attack(Reason::KeyUnsupported, "an unknown type", good("ES256"), p256(json!({"kty": "ec"}))),
        attack(Reason::KeyNotForSignatures, "use enc", good("ES256"), p256(json!({"use": "enc"}))),
        attack(Reason::KeyNotForSignatures, "use in another case", good("ES256"), p256(json!({"use": "SIG"}))),
        attack(
            Reason::KeyNotForSignatures,
            "key_ops without verify",
            good("ES256"),
            p256(json!({"key_ops": ["encrypt", "sign"]})),
        ),
        attack(Reason::KeyNotForSignatures, "no key_ops at all", good("ES256"), p256(json!({"key_ops": []}))),
        attack(
            Reason::KeyNotForSignatures,
            "use sig, key_ops encrypt",
            good("ES256"),
            p256(json!({"use": "sig", "key_ops": ["encrypt"]})),
        ),
        attack(
            Reason::KeyMalformed,
            "an Ed25519 key of small order",
            anyones,
            ed25519(json!({ "x": base64url(IDENTITY) })),
        ),
        attack(
            Reason::KeyMalformed,
            "coordinates cut at another place",
            good("ES256"),
            p256(json!({"x": cut_x, "y": cut_y})),
        ),
    ];
    for (name, e) in [("0", &[0][..]), ("1", &[1]), ("2", &[2]), ("even", &[1, 0, 0]), ("2^33 + 1", &[2, 0, 0, 0, 1])] {
        attacks.push(attack(Reason::RsaExponentUnsafe, name, good("RS256"), rsa(json!({"e": base64url(e)}))));
    }
    attacks
}

/// The neutral element of edwards25519; `R` and `A` of this value and `S` of zero fulfil the
/// equation for every message.
const IDENTITY: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 1;
    point
};

/// A modulus with the fingerprint, from Project Wycheproof.
const ROCA: &str = concat!(
    "AanFpofbj7KjD4Lf-N2hVMKR7yewSyXhhbirIMTGpfYEhZ_lnt5UoK98DnKIgArXGTu3MaW_HhFw16HGaTDUHqPrId7fe4r11CqRw09yBFuW79V8sYIwHdzC",
    "aWflUI6auImYbVfoN9_nD5n8N8SY9DwXw7mwZM9wREPXoDPgOoIWl6q_MPsp7n0zs3Z5ZaiQWOOzl1S9OhwAfSiiOwz6efnXEaxuTEtPd7BjSx7NaFka8Dx9",
    "U7YqXy2RFj1O9PjyaDGuRh7YXsX3iMUSP_wSyHQg_c_qHRtKUsNSGCT7OZg0hzm2KphtjnayKJvC64vAbROBR4Ubg6Bxg9IQVZ-QYyE"
);
