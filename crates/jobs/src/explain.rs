//! `explain`: what an error of a sign-in means, why it happens, and what to do.

use azure_oidc_core::cloud::{Cloud, PUBLIC};
use azure_oidc_core::explain::{self, Known};
use azure_oidc_core::platform::{self, Platform};
use azure_oidc_core::secret::KnownSecrets;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault, docs};
use serde::{Deserialize, Serialize, Serializer};

use crate::document::{Document, notes};
use crate::json::ErrorCode;
use crate::{Interface, TokenText};

/// The error to explain, and what is known about the exchange that failed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// A code such as `AADSTS700213`, Entra's JSON answer, or a log that holds one.
    pub text: String,
    /// The ID token that was sent: the advice then names its claims.
    pub token: Option<TokenText>,
    /// Federated identity credentials in any written form: what `az ad app federated-credential
    /// list` prints, Graph's answer, the ARM form of managed identities, a list, or one object. As
    /// JSON, or as a string that holds JSON.
    #[cfg_attr(feature = "schema", schemars(extend("type" = ["string", "object", "array", "null"])))]
    pub credentials: Option<Document>,
    /// The time to look at the token's lifetime for, in seconds since 1970-01-01T00:00:00Z; the
    /// current time when absent.
    #[cfg_attr(feature = "schema", schemars(range(min = i64::MIN, max = i64::MAX)))]
    pub now: Option<i64>,
    /// The shell that the commands in the advice are for.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = crate::schema::shells(), "default" = "bash")))]
    pub shell: Option<Shell>,
    /// The interface that the request came by, whose words the advice uses.
    #[serde(skip)]
    pub interface: Interface,
}

/// What the errors mean, each once. AADSTS errors are in the order of the text; an error of the CI
/// system, which is the cause of the others, comes first. A refusal of a resource comes last, and
/// first where it stands after all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// One for each code.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub explanations: Vec<Explanation>,
    /// What to know about the text and the document with the credentials, a line each.
    pub notes: Vec<String>,
}

/// What one code means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    /// What to do here, most useful first; with a token or credentials, from what they hold.
    pub advice: Vec<String>,
    /// Why it happens.
    pub cause: Option<&'static str>,
    /// The code: `AADSTS700213`. An error that has no such number has its own name, such as
    /// `AADB2C90289`, `AuthorizationFailed` or `id-token-permission-missing`.
    pub code: ErrorCode,
    /// Values found in the text, by what they are: issuer, subject, trace id and so on.
    #[serde(serialize_with = "by_name")]
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, String>"))]
    pub facts: Vec<(&'static str, String)>,
    /// What it means.
    pub message: String,
    /// A short name; null when the code is not in the catalogue.
    pub name: Option<&'static str>,
    /// What to do.
    pub remedy: Option<String>,
    /// Entra's own words in the text, without the trace block.
    #[serde(rename = "text")]
    pub quoted: Option<String>,
}

impl Answer {
    /// The answer, or a fault when the text holds no code. `place` names the text in the message.
    ///
    /// # Errors
    /// When there is nothing to explain.
    pub fn found_in(self, place: &str) -> Result<Self, Fault> {
        if !self.explanations.is_empty() {
            return Ok(self);
        }
        let message = format!("There is no AADSTS code in {place}");
        Err(Fault::new(Category::Usage, "no-aadsts-code", message)
            .hint("give a code of four to eight digits such as AADSTS700213 or 700213, Entra's JSON answer, or a log that holds one; a file comes on standard \
                   input: `azure-oidc explain - < FILE`"))
    }
}

/// Explains every code in the text. `now` is the time of a caller that has a clock. Without any
/// time the advice says nothing about the token's lifetime.
///
/// # Errors
/// When the token or the credentials cannot be read.
pub fn run(request: &Request, now: Option<i64>) -> Result<Answer, Fault> {
    let token = request.token.as_ref().map(|token| Token::parse(token.reveal())).transpose()?;
    let parsed = request.credentials.as_ref().map(Document::credentials).transpose()?;
    let (credentials, problems) = parsed.map(|parsed| (parsed.credentials, parsed.notes)).unwrap_or_default();
    let shell = request.shell.unwrap_or_default();
    let secrets = KnownSecrets::default();
    request.token.iter().for_each(|token| secrets.learn(token.reveal()));
    let text = &secrets.hide(request.text.clone());
    let explained = match (&token, credentials.as_slice()) {
        (None, []) => explain::explain_with(text, shell, None),
        (token, credentials) => {
            let claims = token.as_ref().map(Token::claims);
            let time = claims.and_then(|claims| claims.iat.or(claims.nbf).or(claims.exp));
            let audience = claims.and_then(|claims| claims.aud.first());
            let known = Known {
                token: token.as_ref(),
                credentials,
                client_id: None,
                cloud: audience.and_then(|audience| Cloud::by_exchange_audience(audience)).unwrap_or(PUBLIC),
                now: request.now.or(now).or(time).unwrap_or_default(),
            };
            explain::explain_with(text, shell, Some(&known))
        }
    };
    let explanation = |one: explain::Explanation| Explanation {
        advice: one.hints.iter().map(|hint| request.interface.words(hint)).collect(),
        cause: one.meaning.map(|meaning| meaning.cause),
        code: one.other.map_or(ErrorCode::Aadsts(one.code), ErrorCode::Other),
        facts: one.facts,
        message: request.interface.words(&one.message),
        name: one.meaning.map(|meaning| meaning.name),
        remedy: one.meaning.map(|meaning| request.interface.words(&shell.with_variables(meaning.remedy))),
        quoted: one.quoted,
    };
    let mut notes = notes(problems);
    notes.extend(explained.notes.into_iter().map(|note| format!("warning: {note}")));
    let explanations: Vec<_> = explained.explanations.into_iter().map(explanation).collect();
    let platform = token.as_ref().and_then(platform_of).or_else(|| explanations.iter().find_map(platform_in));
    notes.extend(platform.map(|platform| format!("note: {} is about {}", docs::page(platform), platform.title())));
    let notes = notes.iter().map(|note| request.interface.words(note)).collect();
    Ok(Answer { explanations, notes })
}

fn platform_of(token: &Token) -> Option<&'static dyn Platform> {
    platform::identify(token.claims().iss.as_deref()?, token.claims().sub.as_deref())
}

/// The platform of the token that Entra's words are about.
fn platform_in(one: &Explanation) -> Option<&'static dyn Platform> {
    let fact = |wanted: &str| one.facts.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    // Some answers name the subject only, which is enough where one platform writes such subjects.
    match (fact("issuer"), fact("subject")) {
        (Some(issuer), subject) => platform::identify(issuer, subject),
        (None, Some(subject)) => {
            let mut having = platform::ALL.iter().filter(|platform| platform.subject(subject).is_some());
            having.next().copied().filter(|_| having.next().is_none())
        }
        (None, None) => None,
    }
}

fn by_name<S: Serializer>(facts: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(facts.iter().map(|(name, value)| (name, value)))
}

#[cfg(test)]
mod tests;
