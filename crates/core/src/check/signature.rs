//! Findings about the signature, and about the key that verifies it.

use super::decision::{Keys, Refusal};
use super::finding::Finding;
use crate::jwks::{KeySet, MAX_KEYS, Reason};
use crate::token::Token;

/// The code for an issuer whose metadata or keys cannot be fetched.
pub(super) const UNREACHABLE: &str = "issuer-unreachable";

/// The findings for a result of [`signature`](super::decision::signature) with these keys. There
/// are none without keys: a signature is never reported as good before it was verified.
pub(super) fn findings(token: &Token, keys: Keys<'_>, result: &Result<(), Refusal>) -> Vec<Finding> {
    let kid = token.header().kid.as_deref().unwrap_or_default();
    match (result, keys) {
        (Err(refusal), _) => vec![refused(kid, keys, refusal)],
        (Ok(()), Keys::Set(keys)) => good(kid, keys),
        (Ok(()), _) => Vec::new(),
    }
}

/// A caution about a token whose signature is empty or cut off. What a check says about its claims
/// holds, but this text itself cannot be exchanged.
pub fn incomplete(token: &Token) -> Option<Finding> {
    let (alg, length) = (token.header().alg.as_str(), token.jws().signature().len());
    let shortest = SHORTEST.iter().find(|(start, _)| alg.starts_with(start)).map_or(1, |(_, bytes)| *bytes);
    // A token that says that it is not signed is refused for that.
    if token.is_described() || length >= shortest || alg.eq_ignore_ascii_case("none") {
        return None;
    }
    let (code, what) = match length {
        0 => ("signature-missing", "the token's signature is empty".to_owned()),
        _ => (
            "signature-cut",
            format!(
                "the token's signature has {length} bytes, and one of {alg} has at least {shortest}: it was cut off"
            ),
        ),
    };
    let message = format!("{what}; issuer, subject and audience can be compared, but this text could not be exchanged");
    Some(
        Finding::warning(code, message)
            .remedy("for an exchange, use the token as the platform gave it: three parts with two dots between them"),
    )
}

/// The length of the shortest signature of these algorithms, in bytes (RFC 7518 §3.3 and §3.4).
const SHORTEST: [(&str, usize); 6] =
    [("RS", 256), ("PS", 256), ("ES256", 64), ("ES384", 96), ("ES512", 132), ("EdDSA", 64)];

/// That the signature was not verified.
pub(super) fn not_checked(token: &Token) -> Finding {
    if token.is_described() {
        let message = "only claims were given, no token: issuer, subject and audience were compared, and neither time nor signature was";
        return Finding::info("token-not-given", message);
    }
    let message = "the signature was not checked: that takes the issuer's keys, with `--discover` or `--jwks FILE`";
    Finding::info("signature-not-checked", message)
}

fn refused(kid: &str, keys: Keys<'_>, refusal: &Refusal) -> Finding {
    let shown = kid.escape_debug();
    let (code, message) = match (refusal.reason, position(kid, keys)) {
        (None, _) => (UNREACHABLE, "the issuer's metadata or keys cannot be read".to_owned()),
        (Some(Reason::KidUnknown), _) => {
            ("key-not-found", format!("the issuer's keys have none with the id `{shown}`"))
        }
        (Some(Reason::KidBeyondLimit), Some(at)) => (
            "key-beyond-limit",
            format!("`{shown}` is key number {} of the issuer's, and Entra reads the first {MAX_KEYS} only", at + 1),
        ),
        (Some(reason), _) => {
            let code = match refusal.aadsts {
                7000272 => "key-not-found",
                5002730 => "key-type-mismatch",
                _ => "signature-invalid",
            };
            (code, reason.sentence().to_owned())
        }
    };
    let finding = Finding::error(code, refusal.aadsts, message).claim("kid").actual(kid);
    finding.remedy_if(refusal.entry().map(|entry| match refusal.reason {
        None => format!("{}; if only this machine cannot reach them, give the keys as a file", entry.remedy),
        Some(_) => entry.remedy.to_owned(),
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
