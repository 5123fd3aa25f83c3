//! Finds and chooses ID tokens in variables whose names the user chose.

use super::{Source, id_token_missing};
use crate::fault::Fault;
use crate::ports::Env;
use crate::token::Token;

/// A variable that holds a token.
pub(super) struct Candidate {
    /// The variable's name.
    pub(super) name: String,
    /// The token's `iss`.
    pub(super) issuer: String,
    audiences: Vec<String>,
    text: String,
}

/// Whether a value looks like a compact JWS: three segments in base64url, of which the first begins
/// a JSON object.
pub(super) fn looks_like_token(value: &str) -> bool {
    value.starts_with("eyJ")
        && value.bytes().filter(|byte| *byte == b'.').count() == 2
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// Every variable that holds a token, sorted by name. Of variables with the same token only the
/// first.
pub(super) fn find(env: &dyn Env) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = env.all().into_iter().filter_map(|(name, value)| candidate(name, value)).collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    let mut different: Vec<Candidate> = Vec::new();
    for candidate in found {
        if different.iter().all(|earlier| earlier.text != candidate.text) {
            different.push(candidate);
        }
    }
    different
}

/// The audiences of a token; empty when it cannot be read.
pub(super) fn audiences(text: &str) -> Vec<String> {
    Token::parse(text).map(|token| token.claims().aud.clone()).unwrap_or_default()
}

/// The subject of a token; None when it has none or cannot be read.
pub(super) fn subject(text: &str) -> Option<String> {
    Token::parse(text).ok()?.claims().sub.clone()
}

/// The only candidate, or the only one with this audience. None when there are no candidates.
///
/// # Errors
///
/// When more than one candidate fits.
pub(super) fn choose(mut candidates: Vec<Candidate>, audience: &str) -> Result<Option<Source>, Fault> {
    if candidates.len() > 1 && candidates.iter().any(|candidate| candidate.is_for(audience)) {
        candidates.retain(|candidate| candidate.is_for(audience));
    }
    match candidates.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(Source::Variable(one.name.clone()))),
        [first, ..] => {
            let names: Vec<_> = candidates.iter().map(|candidate| format!("`{}`", candidate.name)).collect();
            let fault =
                id_token_missing(format!("More than one variable holds an ID token that fits: {}", names.join(", ")))
                    .hint(format!("choose one: `--id-token-env {}`", first.name));
            Err(candidates.iter().fold(fault, |fault, candidate| {
                fault.fact("audience", format!("{} in `{}`", candidate.audiences.join(", "), candidate.name))
            }))
        }
    }
}

impl Candidate {
    fn is_for(&self, audience: &str) -> bool {
        self.audiences.iter().any(|own| own == audience)
    }
}

fn candidate(name: String, value: String) -> Option<Candidate> {
    let token = Token::parse(&value).ok().filter(|_| looks_like_token(&value))?;
    let claims = token.claims();
    Some(Candidate { name, issuer: claims.iss.clone()?, audiences: claims.aud.clone(), text: value })
}
