//! Whom a check is about: a token that is at hand, or one that a pipeline will have.

use serde_json::{Map, Value};

use crate::cloud::Cloud;
use crate::token::{Malformed, Token, json};
use crate::{Category, Fault};

/// A token, or what one will say. Either [`token`](Self::token) is given or some of the rest, never both.
#[derive(Debug, Clone, Default)]
pub struct Presented<'a> {
    /// The token in compact form.
    pub token: Option<&'a str>,
    /// The `iss` that it will have.
    pub issuer: Option<&'a str>,
    /// The `sub` that it will have.
    pub subject: Option<&'a str>,
    /// The `aud` that it will have; the cloud's when neither this nor [`claims`](Self::claims) says one.
    pub audience: Option<&'a str>,
    /// Further claims that it will have. `iss`, `sub` and `aud` among them count where they are not given above; times do not.
    pub claims: Map<String, Value>,
}

impl Presented<'_> {
    /// The token. What was given as one and is none is an answer, and no fault: [`Verdict`](super::Verdict) is made from it.
    ///
    /// # Errors
    /// Of [`Category::Usage`], when both ways were taken or neither, or the claims have the wrong types.
    pub fn read(self, cloud: &Cloud) -> Result<Result<Token, Malformed>, Fault> {
        let is_described = [self.issuer, self.subject, self.audience].iter().any(Option::is_some);
        match (self.token, is_described || !self.claims.is_empty()) {
            (Some(token), false) => Ok(Token::parse(token)),
            (Some(_), true) => {
                Err(fault("token-and-description", "Both a token was given and what one will say, and they may differ")
                    .hint("give the token alone, or issuer, subject and audience without it"))
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
            return Err(fault("token-missing", format!("There is neither a token nor the {what} of one"))
                .hint("give the token, or both issuer and subject of the one that the pipeline will have"));
        }
        if !claims.contains_key("aud") {
            claims.insert("aud".to_owned(), cloud.usual_audience().into());
        }
        Token::of_claims(claims).map_err(|malformed| fault(malformed.code(), malformed.message))
    }
}

/// Reads claims for [`Presented::claims`].
///
/// # Errors
/// When the text is not one JSON object without a repeated name.
pub fn claims_object(text: &str) -> Result<Map<String, Value>, Fault> {
    json::object(text.as_bytes())
        .map_err(|problem| fault("claims-not-json", format!("What should be claims {}", problem.clause())))
}

#[cold]
fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    Fault::new(Category::Usage, code, message)
}
