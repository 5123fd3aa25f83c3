//! The request of an HTTP caller, and the answer to every caller.

use azure_oidc_core::Secret;
use azure_oidc_core::exchange::AccessToken as Traded;
use azure_oidc_core::shell::Shell;
use serde::{Deserialize, Serialize};

use super::order::Order;
use crate::json::{self, Audience};

/// The body of `POST /v1/exchange`. The ID token is the bearer token of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Body {
    /// One of the clients that the service is configured for; may be absent when there is one only.
    pub client_id: Option<String>,
    /// One access token for each, among the scopes that the service is configured for; the first of
    /// them when absent or empty. `arm`, `graph`, `storage`, `keyvault`, `acr`, `sql`, `devops`,
    /// `aks`, `postgres`, `mysql` and `redis` are short for their scopes.
    pub scopes: Option<Vec<String>>,
    /// The shell that the commands in the hints of a failure are for.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = crate::schema::shells(), "default" = "bash")))]
    pub shell: Option<Shell>,
}

/// The access tokens and what they were traded for. Holds secrets.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// `aud` of the ID token: a list where the token has one.
    pub audience: Audience,
    /// The application or managed identity.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = json::GUID)))]
    pub client_id: String,
    /// `iss` of the ID token.
    pub issuer: Option<String>,
    /// Name of a CI platform. Names are added, never changed.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = crate::schema::platforms())))]
    pub platform: &'static str,
    /// `sub` of the ID token.
    pub subject: Option<String>,
    /// The tenant, as it was given: a GUID or a domain.
    pub tenant_id: String,
    /// One for each scope, in the order of the scopes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub tokens: Vec<AccessToken>,
}

/// An access token and what it is for.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccessToken {
    /// The token. A secret.
    #[serde(serialize_with = "json::revealed")]
    #[cfg_attr(feature = "schema", schemars(with = "String", length(min = 1)))]
    pub access_token: Secret,
    /// When it ends, in RFC 3339.
    #[serde(serialize_with = "json::time")]
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = json::RFC_3339)))]
    pub expires_on: i64,
    /// What it is for, in full.
    pub scope: String,
    /// Normally `Bearer`.
    pub token_type: String,
}

impl Answer {
    /// These access tokens, for the ID token of this order.
    pub(super) fn new(order: &Order<'_>, tokens: Vec<Traded>) -> Self {
        let claims = order.token.claims();
        Self {
            audience: claims.into(),
            client_id: order.settings.client_id.as_str().to_owned(),
            issuer: claims.iss.clone(),
            platform: order.platform,
            subject: claims.sub.clone(),
            tenant_id: order.settings.tenant.as_str().to_owned(),
            tokens: tokens.into_iter().map(AccessToken::from).collect(),
        }
    }
}

impl From<Traded> for AccessToken {
    fn from(token: Traded) -> Self {
        Self {
            access_token: token.token,
            expires_on: token.expires_on,
            scope: token.scope.value,
            token_type: token.token_type,
        }
    }
}
