//! The types of a configuration.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::injections::Injection;

/// A configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The port; 0 lets the system pick one.
    pub port: u16,
    /// The address to listen on. 127.0.0.1 includes ::1 if the system has it.
    pub listen: IpAddr,
    /// Names for the certificate; the URLs contain the first.
    pub hostnames: Vec<String>,
    /// By how many seconds clocks may differ.
    pub clock_skew_seconds: i64,
    /// The tenants.
    #[serde(rename = "tenant")]
    pub tenants: Vec<Tenant>,
    /// Container registries that do not belong to the first tenant.
    #[serde(rename = "registry")]
    pub registries: Vec<Registry>,
    /// The CI systems.
    #[serde(rename = "issuer")]
    pub issuers: Vec<Issuer>,
    /// Injections that are active from the start.
    #[serde(rename = "injection", alias = "fault")]
    pub injections: Vec<Injection>,
}

/// A tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its GUID.
    pub id: String,
    /// Verified domains, which can replace the id in a URL.
    #[serde(default)]
    pub domains: Vec<String>,
    /// The form of its errors.
    #[serde(default)]
    pub style: Style,
    /// Its cloud, by the name that azure-oidc uses.
    #[serde(default = "public")]
    pub cloud: String,
    /// `expires_in` of its access tokens.
    #[serde(default = "access_token_seconds")]
    pub access_token_seconds: i64,
    /// The GitHub enterprises whose tokens it accepts; empty: all.
    #[serde(default)]
    pub github_enterprises: Vec<String>,
    /// Resources beside those of the cloud.
    #[serde(default, rename = "resource")]
    pub resources: Vec<Resource>,
    /// Its applications and managed identities.
    #[serde(default, rename = "application")]
    pub applications: Vec<Application>,
}

/// The form of errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Style {
    /// Since 2024: a code for each mismatch, 401 `invalid_client`, a space before the trace.
    #[default]
    #[serde(rename = "2024")]
    Of2024,
    /// Until 2023: AADSTS70021 for any mismatch, 400 `invalid_request`, the trace on new lines.
    #[serde(rename = "legacy")]
    Legacy,
}

/// An API that access tokens are for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its identifier, without `/.default`.
    pub id: String,
    /// The version of its access tokens: 1 or 2.
    #[serde(default = "token_version")]
    pub token_version: u8,
}

/// An application or a user-assigned managed identity.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// Its client id.
    pub client_id: String,
    /// Its display name.
    #[serde(default)]
    pub name: String,
    /// Whether it is an application or a managed identity.
    #[serde(default)]
    pub kind: Kind,
    /// Whether it may sign in.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether it has a service principal in the tenant.
    #[serde(default = "yes")]
    pub service_principal: bool,
    /// Object id of its service principal, `oid` in its tokens. Unset: from the client id.
    pub object_id: Option<String>,
    /// Its federated identity credentials.
    #[serde(default, rename = "credential")]
    pub credentials: Vec<Credential>,
    /// A file with more credentials, as Azure's tools print them; relative to the configuration.
    pub credentials_file: Option<String>,
    /// The content of that file.
    #[serde(skip)]
    pub(crate) credentials_json: Option<String>,
}

/// The access tokens of applications and managed identities have different claims.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An application.
    #[default]
    Application,
    /// A user-assigned managed identity.
    ManagedIdentity,
}

/// A federated identity credential, with the members of Microsoft Graph.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Credential {
    /// Its name.
    pub name: String,
    /// Its issuer. `${issuer.NAME}` stands for the URL of an emulated one.
    pub issuer: String,
    /// The subject that it matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Or the expression that matches tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims_matching_expression: Option<Expression>,
    /// A list with its one audience.
    pub audiences: Vec<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The expression of a flexible credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Expression {
    /// The expression.
    pub value: String,
    /// The version of its language.
    pub language_version: u32,
}

/// A container registry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Its host name, with the port if clients name one.
    pub host: String,
    /// The id of its tenant.
    pub tenant: String,
}

/// A CI system that issues ID tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Its name in paths and commands.
    pub name: String,
    /// The platform whose tokens it imitates.
    #[serde(default = "generic")]
    pub platform: String,
    /// `iss` of its tokens. Unset: a URL of the emulator.
    pub url: Option<String>,
    /// Claims that replace or extend those of the platform.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Seconds from `iat` to `exp`. Unset: as on the platform.
    pub lifetime_seconds: Option<i64>,
    /// The key that signs.
    #[serde(default = "signing_key")]
    pub signs_with: String,
    /// The keys in its key set.
    #[serde(default = "published_keys")]
    pub publishes: Vec<String>,
    /// A file with the keys of a real issuer, to accept its tokens; relative to the configuration.
    pub jwks_file: Option<String>,
    /// The content of that file.
    #[serde(skip)]
    pub(crate) jwks_json: Option<String>,
}

impl Default for Config {
    /// Listens on loopback and emulates nothing. [`Config::sample`] has tenants and issuers.
    fn default() -> Self {
        Self {
            port: 0,
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            hostnames: vec!["localhost".to_owned()],
            clock_skew_seconds: 300,
            tenants: Vec::new(),
            registries: Vec::new(),
            issuers: Vec::new(),
            injections: Vec::new(),
        }
    }
}

fn public() -> String {
    "public".to_owned()
}

fn generic() -> String {
    "generic".to_owned()
}

fn signing_key() -> String {
    "ci-1".to_owned()
}

fn published_keys() -> Vec<String> {
    vec![signing_key()]
}

const fn access_token_seconds() -> i64 {
    3599
}

const fn token_version() -> u8 {
    1
}

const fn yes() -> bool {
    true
}
