//! `verify`: is the signature of a token good for one of these keys?

use azure_oidc_core::check::decision::ALGORITHMS;
use azure_oidc_core::jwks::{self, Verification};
use azure_oidc_core::ports::Ports;
use azure_oidc_core::shorten::{LONGEST_VALUE, shorten};
use azure_oidc_core::token::{Jws, Token};
use azure_oidc_core::{Fault, Secret};
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::{TokenText, discovery};

/// The token to verify, and the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// A JWS in compact form (RFC 7515). Its payload may be anything.
    pub token: TokenText,
    /// A JWK Set (RFC 7517), as JSON or as a string that holds JSON.
    #[cfg_attr(feature = "schema", schemars(extend("type" = ["string", "object"])))]
    pub jwks: Document,
}

/// Whether the signature of a token is good for a key of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// `alg` of the header.
    pub alg: String,
    /// Which key of the set fits, from 0.
    pub key_index: Option<usize>,
    /// `kid` of the header.
    pub kid: Option<String>,
    /// What else to know, a line each.
    pub notes: Vec<String>,
    /// Why it is not valid, as a stable name in kebab-case.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::json::KEBAB_CASE)))]
    pub reason: Option<&'static str>,
    /// Whether the signature is good.
    pub signature: Signature,
    /// The reason as a clause for a person.
    #[serde(skip)]
    pub sentence: Option<&'static str>,
}

/// Whether a signature is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Signature {
    /// It was made with a key of the set.
    Valid,
    /// It was not, or that cannot be found out.
    Invalid,
}

/// Verifies the signature with the keys of the request. A bad signature is an answer.
///
/// # Errors
/// When the token is not a JWS, or when the set holds no usable keys.
pub fn run(request: &Request) -> Result<Answer, Fault> {
    let jws = Jws::parse(request.token.reveal())?;
    Ok(jwks::verify(&jws, &request.jwks.keys()?).into())
}

/// Verifies the signature with the keys that the token's issuer publishes. `allowed` are the hosts
/// of private networks from which they may be fetched.
///
/// # Errors
/// When the token is not a JWT, or when the keys cannot be fetched.
pub fn with_issuer_keys(token: &Secret, allowed: &[String], ports: Ports<'_>) -> Result<Answer, Fault> {
    let token = Token::parse(token.reveal())?;
    let keys = discovery::keys(token.claims(), allowed, ports)?;
    Ok(jwks::verify(token.jws(), &keys).into())
}

impl From<Verification> for Answer {
    fn from(verification: Verification) -> Self {
        let Verification { valid, reason, alg, kid, key_index } = verification;
        Self {
            notes: refused(&alg).filter(|_| valid).into_iter().collect(),
            alg: shown(&alg),
            key_index,
            kid: kid.as_deref().map(shown),
            reason: reason.map(jwks::Reason::code),
            signature: if valid { Signature::Valid } else { Signature::Invalid },
            sentence: reason.map(jwks::Reason::sentence),
        }
    }
}

fn shown(text: &str) -> String {
    shorten(text, LONGEST_VALUE).into_owned()
}

/// Entra refuses some algorithms, however good the signature is.
fn refused(alg: &str) -> Option<String> {
    let alg_shown = shown(alg);
    let note = || format!("note: Entra accepts no token that is signed with {alg_shown}; it answers AADSTS5002738");
    (!ALGORITHMS.contains(&alg)).then(note)
}
