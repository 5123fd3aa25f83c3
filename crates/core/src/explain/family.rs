//! What can still be read from a number that the catalogue does not have.

use super::catalogue::entry;

/// What such a number is about, as a sentence without a full stop.
pub(super) fn describe(code: u32) -> String {
    if let Some(parent) = parent(code) {
        return format!(
            "AADSTS{code} is not known here. Its digits begin like those of AADSTS{}, {}, of which it may be a special case",
            parent.code, parent.name
        );
    }
    match FAMILIES.iter().find(|(start, _)| code.to_string().starts_with(start)) {
        Some((_, about)) => format!("AADSTS{code} is not known here. Numbers that begin so are about {about}"),
        None => format!("AADSTS{code} is not known here"),
    }
}

/// Where Microsoft describes a number.
pub(super) fn look_up(code: u32) -> String {
    format!("look it up at https://login.microsoftonline.com/error?code={code}")
}

/// Entra makes the number of a special case by adding digits to that of the general one.
fn parent(code: u32) -> Option<&'static super::Entry> {
    let mut shorter = code;
    for _ in 0..3 {
        shorter /= 10;
        if shorter < 10_000 {
            return None;
        }
        if let Some(known) = entry(shorter) {
            return Some(known);
        }
    }
    None
}

/// The first digits of numbers, the longest first, and what they have in common.
const FAMILIES: &[(&str, &str)] = &[
    ("7002", "federated identity credentials and the policies about them"),
    ("7000", "the client and its credentials"),
    ("5002", "the form of a token"),
    ("5000", "people's sign-ins, tenants and resources"),
    ("700", "the client and its credentials"),
    ("900", "the tenant, the cloud or the form of the request"),
    ("530", "Conditional Access"),
    ("650", "permissions and consent"),
    ("16", "people's sign-ins"),
    ("50", "people's sign-ins, tenants and resources"),
    ("53", "Conditional Access"),
    ("65", "permissions and consent"),
    ("70", "the client, its credentials or what it asks for"),
    ("75", "SAML, which an exchange of an ID token does not use"),
    ("80", "people's passwords in a directory of their own"),
    ("81", "people's devices and single sign-on"),
    ("90", "the tenant, the cloud or the form of the request"),
    ("12", "people's passwords"),
    ("13", "people's devices and keys"),
];
