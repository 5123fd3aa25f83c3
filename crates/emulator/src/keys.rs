//! The signing keys: published test keys, so that key ids are the same on every machine.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;

/// Names and PEM text of the keys, in the order of the documentation in `keys/README.md`.
const KEYS: [(&str, &str); 5] = [
    ("ci-1", include_str!("../keys/ci-1.pem")),
    ("ci-2", include_str!("../keys/ci-2.pem")),
    ("stray", include_str!("../keys/stray.pem")),
    ("ec-1", include_str!("../keys/ec-1.pem")),
    (ENTRA, include_str!("../keys/entra-1.pem")),
];

/// The key that signs access tokens.
pub(crate) const ENTRA: &str = "entra-1";

/// The names that a configuration or a request for a token may use.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|(name, _)| *name)
}

/// All keys, ready to sign.
pub(crate) struct Keys {
    keys: Vec<Key>,
    random: SystemRandom,
}

/// One key.
pub(crate) struct Key {
    name: &'static str,
    pair: Pair,
    /// Its id: the thumbprint of RFC 7638.
    pub(crate) kid: String,
    /// The public half as a member of a key set (RFC 7517).
    pub(crate) jwk: Value,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl Keys {
    /// Reads the keys that are built in.
    pub(crate) fn load() -> Result<Self, Fault> {
        let random = SystemRandom::new();
        let keys = KEYS.iter().map(|(name, pem)| Key::read(name, pem, &random)).collect::<Option<Vec<_>>>();
        let keys = keys
            .ok_or_else(|| Fault::new(Category::Usage, "test-key-unreadable", "a built-in test key can't be read"))?;
        Ok(Self { keys, random })
    }

    /// The key of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The key set (RFC 7517 §5) of these keys. It ignores unknown names.
    pub(crate) fn set(&self, names: &[String]) -> Value {
        json!({ "keys": names.iter().filter_map(|name| self.get(name)).map(|key| &key.jwk).collect::<Vec<_>>() })
    }

    /// Signs with a JWS algorithm (RFC 7518 §3.1). Returns none if the key cannot sign with it.
    pub(crate) fn sign(&self, key: &Key, algorithm: &str, input: &[u8]) -> Option<Vec<u8>> {
        match &key.pair {
            Pair::Rsa(pair) => {
                let padding: &dyn signature::RsaEncoding = match algorithm {
                    "RS256" => &signature::RSA_PKCS1_SHA256,
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    "PS512" => &signature::RSA_PSS_SHA512,
                    _ => return None,
                };
                let mut signed = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &self.random, input, &mut signed).ok()?;
                Some(signed)
            }
            Pair::Ec(pair) if algorithm == "ES256" => {
                pair.sign(&self.random, input).ok().map(|signed| signed.as_ref().to_vec())
            }
            Pair::Ec(_) => None,
        }
    }
}

impl Key {
    fn read(name: &'static str, pem: &str, random: &SystemRandom) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
        let der = der.secret_pkcs8_der();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // RFC 7638 §3.2 sorts the members of a thumbprint, and so does the map of `serde_json`.
        let (pair, mut jwk, algorithm) = match RsaKeyPair::from_pkcs8(der) {
            Ok(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let jwk = json!({ "e": encode(&public.e), "kty": "RSA", "n": encode(&public.n) });
                (Pair::Rsa(pair), jwk, "RS256")
            }
            Err(_) => {
                let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, der, random).ok()?;
                let point = pair.public_key().as_ref().strip_prefix(&[4])?;
                let (x, y) = point.split_at_checked(32)?;
                let jwk = json!({ "crv": "P-256", "kty": "EC", "x": encode(x), "y": encode(y) });
                (Pair::Ec(pair), jwk, "ES256")
            }
        };
        let kid = encode(ring::digest::digest(&ring::digest::SHA256, jwk.to_string().as_bytes()).as_ref());
        for (member, value) in [("kid", kid.as_str()), ("use", "sig"), ("alg", algorithm)] {
            jwk[member] = value.into();
        }
        Some(Self { name, pair, kid, jwk })
    }

    /// The algorithm of this key, unless a request for a token names another.
    pub(crate) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
        }
    }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    ring::digest::digest(&ring::digest::SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_key_is_readable_and_has_an_id_of_its_own() {
        let keys = Keys::load().unwrap();
        let mut ids: Vec<_> = names().map(|name| keys.get(name).unwrap().kid.clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), KEYS.len());
    }

    #[test]
    fn key_ids_never_change() {
        let keys = Keys::load().unwrap();
        let ids: Vec<_> = names().map(|name| format!("{name} {}", keys.get(name).unwrap().kid)).collect();
        insta::assert_snapshot!(ids.join("\n"), @r"
        ci-1 YEbvjzh1-Qe1laT-61SB02Q92E1jAXpoC7xMHDgNs7g
        ci-2 yrMpp8kI9HecRt9geKA9s0uZwSNawzLpSALIaWeSmZs
        stray mmkn88OjaBFJmfzrhbguqh-y3HYMZ6z_t35nK6ay6CQ
        ec-1 Uh7wk8QuZLpEX-XQA_IKU77hprZhuF4it6mQMtTBUPI
        entra-1 BvivJNTgUsZo-wPOuCLcE-A4u6_R35WycC29VHhzpmQ
        ");
    }

    #[test]
    fn a_published_key_has_no_private_member() {
        let keys = Keys::load().unwrap();
        for name in names() {
            let jwk = &keys.get(name).unwrap().jwk;
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(jwk.get(private).is_none(), "{name} publishes {private}");
            }
        }
    }

    #[test]
    fn a_key_signs_only_with_algorithms_of_its_type() {
        let keys = Keys::load().unwrap();
        let (rsa, ec) = (keys.get("ci-1").unwrap(), keys.get("ec-1").unwrap());
        assert_eq!(keys.sign(rsa, "PS384", b"x").unwrap().len(), 256);
        assert_eq!(keys.sign(ec, "ES256", b"x").unwrap().len(), 64);
        assert_eq!(keys.sign(rsa, "ES256", b"x"), None);
        assert_eq!(keys.sign(ec, "RS256", b"x"), None);
        assert_eq!(keys.sign(rsa, "none", b"x"), None);
    }
}
