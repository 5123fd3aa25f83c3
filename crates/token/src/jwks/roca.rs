//! The fingerprint of RSA keys from a faulty generator (ROCA, CVE-2017-15361), which can be
//! factored.
//!
//! The modulus of such a key is a power of 65537 modulo every small prime. By chance a sound key
//! has this property about once in 2^27.

use rsa::BoxedUint;

const PRIMES: [u64; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether the modulus has the fingerprint.
pub(super) fn has_fingerprint(modulus: &BoxedUint) -> bool {
    // A number of this type is a whole number of machine words, so no bytes remain.
    let bytes = modulus.to_be_bytes();
    let residue = |prime| {
        let append = |rest, word: &[u8; 4]| ((rest << 32) + u64::from(u32::from_be_bytes(*word))) % prime;
        bytes.as_chunks().0.iter().fold(0, append)
    };
    PRIMES.into_iter().all(|prime| is_power_of_65537(residue(prime), prime))
}

fn is_power_of_65537(residue: u64, prime: u64) -> bool {
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * 65_537 % prime;
        if power == 1 {
            return false;
        }
    }
}
