//! ECDSA signatures over the NIST curves (FIPS 186-5 §6.4.2, SEC 1 §4.1.4), as few lines as can be read beside the standard.
//!
//! It only verifies. Every number here is public, so nothing hides from a clock what it computes with: this must never be given a
//! secret. It stands on the integers that RSA brings; the curves' own crates would be a tenth of the component, for signatures that
//! Entra refuses.

use rsa::BigUint;

/// A curve `y² = x³ - 3x + b` over the integers modulo `p`, whose base point has the prime order `n` and cofactor 1 (SP 800-186 §3.2.1).
#[derive(Debug)]
pub(super) struct Curve {
    /// Its name in a JWK (RFC 7518 §6.2.1.1).
    pub(super) crv: &'static str,
    /// How many bytes a coordinate has, and each half of a signature.
    pub(super) size: usize,
    p: &'static [u8],
    n: &'static [u8],
    b: &'static [u8],
    /// The base point: both coordinates, one after the other.
    base: &'static [u8],
}

/// P-256, for ES256.
pub(super) static P256: Curve = Curve {
    crv: "P-256",
    size: 32,
    p: &hex::<32>("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
    n: &hex::<32>("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    b: &hex::<32>("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
    base: &hex::<64>(concat!(
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    )),
};

/// P-384, for ES384.
pub(super) static P384: Curve = Curve {
    crv: "P-384",
    size: 48,
    p: &hex::<48>(concat!(
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe",
        "ffffffff0000000000000000ffffffff"
    )),
    n: &hex::<48>(concat!(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf",
        "581a0db248b0a77aecec196accc52973"
    )),
    b: &hex::<48>(concat!(
        "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a",
        "c656398d8a2ed19d2a85c8edd3ec2aef"
    )),
    base: &hex::<96>(concat!(
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"
    )),
};

/// P-521, for ES512.
pub(super) static P521: Curve = Curve {
    crv: "P-521",
    size: 66,
    p: &hex::<66>(concat!(
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    )),
    n: &hex::<66>(concat!(
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa",
        "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
    )),
    b: &hex::<66>(concat!(
        "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109",
        "e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00"
    )),
    base: &hex::<132>(concat!(
        "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3d",
        "baa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
        "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e66",
        "2c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650"
    )),
};

/// A public key: a point of its curve, and not the one at infinity.
#[derive(Debug, Clone)]
pub(super) struct EcKey {
    curve: &'static Curve,
    point: Point,
}

impl PartialEq for EcKey {
    fn eq(&self, other: &Self) -> bool {
        self.curve.crv == other.curve.crv && self.point.x == other.point.x && self.point.y == other.point.y
    }
}

impl EcKey {
    /// None when the coordinates have another length than the curve's (RFC 7518 §6.2.1.2), or are no point of it.
    ///
    /// With a cofactor of 1 every such point is a multiple of the base point, so nothing else need be asked (SEC 1 §3.2.2.1).
    pub(super) fn new(curve: &'static Curve, x: &[u8], y: &[u8]) -> Option<Self> {
        if x.len() != curve.size || y.len() != curve.size {
            return None;
        }
        let field = Field(number(curve.p));
        let (x, y) = (number(x), number(y));
        let square = field.add(&field.mul(&field.sub(&field.mul(&x, &x), &3u8.into()), &x), &number(curve.b));
        let on_curve = x < field.0 && y < field.0 && field.mul(&y, &y) == square;
        on_curve.then(|| Self { curve, point: Point { x, y, z: 1u8.into() } })
    }

    /// Whether this is a key of that curve.
    pub(super) fn is_of(&self, curve: &Curve) -> bool {
        self.curve.crv == curve.crv
    }

    /// Whether `signature`, `r` and `s` one after the other (RFC 7518 §3.4), is one of the message with this digest. The digest must not
    /// be longer than the curve's order, as in JWS it never is.
    pub(super) fn verifies(&self, digest: &[u8], signature: &[u8]) -> bool {
        let Curve { size, p, n, base, .. } = *self.curve;
        let (field, order) = (Field(number(p)), Field(number(n)));
        let Some((r, s)) = signature.split_at_checked(size).filter(|(r, s)| r.len() == s.len()) else { return false };
        let (r, s) = (number(r), number(s));
        let zero = BigUint::from(0u8);
        if [&r, &s].into_iter().any(|half| *half == zero || *half >= order.0) {
            return false;
        }
        let inverse = order.inverse(&s);
        let (u, v) = (order.mul(&number(digest), &inverse), order.mul(&r, &inverse));
        let (x, y) = base.split_at(size);
        let base = Point { x: number(x), y: number(y), z: 1u8.into() };
        let sum = field.multiples(&base, &u, &self.point, &v, size);
        if sum.is_infinity() {
            return false;
        }
        let inverse = field.inverse(&sum.z);
        field.mul(&sum.x, &field.mul(&inverse, &inverse)) % &order.0 == r
    }
}

/// A point in Jacobian coordinates: `(x/z², y/z³)`, or at infinity when `z` is 0.
#[derive(Debug, Clone)]
struct Point {
    x: BigUint,
    y: BigUint,
    z: BigUint,
}

impl Point {
    fn is_infinity(&self) -> bool {
        self.z == BigUint::from(0u8)
    }
}

/// The integers modulo a prime; also the points over them, for curves with `a = -3`.
struct Field(BigUint);

impl Field {
    fn add(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a + b) % &self.0
    }

    /// `b` must be less than the prime.
    fn sub(&self, a: &BigUint, b: &BigUint) -> BigUint {
        (a + &self.0 - b) % &self.0
    }

    fn mul(&self, a: &BigUint, b: &BigUint) -> BigUint {
        a * b % &self.0
    }

    fn times(&self, small: u8, a: &BigUint) -> BigUint {
        a * BigUint::from(small) % &self.0
    }

    /// By Fermat's little theorem; 0 has none and gives 0.
    fn inverse(&self, a: &BigUint) -> BigUint {
        a.modpow(&(&self.0 - BigUint::from(2u8)), &self.0)
    }

    /// The formulas dbl-2001-b of the Explicit-Formulas Database. They keep the point at infinity there.
    fn double(&self, Point { x, y, z }: &Point) -> Point {
        let delta = self.mul(z, z);
        let gamma = self.mul(y, y);
        let beta = self.mul(x, &gamma);
        let alpha = self.times(3, &self.mul(&self.sub(x, &delta), &self.add(x, &delta)));
        let doubled_x = self.sub(&self.mul(&alpha, &alpha), &self.times(8, &beta));
        let doubled_y = self.sub(
            &self.mul(&alpha, &self.sub(&self.times(4, &beta), &doubled_x)),
            &self.times(8, &self.mul(&gamma, &gamma)),
        );
        Point { x: doubled_x, y: doubled_y, z: self.times(2, &self.mul(y, z)) }
    }

    /// The formulas add-1998-cmo-2 of the same, and what they leave out: equal points, opposite ones, and the one at infinity.
    fn sum(&self, one: &Point, other: &Point) -> Point {
        if one.is_infinity() {
            return other.clone();
        }
        if other.is_infinity() {
            return one.clone();
        }
        let (one_zz, other_zz) = (self.mul(&one.z, &one.z), self.mul(&other.z, &other.z));
        let (u1, u2) = (self.mul(&one.x, &other_zz), self.mul(&other.x, &one_zz));
        let s1 = self.mul(&one.y, &self.mul(&other.z, &other_zz));
        let s2 = self.mul(&other.y, &self.mul(&one.z, &one_zz));
        let (h, r) = (self.sub(&u2, &u1), self.sub(&s2, &s1));
        let zero = BigUint::from(0u8);
        if h == zero && r == zero {
            return self.double(one);
        }
        let hh = self.mul(&h, &h);
        let (hhh, v) = (self.mul(&h, &hh), self.mul(&u1, &hh));
        let x = self.sub(&self.sub(&self.mul(&r, &r), &hhh), &self.times(2, &v));
        let y = self.sub(&self.mul(&r, &self.sub(&v, &x)), &self.mul(&s1, &hhh));
        // Opposite points have the same x: h is 0, and so is z.
        Point { x, y, z: self.mul(&h, &self.mul(&one.z, &other.z)) }
    }

    /// `u·one + v·other`, bit by bit of both at once. `size` is how many bytes the factors have at most.
    fn multiples(&self, one: &Point, u: &BigUint, other: &Point, v: &BigUint, size: usize) -> Point {
        let both = self.sum(one, other);
        let (u, v) = (padded(u, size), padded(v, size));
        let mut sum = Point { x: 1u8.into(), y: 1u8.into(), z: 0u8.into() };
        for (u, v) in u.iter().zip(&v) {
            for bit in (0..8).rev() {
                sum = self.double(&sum);
                match (u >> bit & 1, v >> bit & 1) {
                    (0, 0) => {}
                    (1, 0) => sum = self.sum(&sum, one),
                    (0, _) => sum = self.sum(&sum, other),
                    _ => sum = self.sum(&sum, &both),
                }
            }
        }
        sum
    }
}

fn number(bytes: &[u8]) -> BigUint {
    BigUint::from_bytes_be(bytes)
}

fn padded(number: &BigUint, size: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut padded = vec![0; size.saturating_sub(bytes.len())];
    padded.extend(bytes);
    padded
}

/// The bytes that hexadecimal digits stand for, when the program is compiled.
const fn hex<const N: usize>(digits: &str) -> [u8; N] {
    const fn value(digit: u8) -> u8 {
        match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => panic!("no hexadecimal digit"),
        }
    }
    let digits = digits.as_bytes();
    assert!(digits.len() == 2 * N, "two digits a byte");
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        bytes[at] = value(digits[2 * at]) << 4 | value(digits[2 * at + 1]);
        at += 1;
    }
    bytes
}
