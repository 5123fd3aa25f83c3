//! Compares two values without what people and tools change by accident: letter case, white space,
//! quotes, percent-encoding, a trailing slash.

use super::decision::lower_case;
use crate::credential::audience::is_entra_issuer;
use crate::harmless::is_blank;

/// Whether two texts differ only in these, so that they probably mean the same.
pub(super) fn alike(a: &str, b: &str) -> bool {
    plain(a) == plain(b)
}

/// Whether two issuers are probably one, written differently: [`alike`] apart from the scheme, the
/// default port and the address of the metadata, or the v1 and v2 issuers of one Entra tenant.
pub(crate) fn same_issuer(a: &str, b: &str) -> bool {
    let bare = |issuer: &str| {
        let plain = plain(issuer);
        let address = plain.split("/.well-known/").next().unwrap_or_default();
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        format!("{}{}", host.strip_suffix(":443").unwrap_or(host), path.trim_end_matches('/'))
    };
    bare(a) == bare(b) || same_entra_tenant(a, b)
}

/// Whether Entra issues tokens of one tenant under both.
pub(super) fn same_entra_tenant(a: &str, b: &str) -> bool {
    let tenant = |issuer: &str| issuer.split('/').nth(3).map(str::to_ascii_lowercase).filter(|part| !part.is_empty());
    is_entra_issuer(a) && is_entra_issuer(b) && tenant(a).is_some() && tenant(a) == tenant(b)
}

fn plain(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !is_blank(*c)).collect();
    let decoded = percent_decoded(&visible).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(visible);
    lower_case(&decoded).trim_matches(['"', '\'', '`']).trim_end_matches('/').to_owned()
}

/// Decodes percent-encoding.
pub(super) fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(bytes)
}
