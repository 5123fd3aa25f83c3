//! Asks the broker of `exec` for an access token, as Azure's SDKs ask App Service.

use form_urlencoded::Serializer;
use serde_json::Value;

use crate::authority::Scope;
use crate::fault::{Category, Fault};
use crate::harmless::shown;
use crate::ports::{Env, Method, Request, Response};
use crate::secret::Secret;
use crate::shorten::LONGEST_SENTENCE;
use crate::token::json;

/// The variable with the address of the broker: `http://127.0.0.1:PORT`.
pub const ADDRESS: &str = "AZURE_OIDC_BROKER";
/// The variable with the secret of the request header `x-identity-header`.
pub const SECRET: &str = "IDENTITY_HEADER";
/// The variables that a host passes to a command that may ask the broker.
pub const VARIABLES: [&str; 2] = [ADDRESS, SECRET];
/// Its path for an access token.
pub const ACCESS_TOKEN: &str = "/msi/token";

/// The longest answer, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// The address and the secret of a running broker.
pub struct Broker {
    port: u16,
    secret: Secret,
}

impl Broker {
    /// The broker that the variables name, always on this machine.
    pub fn find(env: &dyn Env) -> Option<Self> {
        let port = env.present(ADDRESS)?.strip_prefix("http://127.0.0.1:")?.parse().ok()?;
        let secret = env.present(SECRET).filter(|secret| secret.bytes().all(|byte| byte.is_ascii_graphic()))?;
        Some(Self { port, secret: Secret::new(secret) })
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The secret of the request header `x-identity-header`.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The request for an access token of this client.
    pub fn request(&self, scope: &Scope, client_id: &str) -> Request {
        let resource = scope.value.strip_suffix("/.default").unwrap_or(&scope.value);
        let query: String = Serializer::new(String::new())
            .append_pair("api-version", "2019-08-01")
            .append_pair("resource", resource)
            .append_pair("client_id", client_id)
            .finish();
        Request {
            method: Method::Get,
            url: self.url(&format!("{ACCESS_TOKEN}?{query}")),
            headers: vec![("x-identity-header", self.secret.reveal().to_owned())],
            body: Vec::new(),
            max_response: MAX_ANSWER,
        }
    }
}

/// The token with its end in seconds since 1970. A fault if Entra refused. None for any other
/// answer: then the caller makes an exchange of its own.
pub fn answer(response: &Response) -> Option<Result<(Secret, i64), Fault>> {
    let object = json::lenient(&response.body).ok()?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    match response.status {
        200 => Some(Ok((Secret::new(text("access_token")?), text("expires_on")?.parse().ok()?))),
        403 => {
            let message = shown(text("message")?, LONGEST_SENTENCE);
            Some(Err(Fault::new(Category::Refused, "entra-refused", message)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::fixed::Variables;

    #[test]
    fn a_broker_is_on_this_machine_and_nowhere_else() {
        let port = |address: &str| {
            Broker::find(&Variables::from([(ADDRESS, address), (SECRET, "s")])).map(|broker| broker.port)
        };
        assert_eq!(port("http://127.0.0.1:4000"), Some(4000));
        for other in
            ["", "https://127.0.0.1:4000", "http://127.0.0.1.evil.example:1", "http://127.0.0.1:1@x", "http://x:1"]
        {
            assert_eq!(port(other), None, "{other}");
        }
        assert!(Broker::find(&Variables::from([(ADDRESS, "http://127.0.0.1:4000")])).is_none());
    }

    #[test]
    fn an_answer_is_a_token_a_refusal_or_nothing() {
        let read = |status, body: &str| answer(&Response { status, headers: Vec::new(), body: body.into() });
        let (token, expires_on) = read(200, r#"{"access_token":"a","expires_on":"17"}"#).unwrap().unwrap();
        assert_eq!((token.reveal(), expires_on), ("a", 17));
        let fault = read(403, r#"{"message":"AADSTS700213: no"}"#).unwrap().unwrap_err();
        assert_eq!((fault.message.as_str(), fault.category), ("AADSTS700213: no", Category::Refused));
        for (status, body) in [(200, "{}"), (400, r#"{"message":"x"}"#), (503, r#"{"message":"x"}"#), (200, "<html>")] {
            assert!(read(status, body).is_none(), "{status} {body}");
        }
    }
}
