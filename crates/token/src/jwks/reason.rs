//! Why a signature is not accepted, or why a key cannot be used.

use crate::reason::reasons;

reasons! {
    /// Why a signature is not accepted, or why a key cannot be used.
    Reason {
        AlgNone, "alg-none", "the token says that it is not signed (`alg` is `none`)";
        AlgSymmetric, "alg-symmetric",
            "`alg` is an HMAC algorithm, for which a published key would be a published secret";
        AlgUnsupported, "alg-unsupported",
            "`alg` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA and Ed25519";
        B64Unsupported, "b64-unsupported",
            "the header has `b64`, for a payload without base64url (RFC 7797), which is not accepted";
        CritInvalid, "crit-invalid",
            "`crit` in the header is not a list of extension names that RFC 7515 §4.1.11 allows";
        CritUnsupported, "crit-unsupported",
            "`crit` in the header names an extension that is not understood here";
        KeyAlgMismatch, "key-alg-mismatch", "the key is published for another `alg` than the one in the token";
        KeyMalformed, "key-malformed", "the key is not a well-formed public key";
        KeyMissing, "key-missing", "the token names no key, and no key in the set fits its `alg`";
        KeyNotForSignatures, "key-not-for-signatures",
            "the key is not published for signatures (`use` or `key_ops`)";
        KeyTypeMismatch, "key-type-mismatch", "the key is of another type or curve than `alg` needs";
        KeyUnsupported, "key-unsupported", "the key is of a type or curve that is not supported";
        KidAmbiguous, "kid-ambiguous", "the key set has several different keys with this `kid` that fit `alg`";
        KidBeyondLimit, "kid-beyond-limit",
            "the key with this `kid` comes after the first 100 keys of the set, which are the only ones that count";
        KidMissing, "kid-missing",
            "the token names no key (`kid`), and more than one key in the set fits its `alg`";
        KidUnknown, "kid-unknown", "no key in the set has this `kid`";
        RsaExponentUnsafe, "rsa-exponent-unsafe",
            "the RSA key has a public exponent that is even, less than 3 or more than 33 bits long";
        RsaKeyTooLarge, "rsa-key-too-large", "the RSA key has more than 8192 bits";
        RsaKeyTooSmall, "rsa-key-too-small", "the RSA key has less than 2048 bits";
        RsaKeyWeak, "rsa-key-weak",
            "the RSA key was made by a faulty generator (ROCA, CVE-2017-15361) and can be broken";
        SignatureLength, "signature-length",
            "the signature does not have the length that the key and `alg` give";
        SignatureMismatch, "signature-mismatch",
            "the signature was not made with this key over this header and payload";
        SignatureMissing, "signature-missing", "the token has an empty signature";
    }
}
