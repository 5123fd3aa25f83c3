//! Describes AADSTS numbers that are not in the catalogue, by their first digits.

use crate::catalogue::{Entry, entry};

/// What an unknown number is about, without a full stop.
pub(super) fn describe(code: u32) -> String {
    if let Some(parent) = parent(code) {
        return format!(
            "AADSTS{code} is not in the catalogue. It may be a special case of AADSTS{}, {}, because its digits begin with the same number",
            parent.code, parent.name
        );
    }
    match FAMILIES.iter().find(|(start, _)| code.to_string().starts_with(start)) {
        Some((_, about)) => {
            format!("AADSTS{code} is not in the catalogue. Numbers with the same first digits are about {about}")
        }
        None => format!("AADSTS{code} is not in the catalogue"),
    }
}

/// The hint with Microsoft's page about a number.
pub(super) fn look_up(code: u32) -> String {
    format!("look it up at https://login.microsoftonline.com/error?code={code}")
}

/// The known number with fewer digits. Entra numbers a special case by appending digits to the
/// number of the general case.
fn parent(code: u32) -> Option<&'static Entry> {
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

/// The first digits of numbers, the longest first, and what these numbers are about.
const FAMILIES: &[(&str, &str)] = &[
    ("7002", "federated identity credentials and the policies about them"),
    ("7000", "the client and its credentials"),
    ("5002", "the form of a token"),
    ("5000", "user sign-ins, tenants and resources"),
    ("700", "the client and its credentials"),
    ("900", "the tenant, the cloud or the form of the request"),
    ("530", "Conditional Access"),
    ("650", "permissions and consent"),
    ("16", "user sign-ins"),
    ("50", "user sign-ins, tenants and resources"),
    ("53", "Conditional Access"),
    ("65", "permissions and consent"),
    ("70", "the client, its credentials or its request"),
    ("75", "SAML, which an exchange of an ID token does not use"),
    ("80", "user passwords in an on-premises directory"),
    ("81", "user devices and single sign-on"),
    ("90", "the tenant, the cloud or the form of the request"),
    ("12", "user passwords"),
    ("13", "user devices and keys"),
];
