//! One public key of a JWK set (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

use rsa::{BigUint, RsaPublicKey};
use serde_json::{Map, Value};

use crate::token::base64url;

use super::ecdsa::{EcKey, P256, P384, P521};
use super::{reason, roca};

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
    pub(super) material: Result<Material, &'static str>,
}

/// A key that signatures can be verified with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Material {
    Rsa(RsaPublicKey),
    Ec(EcKey),
    Ed25519(ed25519_dalek::VerifyingKey),
}

const MIN_RSA_BITS: usize = 2048;
const MAX_RSA_BITS: usize = 8192;

impl Key {
    /// Why no signature can be verified with this key: a code of [`super::REASONS`].
    pub fn problem(&self) -> Option<&'static str> {
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

fn material(members: &Map<String, Value>) -> Result<Material, &'static str> {
    for name in ["kid", "alg"] {
        text(members, name)?;
    }
    if !is_for_signatures(members)? {
        return Err(reason::KEY_NOT_FOR_SIGNATURES);
    }
    match (required(members, "kty")?, text(members, "crv")?) {
        ("RSA", _) => rsa(&bytes(members, "n")?, &bytes(members, "e")?),
        ("EC", Some(crv)) => {
            let curve = [&P256, &P384, &P521].into_iter().find(|curve| curve.crv == crv);
            let key = EcKey::new(curve.ok_or(reason::KEY_UNSUPPORTED)?, &bytes(members, "x")?, &bytes(members, "y")?);
            key.map(Material::Ec).ok_or(reason::KEY_MALFORMED)
        }
        ("OKP", Some("Ed25519")) => ed25519(&bytes(members, "x")?),
        ("EC" | "OKP", None) => Err(reason::KEY_MALFORMED),
        _ => Err(reason::KEY_UNSUPPORTED),
    }
}

/// `use` must be `sig` and `key_ops` must have `verify`, where they are present (RFC 7517 §4.2, §4.3).
fn is_for_signatures(members: &Map<String, Value>) -> Result<bool, &'static str> {
    let may_verify = match members.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        Some(_) => return Err(reason::KEY_MALFORMED),
    };
    Ok(may_verify && text(members, "use")?.is_none_or(|use_| use_ == "sig"))
}

/// A leading zero octet in `n`, against RFC 7518 §6.3.1.1, is common in the wild and changes nothing: it is let pass.
fn rsa(n: &[u8], e: &[u8]) -> Result<Material, &'static str> {
    let n = BigUint::from_bytes_be(n);
    if n.bits() < MIN_RSA_BITS {
        return Err(reason::RSA_KEY_TOO_SMALL);
    }
    if n.bits() > MAX_RSA_BITS {
        return Err(reason::RSA_KEY_TOO_LARGE);
    }
    if roca::has_fingerprint(&n) {
        return Err(reason::RSA_KEY_WEAK);
    }
    RsaPublicKey::new_with_max_size(n, BigUint::from_bytes_be(e), MAX_RSA_BITS).map(Material::Rsa).map_err(|error| {
        use rsa::Error::{InvalidExponent, PublicExponentTooLarge, PublicExponentTooSmall};
        match error {
            InvalidExponent | PublicExponentTooLarge | PublicExponentTooSmall => reason::RSA_EXPONENT_UNSAFE,
            _ => reason::KEY_MALFORMED,
        }
    })
}

/// A point of small order is no key: signatures under it can be made by anyone.
fn ed25519(x: &[u8]) -> Result<Material, &'static str> {
    let x = x.try_into().map_err(|_| reason::KEY_MALFORMED)?;
    match ed25519_dalek::VerifyingKey::from_bytes(x) {
        Ok(key) if !key.is_weak() => Ok(Material::Ed25519(key)),
        _ => Err(reason::KEY_MALFORMED),
    }
}

fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, &'static str> {
    base64url::decode(required(members, name)?).map_err(|_| reason::KEY_MALFORMED)
}

fn required<'a>(members: &'a Map<String, Value>, name: &str) -> Result<&'a str, &'static str> {
    text(members, name)?.ok_or(reason::KEY_MALFORMED)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, &'static str> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(reason::KEY_MALFORMED),
    }
}
