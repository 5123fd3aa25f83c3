//! Classifies IP addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a host always means this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3).
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || literal(host).is_some_and(|address| matches!(kind(address), Kind::Loopback))
}

/// Whether two hosts are the same name or the same address. An IPv6 address has many spellings (RFC
/// 5952 §2).
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one == other || literal(one).is_some_and(|address| literal(other) == Some(address))
}

/// The address, if the host is written as one and is not a name.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// What an address is used for.
pub(super) enum Kind {
    /// This machine.
    Loopback,
    /// A cloud machine's metadata service, which gives credentials to every caller.
    Metadata,
    /// Only reachable on the same network link.
    LinkLocal,
    /// Not one machine: unspecified, multicast, broadcast, reserved.
    NotUnicast,
    /// In a private network (RFC 1918, RFC 4193, RFC 6598). Authorities and token services are
    /// often there.
    Private,
    /// All others.
    Public,
}

/// The kind of an address.
pub(super) fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(embedded) => kind_v4(embedded),
            None => kind_v6(address),
        },
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [127, ..] => Kind::Loopback,
        // AWS, Azure, Google and most others; Azure's platform address; Alibaba; Oracle's former
        // one.
        [169, 254, 169, 254] | [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192] => Kind::Metadata,
        [169, 254, ..] => Kind::LinkLocal,
        // Linux connects to this machine for all of 0.0.0.0/8.
        [0 | 224..=255, ..] => Kind::NotUnicast,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Private,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    // AWS and Google.
    const METADATA: [Ipv6Addr; 2] =
        [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];
    match address {
        Ipv6Addr::LOCALHOST => Kind::Loopback,
        Ipv6Addr::UNSPECIFIED => Kind::NotUnicast,
        address if METADATA.contains(&address) => Kind::Metadata,
        address if address.is_unicast_link_local() => Kind::LinkLocal,
        address if address.is_multicast() => Kind::NotUnicast,
        address if address.is_unique_local() => Kind::Private,
        _ => Kind::Public,
    }
}

/// The IPv4 address that an IPv6 address embeds: mapped and compatible (RFC 4291 §2.5.5), NAT64
/// (RFC 6052 §2.1) and 6to4 (RFC 3056 §2).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] | [0x2002, a, b, ..] => Some(low(a, b)),
        _ => None,
    }
}
