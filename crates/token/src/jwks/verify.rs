//! Whether a JWS was signed with a key of a set.

use azure_oidc_ecdsa::Curve;
use ed25519_dalek::Signature as Ed25519Signature;
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

use crate::token::{Header, Jws};

use super::Reason;
use super::key::{Key, Material};
use super::key_set::{KeySet, MAX_KEYS};

/// The result of verifying one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Whether the signature is good.
    pub valid: bool,
    /// Why it is not good.
    pub reason: Option<Reason>,
    /// `alg` as the token has it.
    pub alg: String,
    /// `kid` as the token has it.
    pub kid: Option<String>,
    /// The key that was tried: its place in the document, counted from 0.
    pub key_index: Option<usize>,
}

/// Verifies a signature with the key of the set that the token's header selects. It does not look
/// at the payload, and so not at the token's times.
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
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es(Curve),
    Ed25519,
}

fn preconditions(jws: &Jws) -> Result<Algorithm, Reason> {
    let header = jws.header();
    let alg = Algorithm::from_name(&header.alg)?;
    critical(header)?;
    if jws.signature().is_empty() {
        return Err(Reason::SignatureMissing);
    }
    Ok(alg)
}

/// No extension is understood here, so any `crit` is refused; the reason says whether it was valid.
fn critical(header: &Header) -> Result<(), Reason> {
    if header.raw.get("b64").is_some_and(|b64| *b64 != Value::Bool(true)) {
        return Err(Reason::B64Unsupported);
    }
    match header.raw.get("crit") {
        None => Ok(()),
        Some(crit) if is_allowed_crit(crit, header) => Err(Reason::CritUnsupported),
        Some(_) => Err(Reason::CritInvalid),
    }
}

/// RFC 7515 §4.1.11: the list is not empty and repeats no name; each name is in the header and is
/// not one that RFC 7515 or RFC 7518 defines.
fn is_allowed_crit(crit: &Value, header: &Header) -> bool {
    const REGISTERED: [&str; 11] = ["alg", "jku", "jwk", "kid", "x5u", "x5c", "x5t", "x5t#S256", "typ", "cty", "crit"];
    let Some(names) = crit.as_array().filter(|names| !names.is_empty()) else { return false };
    names.iter().enumerate().all(|(index, name)| {
        name.as_str().is_some_and(|text| header.raw.contains_key(text) && !REGISTERED.contains(&text))
            && !names[..index].contains(name)
    })
}

/// The key that `kid` in the header names, or, without `kid`, the only key that fits `alg`.
fn choose<'a>(alg: Algorithm, header: &Header, keys: &'a KeySet) -> Result<(usize, &'a Material), Reason> {
    let counted = || keys.keys().iter().take(MAX_KEYS).enumerate();
    let named = || counted().filter(|(_, key)| header.kid.is_none() || key.kid == header.kid);
    let mut fitting = named().filter_map(|(index, key)| Some((index, fit(alg, header, key).ok()?)));
    if let Some(first) = fitting.next() {
        // Duplicate entries are not ambiguous.
        let same = fitting.all(|(_, other)| other == first.1);
        let ambiguous = if header.kid.is_some() { Reason::KidAmbiguous } else { Reason::KidMissing };
        return if same { Ok(first) } else { Err(ambiguous) };
    }
    Err(why_none_fits(alg, header, keys, named().map(|(_, key)| key)))
}

fn why_none_fits<'a>(
    alg: Algorithm,
    header: &Header,
    keys: &KeySet,
    mut named: impl Iterator<Item = &'a Key>,
) -> Reason {
    match (named.next(), named.next(), &header.kid) {
        (_, Some(_), None) | (None, _, None) => Reason::KeyMissing,
        (Some(key), ..) => fit(alg, header, key).err().unwrap_or(Reason::KeyMissing),
        (None, _, Some(kid)) if keys.position(kid).is_some() => Reason::KidBeyondLimit,
        (None, _, Some(_)) => Reason::KidUnknown,
    }
}

/// Whether the key's type, its curve and the `alg` that it is published for fit the algorithm.
fn fit<'a>(alg: Algorithm, header: &Header, key: &'a Key) -> Result<&'a Material, Reason> {
    let material = key.material.as_ref().map_err(|reason| *reason)?;
    if !alg.fits(material) {
        return Err(Reason::KeyTypeMismatch);
    }
    if key.alg.as_ref().is_some_and(|published| *published != header.alg) {
        return Err(Reason::KeyAlgMismatch);
    }
    Ok(material)
}

impl Algorithm {
    pub(super) fn from_name(name: &str) -> Result<Self, Reason> {
        Ok(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es(Curve::P256),
            "ES384" => Self::Es(Curve::P384),
            "ES512" => Self::Es(Curve::P521),
            "EdDSA" | "Ed25519" => Self::Ed25519,
            _ if name.eq_ignore_ascii_case("none") => return Err(Reason::AlgNone),
            _ if name.get(..2).is_some_and(|family| family.eq_ignore_ascii_case("HS")) => {
                return Err(Reason::AlgSymmetric);
            }
            _ => return Err(Reason::AlgUnsupported),
        })
    }

    fn fits(self, material: &Material) -> bool {
        match material {
            Material::Rsa(_) => {
                matches!(self, Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512)
            }
            Material::Ec(key) => matches!(self, Self::Es(curve) if curve == key.curve()),
            Material::Ed25519(_) => matches!(self, Self::Ed25519),
        }
    }

    pub(super) fn verify(self, material: &Material, input: &[u8], signature: &[u8]) -> Result<(), Reason> {
        if signature.len() != material.signature_length() {
            return Err(Reason::SignatureLength);
        }
        let good = match (self, material) {
            (Self::Rs256, Material::Rsa(key)) => key.pkcs1v15_verify::<Sha256>(input, signature).is_ok(),
            (Self::Rs384, Material::Rsa(key)) => key.pkcs1v15_verify::<Sha384>(input, signature).is_ok(),
            (Self::Rs512, Material::Rsa(key)) => key.pkcs1v15_verify::<Sha512>(input, signature).is_ok(),
            // The salt is as long as the digest (RFC 7518 §3.5), which `pss_verify` requires too.
            (Self::Ps256, Material::Rsa(key)) => key.pss_verify::<Sha256>(input, signature).is_ok(),
            (Self::Ps384, Material::Rsa(key)) => key.pss_verify::<Sha384>(input, signature).is_ok(),
            (Self::Ps512, Material::Rsa(key)) => key.pss_verify::<Sha512>(input, signature).is_ok(),
            (Self::Es(_), Material::Ec(key)) => key.verifies(input, signature),
            (Self::Ed25519, Material::Ed25519(key)) => Ed25519Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(input, &signature).is_ok()),
            _ => return Err(Reason::KeyTypeMismatch),
        };
        if good { Ok(()) } else { Err(Reason::SignatureMismatch) }
    }
}
