//! Secrets of the kinds that pipelines have.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// The kinds, with a name for messages.
pub(crate) fn all() -> Vec<(&'static str, String)> {
    let segment = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
    let signature = segment("a signature that is none, of a usual length");
    let token = |header: &str, claims: &str| format!("{}.{}.{signature}", segment(header), segment(claims));
    let usual = token(r#"{"alg":"RS256","kid":"1"}"#, r#"{"iss":"https://issuer.example","sub":"a"}"#);
    let spaced = token(r#"{ "alg": "RS256", "kid": "1" }"#, r#"{ "iss": "https://issuer.example" }"#);
    let wrapped = usual.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    assert!(usual.starts_with("eyJ") && spaced.starts_with("eyA"));
    vec![
        ("JWT", usual),
        ("JWT with spaces", spaced),
        ("JWT in lines", wrapped),
        ("opaque", "0.AbCdE1fG2hI3jK4lM5nO6pQ7rS8tU9vW0xY1z".to_owned()),
        ("client secret", "Xh48Q~Zk2LmN9pQrS4tUvWxYz01aBcDeFg".to_owned()),
        ("of a platform", "ghs_16C7e42F292c6912E7710c838347Ae178B4a".to_owned()),
    ]
}
