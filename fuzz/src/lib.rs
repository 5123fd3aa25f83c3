//! What must hold for any input of a parser. Fuzzers call these with what they invent (`fuzz/libfuzzer`), and an ordinary test
//! replays the corpora through them.
//!
//! Each returns when all is well and panics when a rule is broken.

use azure_oidc_core::credential::{expression, forms};
use azure_oidc_core::explain;
use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::token::{Jws, Token};

/// A property that holds for any input.
pub type Property = fn(&str);

/// Every property with the name of its corpus.
pub const ALL: [(&str, Property); 5] =
    [("token", token), ("jwks", jwks), ("credentials", credentials), ("expression", expression), ("aadsts", aadsts)];

/// A token that parses is a JWS that parses, and a refusal repeats nothing of what was pasted.
pub fn token(text: &str) {
    match Token::parse(text) {
        Ok(token) => {
            let jws = Jws::parse(text).expect("a JWT is a JWS");
            assert_eq!(jws.payload(), token.jws().payload());
            assert!(!format!("{token:?}").contains(text), "a token shows itself");
        }
        Err(_) => refusals_repeat_nothing(text),
    }
}

/// Wherever a word of nobody else's stands in what was pasted, the refusal does not have it. The text itself would not do for this: it
/// may be a piece of the refusal's own sentence.
fn refusals_repeat_nothing(text: &str) {
    const WORD: &str = "~7f3a-word~";
    let middle = (text.len() / 2..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    for at in [0, middle, text.len()] {
        let (before, after) = text.split_at(at);
        if let Err(malformed) = Token::parse(&[before, WORD, after].concat()) {
            assert!(!malformed.message.contains(WORD), "a refusal shows the token");
            assert!(!malformed.hint.is_some_and(|hint| hint.contains(WORD)), "a hint shows the token");
        }
    }
}

/// A key set that parses verifies or refuses, always with a reason.
pub fn jwks(text: &str) {
    // {"alg":"RS256"}..AA
    let jws = Jws::parse("eyJhbGciOiJSUzI1NiJ9..AA").expect("a sound JWS");
    if let Ok(keys) = KeySet::parse(text) {
        let verification = jwks::verify(&jws, &keys);
        assert!(!verification.valid, "one zero byte is no signature");
        assert!(verification.reason.is_some(), "a refusal without a reason");
    }
}

/// What is read as credentials can be judged, whatever is in it.
pub fn credentials(text: &str) {
    if let Ok(credentials) = forms::parse(text) {
        azure_oidc_core::credential::limits::problems(&credentials);
    }
}

/// The place of an error lies within the expression, between two characters.
pub fn expression(text: &str) {
    if let Err(error) = expression::parse(text) {
        assert!(text.get(error.span.clone()).is_some(), "{:?} is no part of the expression", error.span);
    }
}

/// Every code is explained with something to do, and no token in a log comes back.
pub fn aadsts(text: &str) {
    for explanation in explain::explain(text) {
        assert!(!explanation.hints.is_empty(), "nothing to do about {}", explanation.code);
        assert!(!explanation.message.contains("eyJ"), "a token comes back: {}", explanation.message);
    }
}
