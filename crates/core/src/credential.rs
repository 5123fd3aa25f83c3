//! Federated identity credentials: parses, checks, matches and writes them.
//!
//! A credential belongs to an application or to a user-assigned managed identity. Entra compares
//! byte for byte, and all values of one credential must match.

use crate::token::Claims;

pub mod audience;
pub mod breadth;
pub mod expression;
pub mod forms;
pub mod limits;
pub mod normal;
pub mod owner;
pub mod pipeline;
mod problem;
pub mod reach;
pub mod short_lived;
#[cfg(test)]
mod testing;
pub mod write;

pub use expression::ExpressionError;
pub use problem::CredentialProblem;
pub(crate) use problem::code;

/// One federated identity credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The name, which is unique on the application and cannot be changed.
    pub name: String,
    /// The required `iss` of the token.
    pub issuer: String,
    /// The required subject or claims of the token.
    pub matcher: Matcher,
    /// The required `aud` of the token. Entra stores exactly one; see [`limits`].
    pub audiences: Vec<String>,
    /// A description without effect. Credentials of managed identities have none.
    pub description: Option<String>,
    /// The application that owns the credential, as a document of Terraform or Pulumi names it: its
    /// id, or the expression that gives the id. None when it is not known.
    pub application: Option<String>,
    /// The managed identity that owns the credential. None means an application.
    pub identity: Option<Identity>,
}

/// A user-assigned managed identity, as far as its name and group are known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Identity {
    /// The name.
    pub name: Option<String>,
    /// The resource group.
    pub resource_group: Option<String>,
    /// The id of the subscription.
    pub subscription: Option<String>,
}

/// The condition for tokens of the credential's issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// The token's `sub` must equal this text.
    Subject(String),
    /// The token's claims must satisfy this expression ("flexible" credentials, a preview).
    Expression {
        /// The expression, as written.
        value: String,
        /// The version of the expression language; only 1 exists.
        language_version: u32,
    },
}

impl Credential {
    /// The first audience, which is the only one that counts.
    pub fn audience(&self) -> Option<&str> {
        self.audiences.first().map(String::as_str)
    }

    /// Whether this credential accepts a token with these claims: issuer, subject or expression,
    /// and audience.
    ///
    /// # Errors
    /// When the credential's expression cannot be parsed.
    pub fn matches(&self, claims: &Claims) -> Result<bool, ExpressionError> {
        Ok(self.matcher.matches(claims)? && self.matches_issuer(claims) && self.matches_audience(claims))
    }

    /// Whether the token's `iss` is this credential's issuer.
    pub fn matches_issuer(&self, claims: &Claims) -> bool {
        claims.iss.as_deref() == Some(self.issuer.as_str())
    }

    /// Whether the token's `aud` is this credential's audience.
    ///
    /// A token with several audiences (RFC 7519 §4.1.3) matches none, because Entra is not known to
    /// accept one.
    pub fn matches_audience(&self, claims: &Claims) -> bool {
        matches!((self.audience(), claims.aud.as_slice()), (Some(wanted), [presented]) if wanted == presented)
    }
}

impl Matcher {
    /// Whether the claims have this subject or satisfy this expression.
    ///
    /// # Errors
    /// When the expression cannot be parsed.
    pub fn matches(&self, claims: &Claims) -> Result<bool, ExpressionError> {
        match self {
            Self::Subject(subject) => Ok(claims.sub.as_deref() == Some(subject.as_str())),
            Self::Expression { .. } => Ok(self.expression().transpose()?.is_some_and(|parsed| parsed.evaluate(claims))),
        }
    }

    /// The parsed expression, if this is an expression.
    pub fn expression(&self) -> Option<Result<expression::Expression, ExpressionError>> {
        match self {
            Self::Subject(_) => None,
            Self::Expression { value, language_version } => Some(expression::parse_version(value, *language_version)),
        }
    }

    /// The subject, if this is a subject.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Subject(subject) => Some(subject),
            Self::Expression { .. } => None,
        }
    }

    /// The subject or the expression, as written.
    pub fn text(&self) -> &str {
        match self {
            Self::Subject(text) | Self::Expression { value: text, .. } => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::presented;
    use super::*;

    const ISSUER: &str = "https://token.actions.githubusercontent.com";
    const SUBJECT: &str = "repo:acme/web:ref:refs/heads/main";
    const AUDIENCE: &str = "api://AzureADTokenExchange";

    fn credential(matcher: Matcher) -> Credential {
        let (name, issuer) = ("main".to_owned(), ISSUER.to_owned());
        Credential {
            name,
            issuer,
            matcher,
            audiences: vec![AUDIENCE.to_owned()],
            description: None,
            application: None,
            identity: None,
        }
    }

    fn exact() -> Credential {
        credential(Matcher::Subject(SUBJECT.to_owned()))
    }

    fn accepts(credential: &Credential, iss: &str, sub: &str, aud: &[&str]) -> bool {
        credential.matches(presented(iss, sub, aud).claims()).unwrap()
    }

    #[test]
    fn a_token_is_accepted_only_when_every_byte_matches() {
        assert!(accepts(&exact(), ISSUER, SUBJECT, &[AUDIENCE]));
        let near_misses = [
            ("https://token.actions.githubusercontent.com/", SUBJECT, AUDIENCE),
            ("https://Token.actions.githubusercontent.com", SUBJECT, AUDIENCE),
            (ISSUER, "repo:Acme/web:ref:refs/heads/main", AUDIENCE),
            (ISSUER, "repo:acme/web:ref:refs/heads/main ", AUDIENCE),
            (ISSUER, "repo:acme/web:ref:refs/heads/mai", AUDIENCE),
            (ISSUER, SUBJECT, "api://azureadtokenexchange"),
            (ISSUER, SUBJECT, "fb60f99c-7a34-4190-8149-302f77469936"),
        ];
        for (iss, sub, aud) in near_misses {
            assert!(!accepts(&exact(), iss, sub, &[aud]), "{iss} {sub} {aud}");
        }
    }

    #[test]
    fn a_star_in_an_exact_subject_is_no_wildcard() {
        let credential = credential(Matcher::Subject("repo:acme/web:*".to_owned()));
        assert!(!accepts(&credential, ISSUER, SUBJECT, &[AUDIENCE]));
        assert!(accepts(&credential, ISSUER, "repo:acme/web:*", &[AUDIENCE]));
    }

    #[test]
    fn only_the_first_audience_counts_and_a_token_with_several_matches_none() {
        let mut two = exact();
        two.audiences.push("other".to_owned());
        assert!(accepts(&two, ISSUER, SUBJECT, &[AUDIENCE]));
        assert!(!accepts(&two, ISSUER, SUBJECT, &["other"]));
        assert!(!accepts(&two, ISSUER, SUBJECT, &[AUDIENCE, "other"]));
        two.audiences.clear();
        assert!(!accepts(&two, ISSUER, SUBJECT, &[AUDIENCE]));
    }

    #[test]
    fn a_flexible_credential_still_needs_its_issuer_and_audience() {
        let value = "claims['sub'] matches 'repo:acme/*'".to_owned();
        let credential = credential(Matcher::Expression { value, language_version: 1 });
        assert!(accepts(&credential, ISSUER, SUBJECT, &[AUDIENCE]));
        assert!(!accepts(&credential, "https://gitlab.com", SUBJECT, &[AUDIENCE]));
        assert!(!accepts(&credential, ISSUER, SUBJECT, &["other"]));
        assert!(!accepts(&credential, ISSUER, "repo:other/web", &[AUDIENCE]));
    }

    #[test]
    fn an_expression_of_an_unknown_version_is_an_error() {
        let matcher = Matcher::Expression { value: "claims['sub'] eq 'a'".to_owned(), language_version: 2 };
        let error = matcher.matches(presented(ISSUER, "a", &[AUDIENCE]).claims()).unwrap_err();
        assert_eq!(error.code, "expression-version-unknown");
    }
}
