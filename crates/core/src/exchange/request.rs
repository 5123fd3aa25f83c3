//! Builds the token request.

use form_urlencoded::Serializer;

use super::Terms;
use crate::authority::Scope;
use crate::ports::{Method, Random, Request};

/// The `user-agent` of every request.
pub const USER_AGENT: &str = concat!("azure-oidc/", env!("CARGO_PKG_VERSION"));

/// The largest answer that is read, in bytes. Even an access token with many groups is shorter.
pub(super) const MAX_ANSWER: usize = 256 * 1024;

/// The POST for one scope (RFC 6749 §4.4.2, RFC 7523 §2.2).
pub(super) fn token(terms: &Terms, scope: &Scope, request_id: &str) -> Request {
    let body = Serializer::new(String::new())
        .append_pair("client_id", terms.client_id.as_str())
        .append_pair("grant_type", "client_credentials")
        .append_pair("scope", &scope.value)
        .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        .append_pair("client_assertion", terms.assertion.reveal())
        .finish();
    Request {
        method: Method::Post,
        url: terms.authority.token_url(&terms.tenant),
        headers: vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("accept", "application/json".to_owned()),
            ("user-agent", USER_AGENT.to_owned()),
            ("client-request-id", request_id.to_owned()),
            ("return-client-request-id", "true".to_owned()),
        ],
        body: body.into_bytes(),
        max_response: MAX_ANSWER,
    }
}

/// A random GUID (RFC 9562 §5.4) for `client-request-id`; Entra echoes it as the correlation id.
pub(super) fn id(random: &dyn Random) -> String {
    let high = random.number() & 0xffff_ffff_ffff_0fff | 0x4000;
    let low = random.number() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
