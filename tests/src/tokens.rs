//! Builds tokens that no issuer would issue.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

/// The claims of a token.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).expect("a JWT has three segments");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("the payload is base64url");
    serde_json::from_slice(&bytes).expect("the payload is JSON")
}

/// A token with a changed payload. The signature is no longer valid.
pub fn with_payload(token: &str, change: impl FnOnce(String) -> String) -> String {
    let segments: Vec<_> = token.split('.').collect();
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(segments[1]).expect("the payload is base64url");
    let text = change(String::from_utf8(bytes).expect("the payload is text"));
    format!("{}.{}.{}", segments[0], BASE64_URL_SAFE_NO_PAD.encode(text), segments[2])
}

/// A token with two `sub` members, which parsers read differently (RFC 8259 §4).
pub fn with_duplicate_subject(token: &str) -> String {
    with_payload(token, |text| text.replacen('{', r#"{"sub":"another","#, 1))
}
