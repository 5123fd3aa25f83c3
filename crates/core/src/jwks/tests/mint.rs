//! Makes tokens and key sets for tests, good ones and bad ones.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use p256::ecdsa::signature::Signer as _;
use rsa::{
    Pkcs1v15Sign, Pss, RsaPrivateKey,
    pkcs1::DecodeRsaPrivateKey,
    rand_core::{CryptoRng, Error, RngCore},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};

pub(super) const PAYLOAD: &[u8] =
    br#"{"iss":"https://issuer.example","sub":"job","aud":"api://AzureADTokenExchange","exp":1700000300}"#;

/// Signs the signing input.
pub(super) type Sign = fn(&[u8]) -> Vec<u8>;

/// Gives a public key.
type PublicKey = fn() -> Value;

/// An algorithm, how it signs, and the public key that goes with it.
pub(super) const SIGNERS: [(&str, Sign, PublicKey); 11] = [
    ("RS256", |input| pkcs1v15(rsa_2048(), Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(input)), rsa_jwk),
    ("RS384", |input| pkcs1v15(rsa_2048(), Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(input)), rsa_jwk),
    ("RS512", |input| pkcs1v15(rsa_2048(), Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(input)), rsa_jwk),
    ("PS256", |input| pss(Pss::new::<Sha256>(), &Sha256::digest(input)), rsa_jwk),
    ("PS384", |input| pss(Pss::new::<Sha384>(), &Sha384::digest(input)), rsa_jwk),
    ("PS512", |input| pss(Pss::new::<Sha512>(), &Sha512::digest(input)), rsa_jwk),
    ("ES256", |input| p256_signature(input).to_vec(), p256_jwk),
    ("ES384", es384, p384_jwk),
    ("ES512", es512, p521_jwk),
    ("EdDSA", ed25519, ed25519_jwk),
    ("Ed25519", ed25519, ed25519_jwk),
];

pub(super) fn signer(alg: &str) -> Sign {
    SIGNERS.iter().find(|(name, ..)| *name == alg).unwrap().1
}

/// A token over [`PAYLOAD`] with this header, signed as told, whatever the header says.
pub(super) fn token(header: &str, sign: Sign) -> String {
    let input = format!("{}.{}", base64url(header.as_bytes()), base64url(PAYLOAD));
    let signature = base64url(sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// A good token, signed with the key named `k`.
pub(super) fn good(alg: &str) -> String {
    token(&json!({"alg": alg, "kid": "k"}).to_string(), signer(alg))
}

pub(super) fn key_set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// The key with other or further members; `null` takes one away.
pub(super) fn with(mut key: Value, changes: Value) -> Value {
    let members = key.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
    }
    members.retain(|_, value| !value.is_null());
    key
}

pub(super) fn rsa_jwk() -> Value {
    rsa_public(rsa_2048())
}

pub(super) fn rsa_1024_jwk() -> Value {
    rsa_public(rsa_1024())
}

pub(super) fn p256_jwk() -> Value {
    ec_jwk("P-256", &p256_key().verifying_key().to_sec1_point(false).as_bytes()[1..])
}

pub(super) fn p384_jwk() -> Value {
    ec_jwk("P-384", &p384_key().verifying_key().to_sec1_point(false).as_bytes()[1..])
}

pub(super) fn p521_jwk() -> Value {
    ec_jwk("P-521", &p521_key().verifying_key().to_sec1_point(false).as_bytes()[1..])
}

fn ec_jwk(crv: &str, point: &[u8]) -> Value {
    let (x, y) = point.split_at(point.len() / 2);
    json!({"kty": "EC", "kid": "k", "use": "sig", "crv": crv, "x": base64url(x), "y": base64url(y)})
}

pub(super) fn ed25519_jwk() -> Value {
    let x = ed25519_key().verifying_key();
    json!({"kty": "OKP", "kid": "k", "use": "sig", "crv": "Ed25519", "x": base64url(x.as_bytes())})
}

pub(super) fn rs256_of_1024_bits(input: &[u8]) -> Vec<u8> {
    pkcs1v15(rsa_1024(), Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(input))
}

/// Adds the modulus to a signature, which changes nothing for a verifier that only computes modulo it. Headers are
/// tried until the sum has the length of the modulus.
pub(super) fn ps256_not_reduced() -> String {
    let sum = |input: &[u8]| rsa::BigUint::from_bytes_be(&signer("PS256")(input)) + rsa_2048().n();
    (0..)
        .map(|attempt| json!({"alg": "PS256", "kid": "k", "attempt": attempt}).to_string())
        .map(|header| format!("{}.{}", base64url(header.as_bytes()), base64url(PAYLOAD)))
        .map(|input| (sum(input.as_bytes()).to_bytes_be(), input))
        .find(|(sum, _)| sum.len() == 256)
        .map(|(sum, input)| format!("{input}.{}", base64url(&sum)))
        .unwrap()
}

pub(super) fn es256_in_der(input: &[u8]) -> Vec<u8> {
    p256_signature(input).to_der().as_bytes().to_vec()
}

/// HMAC (RFC 2104) with the bytes of the published RSA modulus as its secret.
pub(super) fn hs256_with_rsa_modulus(input: &[u8]) -> Vec<u8> {
    let block = Sha256::digest(rsa_2048().n().to_bytes_be());
    let pad = |byte: u8| (0..64).map(|at| block.get(at).copied().unwrap_or(0) ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::digest([&pad(0x36), input].concat());
    Sha256::digest([&pad(0x5c), &inner[..]].concat()).to_vec()
}

pub(super) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa_public(key: &RsaPrivateKey) -> Value {
    let (n, e) = (base64url(key.n().to_bytes_be()), base64url(key.e().to_bytes_be()));
    json!({"kty": "RSA", "kid": "k", "use": "sig", "n": n, "e": e})
}

fn rsa_2048() -> &'static RsaPrivateKey {
    static KEY: LazyLock<RsaPrivateKey> =
        LazyLock::new(|| rsa_key(include_bytes!("../../../testdata/keys/rsa-2048.test-key.der")));
    &KEY
}

fn rsa_1024() -> &'static RsaPrivateKey {
    static KEY: LazyLock<RsaPrivateKey> =
        LazyLock::new(|| rsa_key(include_bytes!("../../../testdata/keys/rsa-1024.test-key.der")));
    &KEY
}

fn rsa_key(der: &[u8]) -> RsaPrivateKey {
    RsaPrivateKey::from_pkcs1_der(der).unwrap()
}

fn p256_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn p384_key() -> p384::ecdsa::SigningKey {
    p384::ecdsa::SigningKey::from_slice(&[7; 48]).unwrap()
}

fn p521_key() -> p521::ecdsa::SigningKey {
    p521::ecdsa::SigningKey::from_slice(&[1; 66]).unwrap()
}

fn ed25519_key() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[7; 32])
}

fn pkcs1v15(key: &RsaPrivateKey, padding: Pkcs1v15Sign, digest: &[u8]) -> Vec<u8> {
    key.sign(padding, digest).unwrap()
}

fn pss(padding: Pss, digest: &[u8]) -> Vec<u8> {
    rsa_2048().sign_with_rng(&mut SameSalt, padding, digest).unwrap()
}

fn p256_signature(input: &[u8]) -> p256::ecdsa::Signature {
    p256_key().sign(input)
}

fn es384(input: &[u8]) -> Vec<u8> {
    let signature: p384::ecdsa::Signature = p384_key().sign(input);
    signature.to_vec()
}

fn es512(input: &[u8]) -> Vec<u8> {
    let signature: p521::ecdsa::Signature = p521_key().sign(input);
    signature.to_vec()
}

fn ed25519(input: &[u8]) -> Vec<u8> {
    ed25519_key().sign(input).to_vec()
}

/// Salts need not be random for a test, and a test must do the same every time.
struct SameSalt;

impl RngCore for SameSalt {
    fn next_u32(&mut self) -> u32 {
        7
    }

    fn next_u64(&mut self) -> u64 {
        7
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for SameSalt {}
