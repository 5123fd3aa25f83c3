//! Tests ECDSA signatures with random keys and messages, and changed signatures.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

use super::super::{Key, Reason, key::Material, verify::Algorithm};

/// The point and the signature that a secret makes.
type Make = fn(&[u8; 66], &[u8]) -> (Vec<u8>, Vec<u8>);

macro_rules! make {
    ($curve:ident, $size:literal) => {
        |secret, message| {
            use $curve::ecdsa::{Signature, SigningKey, signature::Signer};
            let mut bytes = [0; $size];
            bytes.copy_from_slice(&secret[66 - $size..]);
            // Less than the order, and not 0.
            (bytes[0], bytes[$size - 1]) = (0, bytes[$size - 1] | 1);
            let key = SigningKey::from_slice(&bytes).unwrap();
            let signature: Signature = key.sign(message);
            (key.verifying_key().to_sec1_point(false).as_bytes()[1..].to_vec(), signature.to_vec())
        }
    };
}

const CURVES: [(&str, &str, Make); 3] =
    [("ES256", "P-256", make!(p256, 32)), ("ES384", "P-384", make!(p384, 48)), ("ES512", "P-521", make!(p521, 66))];

fn material(crv: &str, point: &[u8]) -> Result<Material, Reason> {
    let (x, y) = point.split_at(point.len() / 2);
    let members = json!({"kty": "EC", "crv": crv, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)});
    Key::new(members.as_object().unwrap()).material
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_signature_is_good_for_its_message_and_key_and_for_no_other(
        secret in any::<[[u8; 33]; 2]>(),
        message in proptest::collection::vec(any::<u8>(), 0..80),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let secret: [u8; 66] = secret.concat().try_into().unwrap();
        for (alg, crv, make) in CURVES {
            let (point, signature) = make(&secret, &message);
            let algorithm = Algorithm::from_name(alg).unwrap();
            let key = material(crv, &point).unwrap();
            prop_assert_eq!(algorithm.verify(&key, &message, &signature), Ok(()), "{}", alg);

            let mut other = signature.clone();
            other[at.index(signature.len())] ^= 1 << bit;
            prop_assert!(algorithm.verify(&key, &message, &other).is_err(), "{} another signature", alg);
            prop_assert!(algorithm.verify(&key, &[&message[..], b"."].concat(), &signature).is_err(), "{} another message", alg);
            let mut elsewhere = point.clone();
            elsewhere[at.index(point.len())] ^= 1 << bit;
            prop_assert!(material(crv, &elsewhere).is_err(), "{} a point beside the curve", alg);
        }
    }
}
