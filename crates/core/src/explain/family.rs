//! Describes AADSTS numbers that are not in the catalogue.

use crate::catalogue::{Entry, entry};

/// The hint beside the reason why there was no ID token.
pub(super) const NO_TOKEN: &str = "correct the error before this one in the log first: the job had no ID token, so something else, or \
                                   nothing, was sent in its place";

/// What an unknown number is about, without a full stop. Entra's own words say more than the digits.
pub(super) fn describe(code: u32, has_text: bool) -> String {
    if let Some(parent) = parent(code) {
        return format!(
            "AADSTS{code} is not in the catalogue. It may be a special case of AADSTS{}, {}, because its digits begin with the same number",
            parent.code, parent.name
        );
    }
    match family(code) {
        Some(Family { about, other_sign_in: true, .. }) => format!(
            "AADSTS{code} is not in the catalogue. It is another kind of sign-in than the exchange of an ID token: numbers with the same \
             first digits are about {about}"
        ),
        _ if has_text => format!(
            "AADSTS{code} is not in the catalogue. It is probably from another kind of sign-in than the exchange of an ID token, so go \
             by Entra's own words"
        ),
        Some(Family { about, .. }) => {
            format!("AADSTS{code} is not in the catalogue. Numbers with the same first digits are about {about}")
        }
        None => format!("AADSTS{code} is not in the catalogue"),
    }
}

/// That the text of a known code is about something else.
pub(super) fn other_text(entry: &Entry) -> String {
    format!(
        "AADSTS{} usually means: {}. The text here fits no known meaning of this code, so go by Entra's own words",
        entry.code, entry.name
    )
}

/// What to do about an unknown number.
pub(super) fn hints(code: u32) -> Vec<String> {
    let mut hints = vec![look_up(code)];
    if parent(code).is_none() && family(code).is_some_and(|family| family.other_sign_in) {
        let which =
            "check which credential the tool used: a cached sign-in or a user name can come before the ID token";
        hints.insert(0, which.to_owned());
    }
    hints
}

/// The hint with Microsoft's page about a number.
pub(super) fn look_up(code: u32) -> String {
    format!("look it up at https://login.microsoftonline.com/error?code={code}")
}

/// The numbers whose special cases have the same number with more digits. For others the same first
/// digits mean nothing: 7000216 is no case of 700021.
const WITH_SPECIAL_CASES: [u32; 6] = [50_166, 700_211, 700_212, 700_213, 700_224, 700_238];

fn parent(code: u32) -> Option<&'static Entry> {
    let shorter = code / 10;
    entry(shorter).filter(|_| WITH_SPECIAL_CASES.contains(&shorter))
}

/// What numbers with the same first digits are about.
struct Family {
    start: &'static str,
    about: &'static str,
    /// Whether these numbers are about another kind of sign-in.
    other_sign_in: bool,
}

const fn family_of(start: &'static str, about: &'static str) -> Family {
    Family { start, about, other_sign_in: false }
}

const fn other_sign_in(start: &'static str, about: &'static str) -> Family {
    Family { start, about, other_sign_in: true }
}

fn family(code: u32) -> Option<&'static Family> {
    let code = code.to_string();
    FAMILIES.iter().find(|family| code.len() > 4 && code.starts_with(family.start))
}

/// The longest start first.
const FAMILIES: &[Family] = &[
    family_of("50027", "the form of a token"),
    family_of("7002", "federated identity credentials and the policies about them"),
    family_of("7000", "the client and its credentials"),
    family_of("9002", "the form of the request"),
    other_sign_in("5001", "people's sign-ins and the proof that they give"),
    other_sign_in("5002", "people's accounts in other directories"),
    family_of("700", "the client, its credentials or its request"),
    family_of("530", "Conditional Access"),
    other_sign_in("54", "multifactor authentication of people"),
    other_sign_in("500", "people's sign-ins, tenants and resources"),
    other_sign_in("50", "people's sign-ins"),
    family_of("65", "permissions and consent"),
    family_of("90", "the tenant, the cloud or the form of the request"),
    other_sign_in("12", "passwords of people"),
    other_sign_in("13", "devices and keys of people"),
    other_sign_in("14", "devices of people"),
    other_sign_in("16", "people's sign-ins"),
    other_sign_in("22", "certificates of people"),
    other_sign_in("24", "devices of people"),
    other_sign_in("26", "people's sign-ins"),
    other_sign_in("29", "device codes and QR codes of people"),
    other_sign_in("40", "sign-ins of people through another provider"),
    other_sign_in("51", "people's sign-ins"),
    other_sign_in("52", "people's sign-ins"),
    other_sign_in("75", "SAML"),
    other_sign_in("80", "passwords of people in an on-premises directory"),
    other_sign_in("81", "single sign-on of people and their devices"),
    other_sign_in("100", "federated domains, devices and extensions of a tenant"),
];
