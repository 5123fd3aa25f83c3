//! One public key of a JWK set (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

use std::ops::RangeInclusive;

use azure_oidc_ecdsa::Curve;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PublicKey};
use serde_json::{Map, Value};

use crate::token::base64url;

use super::{Reason, roca};

/// A key as its set describes it.
#[derive(Debug, Clone)]
pub struct Key {
    /// `kid`, its name.
    pub kid: Option<String>,
    /// `kty`, its type; empty when absent.
    pub kty: String,
    /// `alg`, the one algorithm it is published for.
    pub alg: Option<String>,
    /// `use`; Entra has been seen not to find keys without it.
    pub public_key_use: Option<String>,
    pub(super) material: Result<Material, Reason>,
}

/// A key that signatures can be verified with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Material {
    Rsa(PublicKey),
    Ec(azure_oidc_ecdsa::PublicKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

impl Material {
    /// How many bytes each of this key's signatures has (RFC 8017 §8, RFC 7518 §3.4, RFC 8032
    /// §5.1.6).
    pub(super) fn signature_length(&self) -> usize {
        match self {
            Self::Rsa(key) => key.size(),
            Self::Ec(key) => 2 * key.curve().size(),
            Self::Ed25519(_) => 64,
        }
    }
}

/// How many bits the modulus of an RSA key may have.
const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

impl Key {
    /// Why no signature can be verified with this key.
    pub fn problem(&self) -> Option<Reason> {
        self.material.as_ref().err().copied()
    }

    pub(super) fn new(members: &Map<String, Value>) -> Self {
        let owned = |name| text(members, name).ok().flatten().map(str::to_owned);
        Self {
            kid: owned("kid"),
            kty: owned("kty").unwrap_or_default(),
            alg: owned("alg"),
            public_key_use: owned("use"),
            material: material(members),
        }
    }
}

fn material(members: &Map<String, Value>) -> Result<Material, Reason> {
    for name in ["kid", "alg"] {
        text(members, name)?;
    }
    if !is_for_signatures(members)? {
        return Err(Reason::KeyNotForSignatures);
    }
    match (required(members, "kty")?, text(members, "crv")?) {
        ("RSA", _) => rsa(&bytes(members, "n")?, &bytes(members, "e")?),
        ("EC", Some(crv)) => {
            let curve = Curve::from_name(crv).ok_or(Reason::KeyUnsupported)?;
            let key = azure_oidc_ecdsa::PublicKey::new(curve, &bytes(members, "x")?, &bytes(members, "y")?);
            key.map(Material::Ec).ok_or(Reason::KeyMalformed)
        }
        ("OKP", Some("Ed25519")) => ed25519(&bytes(members, "x")?),
        ("EC" | "OKP", None) => Err(Reason::KeyMalformed),
        _ => Err(Reason::KeyUnsupported),
    }
}

/// `use` must be `sig` and `key_ops` must have `verify`, where they are present (RFC 7517 §4.2,
/// §4.3).
fn is_for_signatures(members: &Map<String, Value>) -> Result<bool, Reason> {
    let may_verify = match members.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => return Err(Reason::KeyMalformed),
    };
    Ok(may_verify && text(members, "use")?.is_none_or(|use_| use_ == "sig"))
}

/// Accepts zero octets at the start of `n`: RFC 7518 §6.3.1.1 forbids them, but they are common. They
/// are cut off, because the arithmetic takes time for each octet, zero or not.
fn rsa(n: &[u8], e: &[u8]) -> Result<Material, Reason> {
    let number = |bytes: &[u8]| {
        let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        BoxedUint::from_be_slice_vartime(&bytes[first..])
    };
    let key = PublicKey::new_with_size_limits(number(n), number(e), RSA_BITS).map_err(|error| {
        use rsa::Error;
        match error {
            Error::ModulusTooSmall => Reason::RsaKeyTooSmall,
            Error::ModulusTooLarge => Reason::RsaKeyTooLarge,
            Error::InvalidExponent | Error::PublicExponentTooLarge | Error::PublicExponentTooSmall => {
                Reason::RsaExponentUnsafe
            }
            _ => Reason::KeyMalformed,
        }
    })?;
    if roca::has_fingerprint(key.n()) { Err(Reason::RsaKeyWeak) } else { Ok(Material::Rsa(key)) }
}

/// Refuses a point of small order: anyone can make signatures under it.
fn ed25519(x: &[u8]) -> Result<Material, Reason> {
    let x = x.try_into().map_err(|_| Reason::KeyMalformed)?;
    match ed25519_dalek::VerifyingKey::from_bytes(x) {
        Ok(key) if !key.is_weak() => Ok(Material::Ed25519(key)),
        _ => Err(Reason::KeyMalformed),
    }
}

fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Reason> {
    base64url::decode(required(members, name)?).map_err(|_| Reason::KeyMalformed)
}

fn required<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, Reason> {
    text(members, name)?.ok_or(Reason::KeyMalformed)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Reason> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Reason::KeyMalformed),
    }
}
