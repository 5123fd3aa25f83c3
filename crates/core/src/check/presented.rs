//! The token of a check: one that exists, or the claims of a future one.

use serde_json::{Map, Value};

use crate::cloud::Cloud;
use crate::token::{Malformed, Token, json};
use crate::{Category, Fault};

/// A token, or the claims of a future token. Give either [`token`](Self::token) or the other
/// fields.
#[derive(Debug, Clone, Default)]
pub struct Presented<'a> {
    /// The token in compact form.
    pub token: Option<&'a str>,
    /// The future token's `iss`.
    pub issuer: Option<&'a str>,
    /// The future token's `sub`.
    pub subject: Option<&'a str>,
    /// The future token's `aud`; the default is the one in [`claims`](Self::claims), then the
    /// cloud's.
    pub audience: Option<&'a str>,
    /// Further claims of the future token. The fields above win over `iss`, `sub` and `aud` in
    /// here; times are ignored.
    pub claims: Map<String, Value>,
}

impl Presented<'_> {
    /// Parses or builds the token. A text that is not a token is no fault but the inner error, from
    /// which a [`Verdict`](super::Verdict) is made.
    ///
    /// # Errors
    /// [`Category::Usage`] when both a token and claims are given, or neither, or when claims have
    /// the wrong types.
    pub fn read(self, cloud: &Cloud) -> Result<Result<Token, Malformed>, Fault> {
        let is_described = [self.issuer, self.subject, self.audience].iter().any(Option::is_some);
        match (self.token, is_described || !self.claims.is_empty()) {
            (Some(token), false) => Ok(Token::parse(token)),
            (Some(_), true) => {
                Err(fault("token-and-description", "Give either a token or the claims of a future token, not both"))
            }
            (None, _) => self.described(cloud).map(Ok),
        }
    }

    fn described(self, cloud: &Cloud) -> Result<Token, Fault> {
        let mut claims = self.claims;
        for (name, value) in [("iss", self.issuer), ("sub", self.subject), ("aud", self.audience)] {
            if let Some(value) = value {
                claims.insert(name.to_owned(), value.into());
            }
        }
        if let Some((_, what)) =
            [("iss", "issuer"), ("sub", "subject")].iter().find(|(name, _)| !claims.contains_key(*name))
        {
            return Err(fault("token-missing", format!("Neither a token nor the {what} of a future token was given"))
                .hint("give a token, or the issuer and the subject of a future one"));
        }
        if !claims.contains_key("aud") {
            claims.insert("aud".to_owned(), cloud.usual_audience().into());
        }
        Token::of_claims(claims).map_err(|malformed| fault(malformed.code, malformed.message))
    }
}

/// Parses [`Presented::claims`].
///
/// # Errors
/// When the text is not one JSON object without a repeated name.
pub fn claims_object(text: &str) -> Result<Map<String, Value>, Fault> {
    json::object(text.as_bytes()).map_err(|problem| {
        fault("claims-not-json", format!("The claims cannot be read: the text {}", problem.clause()))
    })
}

#[cold]
fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(Category::Usage, code, message)
}
