//! Makes tokens and key sets for tests, good ones and bad ones.

use std::convert::Infallible;
use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PrivateKey};
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
    ("RS256", |input| rsa_2048().pkcs1v15_sign::<Sha256>(input).unwrap(), rsa_jwk),
    ("RS384", |input| rsa_2048().pkcs1v15_sign::<Sha384>(input).unwrap(), rsa_jwk),
    ("RS512", |input| rsa_2048().pkcs1v15_sign::<Sha512>(input).unwrap(), rsa_jwk),
    ("PS256", |input| rsa_2048().pss_sign_with_rng::<Sha256, _>(&mut SameSalt, input).unwrap(), rsa_jwk),
    ("PS384", |input| rsa_2048().pss_sign_with_rng::<Sha384, _>(&mut SameSalt, input).unwrap(), rsa_jwk),
    ("PS512", |input| rsa_2048().pss_sign_with_rng::<Sha512, _>(&mut SameSalt, input).unwrap(), rsa_jwk),
    ("ES256", |input| p256_signature(input).to_vec(), p256_jwk),
    ("ES384", es384, p384_jwk),
    ("ES512", es512, p521_jwk),
    ("EdDSA", ed25519, ed25519_jwk),
    ("Ed25519", ed25519, ed25519_jwk),
];

pub(super) fn signer(alg: &str) -> Sign {
    SIGNERS.iter().find(|(name, ..)| *name == alg).unwrap().1
}

/// A token over [`PAYLOAD`] with this header, signed by `sign`, whatever the header says.
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
    rsa_1024().pkcs1v15_sign::<Sha256>(input).unwrap()
}

/// Adds the modulus to a signature, which changes nothing for a verifier that only computes modulo
/// it. Headers are tried until the sum has the length of the modulus.
pub(super) fn ps256_not_reduced() -> String {
    let sum = |input: &[u8]| {
        let signature = BoxedUint::from_be_slice(&signer("PS256")(input), 2048 + 64).unwrap();
        signature.wrapping_add(rsa_2048().n().as_ref()).to_be_bytes_trimmed_vartime()
    };
    (0..)
        .map(|attempt| json!({"alg": "PS256", "kid": "k", "attempt": attempt}).to_string())
        .map(|header| format!("{}.{}", base64url(header.as_bytes()), base64url(PAYLOAD)))
        .map(|input| (sum(input.as_bytes()), input))
        .find(|(sum, _)| sum.len() == 256)
        .map(|(sum, input)| format!("{input}.{}", base64url(&sum)))
        .unwrap()
}

pub(super) fn es256_in_der(input: &[u8]) -> Vec<u8> {
    p256_signature(input).to_der().as_bytes().to_vec()
}

/// HMAC (RFC 2104) with the bytes of the published RSA modulus as its secret.
pub(super) fn hs256_with_rsa_modulus(input: &[u8]) -> Vec<u8> {
    let block = Sha256::digest(rsa_2048().n_bytes());
    let pad = |byte: u8| (0..64).map(|at| block.get(at).copied().unwrap_or(0) ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::digest([&pad(0x36), input].concat());
    Sha256::digest([&pad(0x5c), &inner[..]].concat()).to_vec()
}

pub(super) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa_public(key: &PrivateKey) -> Value {
    let (n, e) = (base64url(key.n_bytes()), base64url(key.e_bytes()));
    json!({"kty": "RSA", "kid": "k", "use": "sig", "n": n, "e": e})
}

fn rsa_2048() -> &'static PrivateKey {
    static KEY: LazyLock<PrivateKey> =
        LazyLock::new(|| rsa_key(include_bytes!("../../../testdata/keys/rsa-2048.test-key.der")));
    &KEY
}

fn rsa_1024() -> &'static PrivateKey {
    static KEY: LazyLock<PrivateKey> =
        LazyLock::new(|| rsa_key(include_bytes!("../../../testdata/keys/rsa-1024.test-key.der")));
    &KEY
}

fn rsa_key(der: &[u8]) -> PrivateKey {
    PrivateKey::from_pkcs1_der(der).unwrap()
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
    ed25519_key().sign(input).to_bytes().to_vec()
}

/// Salts need not be random for a test, and a test must do the same every time.
struct SameSalt;

impl TryRng for SameSalt {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(7);
        Ok(())
    }
}

impl TryCryptoRng for SameSalt {}
