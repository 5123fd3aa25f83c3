//! Properties that hold for any input of a parser. Fuzzers call them with generated input
//! (`fuzz/libfuzzer`), and a test calls them with the corpora.
//!
//! Each function panics if its property does not hold.

use azure_oidc_core::credential::{expression, forms};
use azure_oidc_core::explain;
use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::shell::Shell;
use azure_oidc_core::token::{Jws, Token};

/// A property that holds for any input.
pub type Property = fn(&str);

/// All properties, with the names of their corpora.
pub const ALL: [(&str, Property); 5] =
    [("token", token), ("jwks", jwks), ("credentials", credentials), ("expression", expression), ("aadsts", aadsts)];

/// An accepted token is a valid JWS, and a refusal does not repeat the input.
pub fn token(text: &str) {
    match Token::parse(text) {
        Ok(token) => {
            let jws = Jws::parse(text).expect("a JWT is a JWS");
            assert_eq!(jws.payload(), token.jws().payload());
            assert!(!format!("{token:?}").contains(text), "the debug form contains the token");
        }
        Err(_) => assert_input_is_not_repeated(text),
    }
}

/// Puts a unique word into the input and checks that the refusal does not contain it. The input
/// itself may occur in the refusal's own text, so it cannot be searched for.
fn assert_input_is_not_repeated(text: &str) {
    const WORD: &str = "~7f3a-word~";
    let middle = (text.len() / 2..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    for at in [0, middle, text.len()] {
        let (before, after) = text.split_at(at);
        if let Err(malformed) = Token::parse(&[before, WORD, after].concat()) {
            assert!(!malformed.message.contains(WORD), "the message contains the input");
            assert!(!malformed.hint.is_some_and(|hint| hint.contains(WORD)), "the hint contains the input");
        }
    }
}

/// An accepted key set verifies or refuses a signature, always with a reason.
pub fn jwks(text: &str) {
    // {"alg":"RS256"}..AA
    let jws = Jws::parse("eyJhbGciOiJSUzI1NiJ9..AA").expect("a valid JWS");
    if let Ok(keys) = KeySet::parse(text) {
        let verification = jwks::verify(&jws, &keys);
        assert!(!verification.valid, "one zero byte is not a signature");
        assert!(verification.reason.is_some(), "the refusal has no reason");
    }
}

/// Credentials that were read can be checked, whatever they contain.
pub fn credentials(text: &str) {
    if let Ok(credentials) = forms::parse(text) {
        azure_oidc_core::credential::limits::problems(&credentials);
    }
}

/// The position of an error is in the expression, between two characters.
pub fn expression(text: &str) {
    if let Err(error) = expression::parse(text) {
        assert!(text.get(error.span.clone()).is_some(), "{:?} is not in the expression", error.span);
    }
}

/// Each code is explained with at least one remedy, and no token in a log is repeated.
pub fn aadsts(text: &str) {
    let in_each = Shell::VALUES.iter().flat_map(|(_, shell)| explain::explain(text, *shell));
    for explanation in in_each {
        assert!(!explanation.hints.is_empty(), "no remedy for {}", explanation.code);
        assert!(!explanation.message.contains("eyJ"), "the message contains a token: {}", explanation.message);
    }
}
