//! Classifies IP addresses: the one table for destinations, issuers and credentials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// This machine.
    Loopback,
    /// A service of a cloud that gives credentials or settings to every caller on its machines.
    Metadata,
    /// Only reachable on the same network link. Metadata services are here too.
    LinkLocal,
    /// Not one machine: unspecified, multicast, broadcast, reserved.
    NotUnicast,
    /// In a private network (RFC 1918, RFC 4193, RFC 6598). Authorities and token services are
    /// often there.
    Private,
    /// All others.
    Public,
}

impl Kind {
    /// The kind with an article, for a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Loopback => "a loopback address",
            Self::Metadata => "the address of a cloud's metadata service",
            Self::LinkLocal => "a link-local address",
            Self::NotUnicast => "not a unicast address",
            Self::Private => "a private address",
            Self::Public => "a public address",
        }
    }

    /// Whether anybody on the machine may be answered there with credentials, or with what only the
    /// machine itself should see.
    const fn is_near(self) -> bool {
        matches!(self, Self::Loopback | Self::Metadata | Self::LinkLocal)
    }
}

/// The kind of an address.
pub fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

/// The address, if the host of a URL is written as one and is not a name.
pub fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether a host always means this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3).
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || literal(host).is_some_and(|address| kind(address) == Kind::Loopback)
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [127, ..] => Kind::Loopback,
        // Most clouds; credentials of AWS containers; Tencent; Scaleway; Azure's platform; Alibaba;
        // Oracle's former one; Equinix Metal.
        [169, 254, 169, 254]
        | [169, 254, 170, 2 | 23]
        | [169, 254, 0, 23]
        | [169, 254, 42, 42]
        | [168, 63, 129, 16]
        | [100, 100, 100, 200]
        | [192, 0, 0, 192]
        | [192, 80, 8, 124] => Kind::Metadata,
        [169, 254, ..] => Kind::LinkLocal,
        // Linux connects to this machine for all of 0.0.0.0/8.
        [0 | 224..=255, ..] => Kind::NotUnicast,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Private,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        [0, 0, 0, 0, 0, 0, 0, 0] => Kind::NotUnicast,
        // AWS; Scaleway; Oracle; Akamai (Linode); Google.
        [0xfd00, 0xec2 | 0x42 | 0xc1, ..] | [0xfd00, 0xa9fe, 0xa9fe, ..] | [0xfd20, 0xce, ..] => Kind::Metadata,
        // Local prefixes of NAT64, of any length (RFC 8215).
        [0x64, 0xff9b, 1, ..] => translated(address),
        _ => match embedded(address) {
            Some(embedded) => kind_v4(embedded),
            None if address.is_unicast_link_local() => Kind::LinkLocal,
            None if address.is_multicast() => Kind::NotUnicast,
            None if address.is_unique_local() => Kind::Private,
            None => Kind::Public,
        },
    }
}

/// The IPv4 address that an IPv6 address embeds: mapped and compatible (RFC 4291 §2.5.5),
/// translated (RFC 2765 §2.1), NAT64 (RFC 6052 §2.1), 6to4 (RFC 3056 §2), Teredo (RFC 4380 §4).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b]
        | [0, 0, 0, 0, 0xffff, 0, a, b]
        | [0x64, 0xff9b, 0, 0, 0, 0, a, b]
        | [0x2002, a, b, ..] => of(a, b),
        [0x2001, 0, .., a, b] => of(!a, !b),
        _ => None,
    }
}

/// The kind of the IPv4 address within an address that is translated by a prefix of unknown length:
/// it is in one of these places (RFC 6052 §2.2).
fn translated(address: Ipv6Addr) -> Kind {
    let [.., b6, b7, _, b9, b10, b11, b12, b13, b14, b15] = address.octets();
    let last = [b12, b13, b14, b15];
    let places = [last, [b6, b7, b9, b10], [b7, b9, b10, b11], [b9, b10, b11, b12]];
    let kinds = places.map(|octets| kind_v4(octets.into()));
    // The other places hold parts of the prefix or of the address, which mean nothing.
    kinds.into_iter().find(|kind| kind.is_near()).unwrap_or(match [b6, b7, b9, b10, b11] {
        [0, 0, 0, 0, 0] => kind_v4(last.into()),
        _ => Kind::Public,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(text: &str) -> Kind {
        kind(text.parse().unwrap_or_else(|_| panic!("{text}")))
    }

    #[test]
    fn addresses_that_give_credentials_are_known_in_every_spelling() {
        for v4 in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.0.23",
            "169.254.42.42",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
            "192.80.8.124",
        ] {
            assert_eq!(kind_of(v4), Kind::Metadata, "{v4}");
            for spelt in spellings(v4) {
                assert_eq!(kind(spelt.into()), Kind::Metadata, "{spelt}");
            }
        }
        for v6 in [
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd00:ec2:ffff::1",
            "fd20:ce::254",
            "fd00:42::42",
            "fd00:c1::a9fe:a9fe",
            "fd00:a9fe:a9fe::1",
        ] {
            assert_eq!(kind_of(v6), Kind::Metadata, "{v6}");
        }
    }

    /// IPv6 addresses that lead to an IPv4 address.
    fn spellings(text: &str) -> Vec<Ipv6Addr> {
        let v4: Ipv4Addr = text.parse().unwrap();
        let [a, b, c, d] = v4.octets().map(u16::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        vec![
            v4.to_ipv6_mapped(),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0xabcd, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, high, c, d << 8, 0, 0),
            Ipv6Addr::new(0x64, 0xff9b, 1, a, b, c << 8 | d, 0, 0),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0, a, b << 8 | c, d << 8, 0),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, 1, 2, 3, 4, !high, !low),
        ]
    }

    #[test]
    fn the_other_addresses_have_the_kinds_of_their_registries() {
        for (address, expected) in [
            ("127.0.0.1", Kind::Loopback),
            ("127.255.255.254", Kind::Loopback),
            ("::1", Kind::Loopback),
            ("::ffff:127.0.0.1", Kind::Loopback),
            ("64:ff9b:1::7f00:1", Kind::Loopback),
            ("169.254.1.1", Kind::LinkLocal),
            ("fe80::a9fe:a9fe", Kind::LinkLocal),
            ("0.0.0.0", Kind::NotUnicast),
            ("::", Kind::NotUnicast),
            ("255.255.255.255", Kind::NotUnicast),
            ("224.0.0.1", Kind::NotUnicast),
            ("ff02::1", Kind::NotUnicast),
            ("10.1.2.3", Kind::Private),
            ("100.64.0.1", Kind::Private),
            ("172.31.0.1", Kind::Private),
            ("fd00::1", Kind::Private),
            ("64:ff9b::a00:1", Kind::Private),
            ("8.8.8.8", Kind::Public),
            ("100.128.0.1", Kind::Public),
            ("172.32.0.1", Kind::Public),
            ("20.190.0.2", Kind::Public),
            ("2001:4860:4860::8888", Kind::Public),
            ("64:ff9b::8.8.8.8", Kind::Public),
            ("64:ff9b:1::8.8.8.8", Kind::Public),
            ("64:ff9b:1:14be:0:200::", Kind::Public),
            ("2002:808:808::1", Kind::Public),
        ] {
            assert_eq!(kind_of(address), expected, "{address}");
        }
    }

    #[test]
    fn a_name_of_this_machine_is_localhost_or_a_loopback_address() {
        for host in ["localhost", "127.0.0.2", "[::1]", "::1", "[::ffff:127.0.0.1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "127.example", "10.0.0.1", "[fd00::1]", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
