//! Which ID tokens the service trades: those of the listed issuers, with a good signature. A foreign
//! token is refused before anything is sent.

use azure_oidc_core::jwks::KeySet;
use azure_oidc_core::ports::{Env, Ports};
use azure_oidc_core::settings::{
    DISCOVER, SERVICE_ALLOWED_HOSTS, SERVICE_ISSUERS as ISSUERS, SERVICE_VERIFY as VERIFY, listed,
};
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault, Secret, issuer, jwks};

use crate::discovery;

/// What the host's variables demand of an ID token.
pub(super) struct Trust {
    /// The issuers; any if none.
    issuers: Option<String>,
    /// The source of the keys; the signature is not verified if none.
    keys: Option<Keys>,
}

enum Keys {
    /// The keys that the issuer publishes; these hosts of private networks may be asked.
    OfIssuer {
        allowed: Vec<String>,
    },
    Given(KeySet),
}

impl Trust {
    /// Reads the variables.
    ///
    /// # Errors
    /// When there is no usable key, when keys are to be fetched from any issuer (a caller could
    /// then make the service send requests anywhere), or from one that is not public.
    pub(super) fn read(env: &dyn Env) -> Result<Self, Fault> {
        let issuers = env.present(ISSUERS);
        let keys = match env.present(VERIFY) {
            None => None,
            Some(value) if value == DISCOVER && issuers.is_none() => {
                let message = format!("`{VERIFY}` is `{DISCOVER}`, and `{ISSUERS}` names no issuer");
                return Err(Fault::new(Category::Usage, "issuers-missing", message)
                    .hint(format!("set `{ISSUERS}` to the issuers of your CI systems, separated by commas")));
            }
            Some(value) if value == DISCOVER => {
                let allowed = env.present(SERVICE_ALLOWED_HOSTS).unwrap_or_default();
                let allowed: Vec<_> = listed(&allowed).map(ToOwned::to_owned).collect();
                for issuer in listed(issuers.as_deref().unwrap_or_default()) {
                    issuer::fetchable(issuer, &allowed)?;
                }
                Some(Keys::OfIssuer { allowed })
            }
            Some(value) => Some(Keys::Given(KeySet::parse(&value)?)),
        };
        Ok(Self { issuers, keys })
    }

    /// Checks the issuer, then the signature.
    pub(super) fn check(&self, token: &Secret, ports: Ports<'_>) -> Result<(), Fault> {
        if self.issuers.is_none() && self.keys.is_none() {
            return Ok(());
        }
        let token = Token::parse(token.reveal())?;
        let claims = token.claims();
        let is_listed =
            |issuers: &String| claims.iss.as_deref().is_some_and(|iss| listed(issuers).any(|one| one == iss));
        if !self.issuers.as_ref().is_none_or(is_listed) {
            let message = "This service does not trade ID tokens of this issuer";
            return Err(Fault::new(Category::Refused, "issuer-not-allowed", message));
        }
        let verified = match &self.keys {
            None => return Ok(()),
            Some(Keys::OfIssuer { allowed }) => jwks::verify(token.jws(), &discovery::keys(claims, allowed, ports)?),
            Some(Keys::Given(keys)) => jwks::verify(token.jws(), keys),
        };
        match verified.reason {
            None => Ok(()),
            Some(reason) => {
                let message = format!("The signature of the ID token is not good: {}", reason.sentence());
                Err(Fault::new(Category::IdToken, "signature-invalid", message))
            }
        }
    }
}
