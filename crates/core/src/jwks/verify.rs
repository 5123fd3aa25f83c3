//! Whether a JWS was signed with a key of a set.

use ed25519_dalek::Signature as Ed25519Signature;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey, traits::PublicKeyParts};
use serde_json::Value;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::token::{Header, Jws};

use super::{
    ecdsa::{Curve, P256, P384, P521},
    key::{Key, Material},
    key_set::{KeySet, MAX_KEYS},
    reason,
};

/// What came of verifying one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Whether the signature is good.
    pub valid: bool,
    /// Why not: a code of [`super::REASONS`].
    pub reason: Option<&'static str>,
    /// `alg` as the token has it.
    pub alg: String,
    /// `kid` as the token has it.
    pub kid: Option<String>,
    /// The key that was tried: its place in the document, counted from 0.
    pub key_index: Option<usize>,
}

/// Verifies a signature with the one key of the set that the token's header leads to. The payload, times included,
/// isn't looked at.
pub fn verify(jws: &Jws, keys: &KeySet) -> Verification {
    let header = jws.header();
    let chosen = preconditions(jws).and_then(|alg| Ok((alg, choose(alg, header, keys)?)));
    let (key_index, outcome) = match chosen {
        Ok((alg, (index, material))) => (Some(index), alg.verify(material, jws.signing_input(), jws.signature())),
        Err(reason) => (None, Err(reason)),
    };
    Verification {
        valid: outcome.is_ok(),
        reason: outcome.err(),
        alg: header.alg.clone(),
        kid: header.kid.clone(),
        key_index,
    }
}

/// A signature algorithm that is accepted (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
#[derive(Clone, Copy)]
pub(super) enum Algorithm {
    Rs(Hash),
    Ps(Hash),
    Es(&'static Curve, Hash),
    Ed25519,
}

#[derive(Clone, Copy)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

fn preconditions(jws: &Jws) -> Result<Algorithm, &'static str> {
    let header = jws.header();
    let alg = Algorithm::from_name(&header.alg)?;
    critical(header)?;
    if jws.signature().is_empty() {
        return Err(reason::SIGNATURE_MISSING);
    }
    Ok(alg)
}

/// No extension is understood here, so `crit` always refuses; the code tells a wrong `crit` from a sound one.
fn critical(header: &Header) -> Result<(), &'static str> {
    if header.raw.get("b64").is_some_and(|b64| *b64 != Value::Bool(true)) {
        return Err(reason::B64_UNSUPPORTED);
    }
    match header.raw.get("crit") {
        None => Ok(()),
        Some(crit) if is_allowed_crit(crit, header) => Err(reason::CRIT_UNSUPPORTED),
        Some(_) => Err(reason::CRIT_INVALID),
    }
}

/// RFC 7515 §4.1.11: not empty, no name twice, each name in the header, none of them of RFC 7515 or RFC 7518 itself.
fn is_allowed_crit(crit: &Value, header: &Header) -> bool {
    const REGISTERED: [&str; 11] = ["alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"];
    let Some(names) = crit.as_array().filter(|names| !names.is_empty()) else { return false };
    names.iter().enumerate().all(|(index, name)| {
        name.as_str().is_some_and(|text| header.raw.contains_key(text) && !REGISTERED.contains(&text))
            && !names[..index].contains(name)
    })
}

/// The key of a header: the one that its `kid` names, or, without `kid`, the only one that fits.
fn choose<'a>(alg: Algorithm, header: &Header, keys: &'a KeySet) -> Result<(usize, &'a Material), &'static str> {
    let counted = || keys.keys().iter().take(MAX_KEYS).enumerate();
    let named = || counted().filter(|(_, key)| header.kid.is_none() || key.kid == header.kid);
    let mut fitting = named().filter_map(|(index, key)| Some((index, fit(alg, header, key).ok()?)));
    if let Some(first) = fitting.next() {
        // The same key listed twice is no riddle.
        let same = fitting.all(|(_, other)| other == first.1);
        let riddle = if header.kid.is_some() { reason::KID_AMBIGUOUS } else { reason::KID_MISSING };
        return if same { Ok(first) } else { Err(riddle) };
    }
    Err(why_none_fits(alg, header, keys, named().map(|(_, key)| key)))
}

fn why_none_fits<'a>(
    alg: Algorithm,
    header: &Header,
    keys: &KeySet,
    mut named: impl Iterator<Item = &'a Key>,
) -> &'static str {
    match (named.next(), named.next(), &header.kid) {
        (_, Some(_), None) | (None, _, None) => reason::KEY_MISSING,
        (Some(key), ..) => fit(alg, header, key).err().unwrap_or(reason::KEY_MISSING),
        (None, _, Some(kid)) if keys.position(kid).is_some() => reason::KID_BEYOND_LIMIT,
        (None, _, Some(_)) => reason::KID_UNKNOWN,
    }
}

/// Binds the algorithm to the key: by its type and curve, and by the `alg` it is published for.
fn fit<'a>(alg: Algorithm, header: &Header, key: &'a Key) -> Result<&'a Material, &'static str> {
    let material = key.material.as_ref().map_err(|problem| *problem)?;
    if !alg.takes(material) {
        return Err(reason::KEY_TYPE_MISMATCH);
    }
    if key.alg.as_ref().is_some_and(|published| *published != header.alg) {
        return Err(reason::KEY_ALG_MISMATCH);
    }
    Ok(material)
}

impl Algorithm {
    pub(super) fn from_name(name: &str) -> Result<Self, &'static str> {
        Ok(match name {
            "RS256" => Self::Rs(Hash::Sha256),
            "RS384" => Self::Rs(Hash::Sha384),
            "RS512" => Self::Rs(Hash::Sha512),
            "PS256" => Self::Ps(Hash::Sha256),
            "PS384" => Self::Ps(Hash::Sha384),
            "PS512" => Self::Ps(Hash::Sha512),
            "ES256" => Self::Es(&P256, Hash::Sha256),
            "ES384" => Self::Es(&P384, Hash::Sha384),
            "ES512" => Self::Es(&P521, Hash::Sha512),
            "EdDSA" | "Ed25519" => Self::Ed25519,
            _ if name.eq_ignore_ascii_case("none") => return Err(reason::ALG_NONE),
            _ if name.get(..2).is_some_and(|family| family.eq_ignore_ascii_case("HS")) => {
                return Err(reason::ALG_SYMMETRIC);
            }
            _ => return Err(reason::ALG_UNSUPPORTED),
        })
    }

    fn takes(self, material: &Material) -> bool {
        match (self, material) {
            (Self::Rs(_) | Self::Ps(_), Material::Rsa(_)) | (Self::Ed25519, Material::Ed25519(_)) => true,
            (Self::Es(curve, _), Material::Ec(key)) => key.is_of(curve),
            _ => false,
        }
    }

    pub(super) fn verify(self, material: &Material, input: &[u8], signature: &[u8]) -> Result<(), &'static str> {
        let good = match (self, material) {
            (Self::Rs(hash), Material::Rsa(key)) => {
                is_representative(key, signature)?;
                let padding = match hash {
                    Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                    Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                    Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
                };
                key.verify(padding, &hash.of(input), signature).is_ok()
            }
            (Self::Ps(hash), Material::Rsa(key)) => {
                is_representative(key, signature)?;
                // The salt is as long as the digest (RFC 7518 §3.5), which is what `Pss::new` asks for.
                let padding = match hash {
                    Hash::Sha256 => Pss::new::<Sha256>(),
                    Hash::Sha384 => Pss::new::<Sha384>(),
                    Hash::Sha512 => Pss::new::<Sha512>(),
                };
                key.verify(padding, &hash.of(input), signature).is_ok()
            }
            (Self::Es(curve, hash), Material::Ec(key)) => {
                has_length(signature, 2 * curve.size)?;
                key.verifies(&hash.of(input), signature)
            }
            (Self::Ed25519, Material::Ed25519(key)) => {
                has_length(signature, 64)?;
                Ed25519Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify_strict(input, &signature).is_ok())
            }
            _ => return Err(reason::KEY_TYPE_MISMATCH),
        };
        if good { Ok(()) } else { Err(reason::SIGNATURE_MISMATCH) }
    }
}

impl Hash {
    fn of(self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(input).to_vec(),
            Self::Sha384 => Sha384::digest(input).to_vec(),
            Self::Sha512 => Sha512::digest(input).to_vec(),
        }
    }
}

/// RFC 8017 §8.1.2 and §8.2.2: as long as the modulus, and as a number less than it. `rsa` 0.9 doesn't ask the latter
/// of PSS signatures.
fn is_representative(key: &RsaPublicKey, signature: &[u8]) -> Result<(), &'static str> {
    has_length(signature, key.size())?;
    if BigUint::from_bytes_be(signature) < *key.n() { Ok(()) } else { Err(reason::SIGNATURE_MISMATCH) }
}

fn has_length(signature: &[u8], length: usize) -> Result<(), &'static str> {
    if signature.len() == length { Ok(()) } else { Err(reason::SIGNATURE_LENGTH) }
}
