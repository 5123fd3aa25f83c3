//! The fingerprint of RSA keys from a faulty generator (ROCA, CVE-2017-15361), which can be factored.
//!
//! Their moduli are powers of 65537 modulo every small prime. A sound key looks so by chance about once in 2^27.

use rsa::BigUint;

const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether the modulus has the fingerprint.
pub(super) fn has_fingerprint(n: &BigUint) -> bool {
    PRIMES.into_iter().all(|prime| is_power_of_65537(residue(n, prime), prime))
}

fn residue(n: &BigUint, prime: u32) -> u32 {
    n.to_bytes_be().into_iter().fold(0, |rest, byte| ((rest << 8) + u32::from(byte)) % prime)
}

fn is_power_of_65537(residue: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * (65_537 % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}
