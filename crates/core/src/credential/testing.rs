//! Tokens for the tests of this module.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::token::Token;

/// A token with these claims. Its signature is not valid: nothing here verifies it.
pub(super) fn token(claims: &Value) -> Token {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "1"});
    let text = format!("{}.{}.{}", part(&header), part(claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]));
    Token::parse(&text).expect("a token made here is well formed")
}

/// A token with only the claims that every credential compares.
pub(super) fn presented(iss: &str, sub: &str, aud: &[&str]) -> Token {
    token(&json!({"iss": iss, "sub": sub, "aud": aud}))
}
