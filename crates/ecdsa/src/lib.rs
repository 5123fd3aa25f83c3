//! Verifies ECDSA signatures of the NIST curves P-256, P-384 and P-521, as JOSE uses them (RFC 7518).
//!
//! The curves' crates are generic, so their code is compiled in the crate that uses them. This crate
//! is separate from the core because the component's profile compiles it for size: Entra accepts no
//! ECDSA signature, so their speed matters less than the 27 KB that this saves.

use p256::ecdsa::signature::Verifier;

/// A curve of FIPS 186-5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// P-256, for ES256.
    P256,
    /// P-384, for ES384.
    P384,
    /// P-521, for ES512.
    P521,
}

impl Curve {
    /// The curve with this `crv` (RFC 7518 §6.2.1.1).
    pub fn from_name(crv: &str) -> Option<Self> {
        Some(match crv {
            "P-256" => Self::P256,
            "P-384" => Self::P384,
            "P-521" => Self::P521,
            _ => return None,
        })
    }

    /// How many bytes each coordinate of a key has, and each half of a signature.
    pub fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A public key: a point of its curve.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicKey(Key);

#[derive(Debug, Clone, PartialEq)]
enum Key {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// A key from its coordinates. `None` when one does not have the length that RFC 7518 §6.2.1.2
    /// requires, or when they are not a point of the curve.
    pub fn new(curve: Curve, x: &[u8], y: &[u8]) -> Option<Self> {
        /// SEC 1 §2.3.3.
        const UNCOMPRESSED: u8 = 4;
        if [x, y].iter().any(|coordinate| coordinate.len() != curve.size()) {
            return None;
        }
        let point = [&[UNCOMPRESSED], x, y].concat();
        let key = match curve {
            Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(Key::P256),
            Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(Key::P384),
            Curve::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(&point).map(Key::P521),
        };
        key.ok().map(Self)
    }

    /// The key's curve.
    pub fn curve(&self) -> Curve {
        match self.0 {
            Key::P256(_) => Curve::P256,
            Key::P384(_) => Curve::P384,
            Key::P521(_) => Curve::P521,
        }
    }

    /// Whether the signature, `r` and `s` one after the other (RFC 7518 §3.4), is good. The digest is
    /// the one that RFC 7518 gives the curve: SHA-256, SHA-384 or SHA-512.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Key::P256(key) => verifies::<p256::ecdsa::Signature>(key, message, signature),
            Key::P384(key) => verifies::<p384::ecdsa::Signature>(key, message, signature),
            Key::P521(key) => verifies::<p521::ecdsa::Signature>(key, message, signature),
        }
    }
}

fn verifies<'a, S: TryFrom<&'a [u8]>>(key: &impl Verifier<S>, message: &[u8], signature: &'a [u8]) -> bool {
    S::try_from(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}
