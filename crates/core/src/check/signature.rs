//! What there is to say of a signature, and of the key that it is looked up with.

use super::decision::{self, Keys};
use super::finding::Finding;
use crate::jwks::{self, KeySet, MAX_KEYS};
use crate::token::Token;

/// The code for an issuer whose metadata or keys cannot be had.
pub(super) const UNREACHABLE: &str = "issuer-unreachable";

/// Nothing, when the keys were not looked at: a signature is never called good without them.
pub(super) fn findings(token: &Token, keys: Keys<'_>) -> Vec<Finding> {
    let kid = token.header().kid.as_deref().unwrap_or_default();
    match (decision::signature(token, keys), keys) {
        (Err(refusal), _) => vec![refused(kid, keys, &refusal)],
        (Ok(()), Keys::Set(keys)) => good(kid, keys),
        (Ok(()), _) => Vec::new(),
    }
}

/// That nothing was verified.
pub(super) fn not_checked(token: &Token) -> Finding {
    if token.is_described() {
        let message =
            "there is no token yet: issuer, subject and audience were compared, and neither time nor signature was";
        return Finding::info("token-not-given", message);
    }
    let message = "the signature was not checked: that takes the issuer's keys, with `--discover` or `--jwks FILE`";
    Finding::info("signature-not-checked", message)
}

fn refused(kid: &str, keys: Keys<'_>, refusal: &decision::Refusal) -> Finding {
    let reason = refusal.values.iter().find(|(name, _)| *name == "reason").map_or("", |(_, reason)| reason);
    let shown = kid.escape_debug();
    let (code, message) = match (refusal.aadsts, reason, position(kid, keys)) {
        (501661, ..) => (UNREACHABLE, "the issuer's metadata or keys cannot be read".to_owned()),
        (_, "kid-unknown", _) => ("key-not-found", format!("the issuer's keys have none with the id `{shown}`")),
        (_, "kid-beyond-limit", Some(at)) => (
            "key-beyond-limit",
            format!("`{shown}` is key number {} of the issuer's, and Entra reads the first {MAX_KEYS} only", at + 1),
        ),
        (aadsts, reason, _) => {
            let code = match aadsts {
                7000272 => "key-not-found",
                5002730 => "key-type-mismatch",
                _ => "signature-invalid",
            };
            (code, jwks::sentence(reason).unwrap_or("the signature is not good for the issuer's keys").to_owned())
        }
    };
    let finding = Finding::error(code, refusal.aadsts, message).claim("kid").actual(kid);
    finding.remedy_if(refusal.entry().map(|entry| match code {
        UNREACHABLE => format!("{}; if only this machine cannot reach them, give the keys as a file", entry.remedy),
        _ => entry.remedy.to_owned(),
    }))
}

fn good(kid: &str, keys: &KeySet) -> Vec<Finding> {
    let at = keys.position(kid);
    let which = at.map(|at| format!(", number {} of {}", at + 1, keys.len())).unwrap_or_default();
    let message = format!("the signature is good: the issuer's key `{}`{which}, made it", kid.escape_debug());
    let mut findings = vec![Finding::info("signature-valid", message).claim("kid").actual(kid)];
    if at.and_then(|at| keys.keys().get(at)).is_some_and(|key| key.public_key_use.is_none()) {
        let message = "the key says nothing of its use, and Entra was seen not to find such keys";
        findings
            .push(Finding::info("key-use-missing", message).claim("kid").remedy("publish it with `\"use\": \"sig\"`"));
    }
    findings
}

fn position(kid: &str, keys: Keys<'_>) -> Option<usize> {
    match keys {
        Keys::Set(keys) => keys.position(kid),
        _ => None,
    }
}
