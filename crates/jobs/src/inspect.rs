//! `inspect`: decodes a token and says what it holds. It verifies nothing.

use azure_oidc_core::Fault;
use azure_oidc_core::platform::{self, Part, Platform};
use azure_oidc_core::token::{self, Decoded, Token};
use serde::{Deserialize, Serialize, Serializer};

use crate::TokenText;
use crate::json::{self, Audience};

/// The token to decode.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// An ID token in compact form (RFC 7519).
    pub token: TokenText,
}

/// What a token says about itself. None of it is verified.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// `aud`: a list where the token has one.
    pub audience: Audience,
    /// The claims of the token, unchanged. This command verifies none of them.
    #[serde(serialize_with = "claims")]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Map<String, serde_json::Value>"))]
    pub claims: Token,
    /// `exp`, in RFC 3339.
    #[serde(serialize_with = "json::optional_time")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", regex(pattern = json::RFC_3339)))]
    pub expires_at: Option<i64>,
    /// The header of the token.
    pub header: Header,
    /// `iat`, in RFC 3339.
    #[serde(serialize_with = "json::optional_time")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", regex(pattern = json::RFC_3339)))]
    pub issued_at: Option<i64>,
    /// `iss`.
    pub issuer: Option<String>,
    /// `nbf`, in RFC 3339.
    #[serde(serialize_with = "json::optional_time")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", regex(pattern = json::RFC_3339)))]
    pub not_before: Option<i64>,
    /// Name of the CI platform that issues such tokens; null when unknown.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = crate::schema::platforms())))]
    pub platform: Option<&'static str>,
    /// `sub`.
    pub subject: Option<String>,
    /// Which of the platform's forms the subject has; null when it is not known.
    pub subject_form: Option<&'static str>,
    /// The subject, cut into its named parts. Empty when its form is not known.
    pub subject_parts: Vec<SubjectPart>,
    /// Always false: `inspect` decodes and never verifies.
    #[cfg_attr(feature = "schema", schemars(extend("const" = false)))]
    pub verified: bool,
}

/// The members of the header that matter.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Header {
    /// The algorithm of the signature.
    pub alg: String,
    /// The id of the key that signed it.
    pub kid: Option<String>,
    /// The type of the token.
    pub typ: Option<String>,
}

/// A named part of a subject.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SubjectPart {
    /// What it is, in plain words.
    pub meaning: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// Whether it changes from run to run, so that a credential for it matches one run only.
    pub varies: bool,
}

/// Decodes the token.
///
/// # Errors
/// When it is not a token.
pub fn run(request: &Request) -> Result<Answer, Fault> {
    match token::decoded(request.token.reveal()) {
        Some(decoded) => of_decoded(decoded),
        None => Ok(Token::parse(request.token.reveal())?.into()),
    }
}

/// The answer for a token that was decoded already. Its header may be missing.
fn of_decoded(Decoded { header, claims }: Decoded) -> Result<Answer, Fault> {
    let time = |name: &str| claims.get(name).and_then(serde_json::Value::as_i64);
    let (expires_at, issued_at, not_before) = (time("exp"), time("iat"), time("nbf"));
    let text = |name: &str| header.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let header = Header { alg: text("alg").unwrap_or_default(), kid: text("kid"), typ: text("typ") };
    let answer = Answer::from(Token::of_claims(claims.clone())?);
    Ok(Answer { expires_at, issued_at, not_before, header, ..answer })
}

/// Whether a text is a token that was decoded already, which [`run`] accepts too.
pub fn is_decoded(text: &str) -> bool {
    token::decoded(text).is_some()
}

impl From<Token> for Answer {
    fn from(token: Token) -> Self {
        let (header, claims) = (token.header(), token.claims());
        let platform = claims.iss.as_deref().and_then(|issuer| platform::identify(issuer, claims.sub.as_deref()));
        let subject = platform.zip(claims.sub.as_deref()).and_then(|(platform, subject)| platform.subject(subject));
        Self {
            audience: claims.into(),
            expires_at: claims.exp,
            header: Header { alg: header.alg.clone(), kid: header.kid.clone(), typ: header.typ.clone() },
            issued_at: claims.iat,
            issuer: claims.iss.clone(),
            not_before: claims.nbf,
            platform: platform.map(Platform::name),
            subject: claims.sub.clone(),
            subject_form: subject.as_ref().map(|subject| subject.form),
            subject_parts: subject.into_iter().flat_map(|subject| subject.parts).map(SubjectPart::from).collect(),
            verified: false,
            claims: token,
        }
    }
}

impl From<Part> for SubjectPart {
    fn from(part: Part) -> Self {
        Self { meaning: part.meaning, name: part.name, value: part.value, varies: part.varies }
    }
}

fn claims<S: Serializer>(token: &Token, serializer: S) -> Result<S::Ok, S::Error> {
    token.claims().raw.serialize(serializer)
}
