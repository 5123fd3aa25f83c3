//! Any text for the parsers of tokens, key sets, credentials, expressions and logs.

use azure_oidc_core::credential::{expression, forms, limits};
use azure_oidc_core::explain;
use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::ports::TransportKind;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::token::{Jws, Token};

use crate::job::{Job, id_token, words};

/// An accepted token is a valid JWS, and a refusal does not repeat the input.
pub(crate) fn token(input: &[u8]) {
    let text = &*String::from_utf8_lossy(input);
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
pub(crate) fn jwks(input: &[u8]) {
    let text = &*String::from_utf8_lossy(input);
    // {"alg":"RS256"}..AA
    let jws = Jws::parse("eyJhbGciOiJSUzI1NiJ9..AA").expect("a valid JWS");
    if let Ok(keys) = KeySet::parse(text) {
        let verification = jwks::verify(&jws, &keys);
        assert!(!verification.valid, "one zero byte is not a signature");
        assert!(verification.reason.is_some(), "the refusal has no reason");
    }
}

/// Credentials that were read can be checked, whatever they contain, and the answer is JSON.
pub(crate) fn credentials(input: &[u8]) {
    if let Ok(parsed) = forms::parse_bytes(input) {
        limits::problems(&parsed.credentials);
    }
    let token = id_token();
    let (variables, files) = ([("T", token.as_str())], [("f", input)]);
    let job = Job::new(&variables, &files, &|_, _| Err(TransportKind::Denied));
    let outcome = job.run(&words("check --id-token-env T --credential f --output json"), &[&token]);
    let answer = serde_json::from_str::<serde_json::Value>(&outcome.stdout).expect("the answer is JSON");
    assert!(answer.is_object());
    assert!(!outcome.stdout.contains(&token), "the answer contains the token");
}

/// The position of an error is in the expression, between two characters.
pub(crate) fn expression(input: &[u8]) {
    let text = &*String::from_utf8_lossy(input);
    if let Err(error) = expression::parse(text) {
        assert!(text.get(error.span.clone()).is_some(), "{:?} is not in the expression", error.span);
    }
}

/// Each code is explained with at least one remedy, and no token in a log is repeated.
pub(crate) fn aadsts(input: &[u8]) {
    let text = &*String::from_utf8_lossy(input);
    for explanation in Shell::VALUES.iter().flat_map(|(_, shell)| explain::explain(text, *shell)) {
        assert!(!explanation.hints.is_empty(), "no remedy for {}", explanation.code);
        assert!(!explanation.message.contains("eyJ"), "the message contains a token: {}", explanation.message);
    }
    let files = [("-", text.as_bytes())];
    let job = Job::new(&[], &files, &|_, _| Err(TransportKind::Denied));
    let outcome = job.run(&words("explain - --output json"), &[]);
    assert!(serde_json::from_str::<serde_json::Value>(&outcome.stdout).is_ok(), "the answer is not JSON");
}
