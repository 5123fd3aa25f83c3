//! Why a signature doesn't count: stable codes, each with its sentence.

pub(super) const ALG_NONE: &str = "alg-none";
pub(super) const ALG_SYMMETRIC: &str = "alg-symmetric";
pub(super) const ALG_UNSUPPORTED: &str = "alg-unsupported";
pub(super) const B64_UNSUPPORTED: &str = "b64-unsupported";
pub(super) const CRIT_INVALID: &str = "crit-invalid";
pub(super) const CRIT_UNSUPPORTED: &str = "crit-unsupported";
pub(super) const KEY_ALG_MISMATCH: &str = "key-alg-mismatch";
pub(super) const KEY_MALFORMED: &str = "key-malformed";
pub(super) const KEY_MISSING: &str = "key-missing";
pub(super) const KEY_NOT_FOR_SIGNATURES: &str = "key-not-for-signatures";
pub(super) const KEY_TYPE_MISMATCH: &str = "key-type-mismatch";
pub(super) const KEY_UNSUPPORTED: &str = "key-unsupported";
pub(super) const KID_AMBIGUOUS: &str = "kid-ambiguous";
pub(super) const KID_BEYOND_LIMIT: &str = "kid-beyond-limit";
pub(super) const KID_MISSING: &str = "kid-missing";
pub(super) const KID_UNKNOWN: &str = "kid-unknown";
pub(super) const RSA_EXPONENT_UNSAFE: &str = "rsa-exponent-unsafe";
pub(super) const RSA_KEY_TOO_LARGE: &str = "rsa-key-too-large";
pub(super) const RSA_KEY_TOO_SMALL: &str = "rsa-key-too-small";
pub(super) const RSA_KEY_WEAK: &str = "rsa-key-weak";
pub(super) const SIGNATURE_LENGTH: &str = "signature-length";
pub(super) const SIGNATURE_MISMATCH: &str = "signature-mismatch";
pub(super) const SIGNATURE_MISSING: &str = "signature-missing";

/// Every code with its sentence, in the order of the codes. A code's meaning never changes; new ones are added.
pub const REASONS: &[(&str, &str)] = &[
    (ALG_NONE, "the token says that it is not signed (`alg` is `none`)"),
    (ALG_SYMMETRIC, "`alg` is an HMAC algorithm, for which a published key would be a published secret"),
    (
        ALG_UNSUPPORTED,
        "`alg` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA and Ed25519",
    ),
    (B64_UNSUPPORTED, "the header has `b64`, for a payload without base64url (RFC 7797), which is not accepted"),
    (CRIT_INVALID, "`crit` in the header is not a list of extension names that RFC 7515 §4.1.11 allows"),
    (CRIT_UNSUPPORTED, "`crit` in the header names an extension that is not understood here"),
    (KEY_ALG_MISMATCH, "the key is published for another `alg` than the one in the token"),
    (KEY_MALFORMED, "the key is not a well-formed public key"),
    (KEY_MISSING, "the token names no key, and no key in the set fits its `alg`"),
    (KEY_NOT_FOR_SIGNATURES, "the key is not published for signatures (`use` or `key_ops`)"),
    (KEY_TYPE_MISMATCH, "the key is of another type or curve than `alg` needs"),
    (KEY_UNSUPPORTED, "the key is of a type or curve that is not supported"),
    (KID_AMBIGUOUS, "the key set has several different keys with this `kid` that fit `alg`"),
    (
        KID_BEYOND_LIMIT,
        "the key with this `kid` comes after the first 100 keys of the set, which are the only ones that count",
    ),
    (KID_MISSING, "the token names no key (`kid`), and more than one key in the set fits its `alg`"),
    (KID_UNKNOWN, "no key in the set has this `kid`"),
    (RSA_EXPONENT_UNSAFE, "the RSA key has a public exponent that is even, less than 3 or more than 33 bits long"),
    (RSA_KEY_TOO_LARGE, "the RSA key has more than 8192 bits"),
    (RSA_KEY_TOO_SMALL, "the RSA key has less than 2048 bits"),
    (RSA_KEY_WEAK, "the RSA key was made by a faulty generator (ROCA, CVE-2017-15361) and can be broken"),
    (SIGNATURE_LENGTH, "the signature does not have the length that the key and `alg` give"),
    (SIGNATURE_MISMATCH, "the signature was not made with this key over this header and payload"),
    (SIGNATURE_MISSING, "the token has an empty signature"),
];

/// What a code means, without a trailing full stop.
pub fn sentence(code: &str) -> Option<&'static str> {
    REASONS.iter().find(|(known, _)| *known == code).map(|(_, sentence)| *sentence)
}
