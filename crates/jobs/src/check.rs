//! `check`: would Entra accept this ID token for these federated identity credentials?

use azure_oidc_core::Fault;
use azure_oidc_core::check::{self, Presented, Question, SKEW};
use azure_oidc_core::cloud::Cloud;
use azure_oidc_core::credential::{Credential, Matcher};
use azure_oidc_core::jwks::KeySet;
use azure_oidc_core::ports::Ports;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::token::{self, Token};
use serde::Deserialize;
use serde_json::{Map, Value};

mod answer;

pub use answer::{Answer, Comparison, Finding, Severity, Verdict};

use crate::document::{Document, notes};
use crate::{Interface, TokenText, discovery};

/// What to check: a token, or the issuer and subject that a future token will have; and the
/// credentials to compare it with.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("anyOf" = crate::schema::token_or_claims())))]
pub struct Request {
    /// The ID token in compact form. Give either this or the claims of a future token: `issuer` and
    /// `subject`, or `claims` with both.
    pub token: Option<TokenText>,
    /// The `iss` of the future token.
    pub issuer: Option<String>,
    /// The `sub` of the future token.
    pub subject: Option<String>,
    /// The `aud` of the future token; the cloud's audience when absent.
    pub audience: Option<String>,
    /// Further claims of the future token; `iss`, `sub` and `aud` among them count when they are
    /// not given above.
    pub claims: Option<Map<String, Value>>,
    /// Federated identity credentials in any written form: what `az ad app federated-credential
    /// list` prints, Graph's answer, the ARM form of managed identities, a list, or one object. As
    /// JSON, or as a string that holds JSON.
    pub credentials: Document,
    /// A JWK Set (RFC 7517) to verify the signature with; without it the signature is not checked.
    /// As JSON, or as a string that holds JSON.
    #[cfg_attr(feature = "schema", schemars(extend("type" = ["string", "object", "null"])))]
    pub jwks: Option<Document>,
    /// Name of the cloud.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::schema::clouds(), "default" = "public")))]
    pub cloud: Option<String>,
    /// The time to check for, in seconds since 1970-01-01T00:00:00Z; the current time when absent.
    #[cfg_attr(feature = "schema", schemars(range(min = i64::MIN, max = i64::MAX)))]
    pub now: Option<i64>,
    /// How many seconds two clocks may differ.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = u32::MAX), extend("default" = SKEW)))]
    pub skew: Option<u32>,
    /// The shell that the commands in remedies are for.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = crate::schema::shells(), "default" = "bash")))]
    pub shell: Option<Shell>,
    /// One more credential, given by its parts. No HTTP body has it.
    #[serde(skip)]
    pub credential: Option<OneCredential>,
    /// The interface that the request came by, for the words of messages.
    #[serde(skip)]
    pub interface: Interface,
    /// Fetch the issuer's keys when `jwks` is absent. No HTTP body has it: the service sends no
    /// requests on behalf of a caller.
    #[serde(skip)]
    pub discover: bool,
    /// Hosts of private networks from which the keys may be fetched.
    #[serde(skip)]
    pub allowed_hosts: Vec<String>,
}

/// A credential with an exact subject.
pub struct OneCredential {
    /// Its issuer.
    pub issuer: String,
    /// Its subject.
    pub subject: String,
    /// Its audience; the cloud's audience when absent.
    pub audience: Option<String>,
}

impl OneCredential {
    /// The credential, of the owner of the document's first one.
    fn beside(self, document: &[Credential], cloud: &Cloud) -> Credential {
        let owner = document.first();
        Credential {
            name: "command-line".to_owned(),
            issuer: self.issuer,
            matcher: Matcher::Subject(self.subject),
            audiences: vec![self.audience.unwrap_or_else(|| cloud.usual_audience().to_owned())],
            description: None,
            application: owner.and_then(|one| one.application.clone()),
            identity: owner.and_then(|one| one.identity.clone()),
        }
    }
}

/// Checks the token. A token that Entra would refuse is an answer.
///
/// # Errors
/// When the request cannot be understood, or when this host does not allow requests to the issuer.
pub fn run(request: Request, ports: Ports<'_>) -> Result<Answer, Fault> {
    let cloud = crate::cloud(request.cloud.as_deref())?;
    let parsed = request.credentials.credentials()?;
    let mut credentials = parsed.credentials;
    let one_more = request.credential.map(|credential| credential.beside(&credentials, cloud));
    credentials.extend(one_more);
    let jwks = request.jwks.as_ref().map(Document::keys).transpose()?;
    let mut notes = notes(parsed.notes);
    let mut presented = Presented {
        token: request.token.as_ref().map(|token| token.reveal()),
        issuer: request.issuer.as_deref(),
        subject: request.subject.as_deref(),
        audience: request.audience.as_deref(),
        claims: request.claims.unwrap_or_default(),
    };
    if let Some(decoded) = presented.token.and_then(token::decoded).filter(|_| presented.claims.is_empty()) {
        // A finding says what was not checked.
        notes.push("note: this is a decoded token".to_owned());
        presented = Presented { token: None, claims: decoded.claims, ..presented };
    }
    let (mut verdict, token) = match presented.read(cloud)? {
        Err(malformed) => (malformed.into(), None),
        Ok(token) => {
            let keys = match jwks {
                None if request.discover => fetched(&token, &request.allowed_hosts, ports)?,
                given => given.map(Ok),
            };
            let question = Question {
                token: &token,
                credentials: &credentials,
                client_id: None,
                cloud,
                now: request.now.unwrap_or_else(|| ports.clock.now()),
                skew: request.skew.map_or(SKEW, i64::from),
                keys: keys.as_ref().and_then(|keys| keys.as_ref().ok()),
                shell: request.shell.unwrap_or_default(),
            };
            if let Some(fault) = check::undecided(&question) {
                return Err(fault);
            }
            let verdict = match &keys {
                Some(Err(why)) => check::check_unreachable(&question, why),
                _ => check::check(&question),
            };
            (verdict, Some(token))
        }
    };
    for finding in verdict.findings.iter_mut().filter(|finding| !finding.remedy_is_command) {
        finding.message = request.interface.words(&finding.message);
        finding.remedy = finding.remedy.as_deref().map(|remedy| request.interface.words(remedy));
    }
    let notes = notes.iter().map(|note| request.interface.words(note)).collect();
    Ok(Answer::new(verdict, credentials, token, notes))
}

/// The issuer's keys, or why they are of no use to Entra either. When the issuer did not answer this
/// machine, nothing follows for Entra, and that is a fault.
fn fetched(token: &Token, allowed: &[String], ports: Ports<'_>) -> Result<Option<Result<KeySet, String>>, Fault> {
    if token.claims().iss.is_none() {
        return Ok(None);
    }
    match discovery::keys(token.claims(), allowed, ports) {
        Ok(keys) => Ok(Some(Ok(keys))),
        Err(unavailable) if !unavailable.is_answer => Err(unavailable.into()),
        Err(unavailable) => Ok(Some(Err(unavailable.clause()))),
    }
}
