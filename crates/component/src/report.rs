//! The JSON of every command, as the schemas of this project describe it.

use azure_oidc_core::check::time::moment;
use azure_oidc_core::exchange::AccessToken;
use azure_oidc_core::platform;
use azure_oidc_core::token::Claims;
use serde::Serialize;
use serde_json::{Map, Value};

/// One line of JSON for standard output.
pub fn line(value: &impl Serialize) -> String {
    let mut text = platform::text::json_text(value);
    text.push('\n');
    text
}

/// A moment in seconds since 1970, as RFC 3339 in UTC.
pub fn rfc3339(seconds: i64) -> String {
    let latest = 253_402_300_799; // 9999-12-31T23:59:59Z, the last that RFC 3339 can write
    moment(seconds.clamp(0, latest))
}

/// A JSON object of these members.
pub fn object(members: Vec<(&str, Value)>) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        object.insert(name.to_owned(), value);
    }
    Value::Object(object)
}

/// What an exchange came to.
pub struct Exchanged<'a> {
    /// Name of the CI platform.
    pub platform: &'a str,
    /// The claims of the ID token.
    pub claims: &'a Claims,
    /// The tenant, a GUID or a domain name.
    pub tenant_id: &'a str,
    /// The client id.
    pub client_id: &'a str,
    /// The access tokens.
    pub tokens: &'a [AccessToken],
}

/// `exchange --output json`. Holds the access tokens: they are what was asked for.
pub fn exchange(exchanged: &Exchanged<'_>) -> String {
    let claims = exchanged.claims;
    line(&object(vec![
        ("platform", exchanged.platform.into()),
        ("issuer", claims.iss.as_deref().into()),
        ("subject", claims.sub.as_deref().into()),
        ("audience", audience(claims)),
        ("tenant_id", exchanged.tenant_id.into()),
        ("client_id", exchanged.client_id.into()),
        ("tokens", tokens(exchanged.tokens)),
    ]))
}

/// Access tokens with what they are for. Secrets.
pub fn tokens(tokens: &[AccessToken]) -> Value {
    let one = |token: &AccessToken| {
        object(vec![
            ("scope", token.scope.value.as_str().into()),
            ("access_token", token.token.reveal().into()),
            ("token_type", token.token_type.as_str().into()),
            ("expires_on", rfc3339(token.expires_on).into()),
        ])
    };
    tokens.iter().map(one).collect()
}

/// The audience as the token has it: a string, or a list when the token has one.
pub fn audience(claims: &Claims) -> Value {
    match claims.aud.as_slice() {
        _ if claims.aud_is_array => claims.aud.clone().into(),
        [one] => one.clone().into(),
        _ => Value::Null,
    }
}
