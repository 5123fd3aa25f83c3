//! Tests tokens with content that no token may have.

use serde_json::{Value, json};

use super::super::mint::*;
use super::{Attack, Reason, attack, es256};

pub(super) fn attacks() -> Vec<Attack> {
    [algorithms(), extensions(), bad_signatures()].into_iter().flatten().collect()
}

const UNSIGNED: Sign = |_| Vec::new();

fn algorithms() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for case in 0..16_u8 {
        let spell = |(at, c): (usize, char)| if case & (1 << at) == 0 { c } else { c.to_ascii_uppercase() };
        let alg: String = "none".chars().enumerate().map(spell).collect();
        let header = json!({"alg": alg, "kid": "k"}).to_string();
        attacks.push(attack(Reason::AlgNone, format!("{alg}, unsigned"), token(&header, UNSIGNED), vec![p256_jwk()]));
        attacks.push(attack(
            Reason::AlgNone,
            format!("{alg}, signed"),
            token(&header, signer("ES256")),
            vec![p256_jwk()],
        ));
    }
    for alg in ["HS256", "HS384", "HS512", "hs256"] {
        let header = json!({"alg": alg, "kid": "k"}).to_string();
        let named = with(rsa_jwk(), json!({ "alg": alg }));
        attacks.push(attack(Reason::AlgSymmetric, alg, token(&header, hs256_with_rsa_modulus), vec![rsa_jwk()]));
        attacks.push(attack(
            Reason::AlgSymmetric,
            format!("{alg}, named by the key"),
            token(&header, hs256_with_rsa_modulus),
            vec![named],
        ));
    }
    for alg in [
        "", "ES224", "ES521", "ES256K", "RS1", "RSA-OAEP", "dir", "rs256", "RS256 ", "Rs256", "EDDSA", "Ed448", "nonce",
    ] {
        attacks.push(attack(Reason::AlgUnsupported, alg, es256(json!({"alg": alg, "kid": "k"})), vec![p256_jwk()]));
    }
    attacks
}

fn extensions() -> Vec<Attack> {
    let header = |members: Value| es256(with(json!({"alg": "ES256", "kid": "k"}), members));
    let mut attacks = Vec::new();
    for crit in [
        json!([]),
        json!("exp"),
        json!({"exp": true}),
        json!(true),
        json!([1]),
        json!(["exp", "exp"]),
        json!(["exp", ["exp"]]),
        json!(["absent"]),
        json!(["alg"]),
        json!(["exp", "kid"]),
        json!(["crit"]),
        json!(["x5t#S256"]),
        json!([""]),
    ] {
        let token = header(json!({"crit": crit, "exp": 1, "x5t#S256": "AA"}));
        attacks.push(attack(Reason::CritInvalid, crit.to_string(), token, vec![p256_jwk()]));
    }
    let null = token(r#"{"alg":"ES256","kid":"k","crit":null}"#, signer("ES256"));
    attacks.push(attack(Reason::CritInvalid, "null", null, vec![p256_jwk()]));
    for crit in [json!(["exp"]), json!(["exp", "http://example.com/ext"]), json!(["b64"])] {
        let token = header(json!({"crit": crit, "exp": 1, "http://example.com/ext": 1, "b64": true}));
        attacks.push(attack(Reason::CritUnsupported, crit.to_string(), token, vec![p256_jwk()]));
    }
    for members in
        [json!({"b64": false}), json!({"b64": false, "crit": ["b64"]}), json!({"b64": "true"}), json!({"b64": 1})]
    {
        attacks.push(attack(Reason::B64Unsupported, members.to_string(), header(members), vec![p256_jwk()]));
    }
    attacks
}

fn bad_signatures() -> Vec<Attack> {
    let es256 = |sign: Sign| token(r#"{"alg":"ES256","kid":"k"}"#, sign);
    let rs256 = |sign: Sign| token(r#"{"alg":"RS256","kid":"k"}"#, sign);
    let sign_as = |alg: &str, sign: Sign| token(&json!({"alg": alg, "kid": "k"}).to_string(), sign);
    let edited = |token: &str| {
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        parts[1] = base64url(br#"{"sub":"admin"}"#);
        parts.join(".")
    };
    let mut attacks = vec![
        attack(Reason::SignatureMissing, "RS256 without a signature", rs256(UNSIGNED), vec![rsa_jwk()]),
        attack(Reason::SignatureMissing, "ES256 without a signature", es256(UNSIGNED), vec![p256_jwk()]),
        attack(Reason::SignatureLength, "ECDSA in DER", es256(es256_in_der), vec![p256_jwk()]),
        attack(
            Reason::SignatureLength,
            "ES256, one byte more",
            es256(|input| [&signer("ES256")(input)[..], &[0]].concat()),
            vec![p256_jwk()],
        ),
        attack(Reason::SignatureLength, "ES256, 96 bytes", es256(|_| vec![1; 96]), vec![p256_jwk()]),
        attack(
            Reason::SignatureLength,
            "RS256, a zero in front",
            rs256(|input| [&[0], &signer("RS256")(input)[..]].concat()),
            vec![rsa_jwk()],
        ),
        attack(
            Reason::SignatureLength,
            "RS256, one byte less",
            rs256(|input| signer("RS256")(input)[..255].to_vec()),
            vec![rsa_jwk()],
        ),
        attack(Reason::SignatureMismatch, "RS256, really PS256", rs256(signer("PS256")), vec![rsa_jwk()]),
        attack(Reason::SignatureMismatch, "RS256, really RS384", rs256(signer("RS384")), vec![rsa_jwk()]),
        attack(Reason::SignatureMismatch, "PS256 with the modulus added", ps256_not_reduced(), vec![rsa_jwk()]),
        attack(Reason::SignatureMismatch, "ES256, really EdDSA", es256(signer("EdDSA")), vec![p256_jwk()]),
        attack(Reason::SignatureMismatch, "ES256, r and s zero", es256(|_| vec![0; 64]), vec![p256_jwk()]),
        attack(
            Reason::SignatureMismatch,
            "ES256, s zero",
            es256(|input| [&signer("ES256")(input)[..32], &[0; 32]].concat()),
            vec![p256_jwk()],
        ),
        attack(Reason::SignatureLength, "ES384, 64 bytes", sign_as("ES384", |_| vec![1; 64]), vec![p384_jwk()]),
        attack(
            Reason::SignatureLength,
            "ES512, without leading zeros",
            sign_as("ES512", |_| vec![1; 130]),
            vec![p521_jwk()],
        ),
        attack(Reason::SignatureMismatch, "ES384, r and s zero", sign_as("ES384", |_| vec![0; 96]), vec![p384_jwk()]),
        attack(
            Reason::SignatureMismatch,
            "ES384, r and s beyond the order",
            sign_as("ES384", |_| vec![0xff; 96]),
            vec![p384_jwk()],
        ),
        attack(Reason::SignatureMismatch, "ES512, r and s zero", sign_as("ES512", |_| vec![0; 132]), vec![p521_jwk()]),
        attack(
            Reason::SignatureMismatch,
            "ES512, r and s beyond the order",
            sign_as("ES512", |_| vec![0xff; 132]),
            vec![p521_jwk()],
        ),
        attack(
            Reason::SignatureMismatch,
            "ES256, r and s beyond the order",
            es256(|_| vec![0xff; 64]),
            vec![p256_jwk()],
        ),
    ];
    for (alg, key) in [
        ("RS256", rsa_jwk()),
        ("PS512", rsa_jwk()),
        ("ES256", p256_jwk()),
        ("ES384", p384_jwk()),
        ("ES512", p521_jwk()),
        ("EdDSA", ed25519_jwk()),
    ] {
        attacks.push(attack(
            Reason::SignatureMismatch,
            format!("{alg}, another payload"),
            edited(&good(alg)),
            vec![key],
        ));
    }
    attacks
}
