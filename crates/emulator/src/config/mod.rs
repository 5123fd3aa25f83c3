//! What the emulator plays: one TOML file, read strictly, so that a misspelt key is an error and not a silence.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::faults::Rule;

mod check;

pub(crate) use check::is_guid;

/// The configuration that is used when none is given, with a comment for every key.
pub const DEFAULT: &str = include_str!("default.toml");

/// What the emulator plays.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The port; 0 lets the system pick one.
    pub port: u16,
    /// The address to listen on. With the loopback address of IPv4, that of IPv6 is used too where there is one.
    pub listen: IpAddr,
    /// Names for the certificate; the first stands in the URLs.
    pub hostnames: Vec<String>,
    /// By how many seconds clocks may differ.
    pub clock_skew_seconds: i64,
    /// The tenants.
    #[serde(rename = "tenant")]
    pub tenants: Vec<Tenant>,
    /// The CI systems.
    #[serde(rename = "issuer")]
    pub issuers: Vec<Issuer>,
    /// Faults that are in force from the start.
    #[serde(rename = "fault")]
    pub faults: Vec<Rule>,
}

/// A tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its GUID.
    pub id: String,
    /// Verified domains, which may stand in a URL in place of the id.
    #[serde(default)]
    pub domains: Vec<String>,
    /// How its errors look.
    #[serde(default)]
    pub style: Style,
    /// The cloud it is in, by the name that azure-oidc uses.
    #[serde(default = "public")]
    pub cloud: String,
    /// `expires_in` of its access tokens.
    #[serde(default = "access_token_seconds")]
    pub access_token_seconds: i64,
    /// GitHub enterprises whose tokens alone it takes; empty: all.
    #[serde(default)]
    pub github_enterprises: Vec<String>,
    /// Resources beside those of the cloud.
    #[serde(default, rename = "resource")]
    pub resources: Vec<Resource>,
    /// Its applications and managed identities.
    #[serde(default, rename = "application")]
    pub applications: Vec<Application>,
}

/// How errors look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Style {
    /// As since 2024: a code for each mismatch, 401 `invalid_client`, one space before the trace block.
    #[default]
    #[serde(rename = "2024")]
    Of2024,
    /// As until 2023: AADSTS70021 for every mismatch, 400 `invalid_request`, line breaks before the trace block.
    #[serde(rename = "legacy")]
    Legacy,
}

/// Something that access tokens are for.
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
    /// Which of the two it is.
    #[serde(default)]
    pub kind: Kind,
    /// Whether it may sign in at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether it has a service principal in the tenant.
    #[serde(default = "yes")]
    pub service_principal: bool,
    /// The object id of its service principal, `oid` in its tokens. Unset: made from the client id.
    #[serde(default)]
    pub object_id: Option<String>,
    /// Federated identity credentials written here.
    #[serde(default, rename = "credential")]
    pub credentials: Vec<Credential>,
    /// A file with more of them, in any form that Azure's tools print; relative to the configuration.
    #[serde(default)]
    pub credentials_file: Option<String>,
    /// What that file holds.
    #[serde(skip)]
    pub(crate) credentials_json: Option<String>,
}

/// Applications and managed identities differ in what their access tokens say.
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
    /// Its issuer; `${issuer.NAME}` in it stands for the URL of an emulated one.
    pub issuer: String,
    /// The subject it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Or the expression that chooses tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims_matching_expression: Option<Expression>,
    /// Its audience, in a list of one.
    pub audiences: Vec<String>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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

/// A CI system that issues ID tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Its name here, in paths and commands.
    pub name: String,
    /// The platform whose tokens it makes.
    #[serde(default = "generic")]
    pub platform: String,
    /// `iss` of its tokens. Unset: a URL of the emulator.
    #[serde(default)]
    pub url: Option<String>,
    /// Claims in place of, or beside, those of the platform's sample.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Seconds from `iat` to `exp`. Unset: as the platform does it.
    #[serde(default)]
    pub lifetime_seconds: Option<i64>,
    /// The key that signs.
    #[serde(default = "signing_key")]
    pub signs_with: String,
    /// The keys in its key set.
    #[serde(default = "published_keys")]
    pub publishes: Vec<String>,
    /// A file with the keys of a true issuer, whose tokens are then taken; relative to the configuration.
    #[serde(default)]
    pub jwks_file: Option<String>,
    /// What that file holds.
    #[serde(skip)]
    pub(crate) jwks_json: Option<String>,
}

impl Config {
    /// Reads a configuration. Files that it names are read relative to `directory`.
    ///
    /// # Errors
    ///
    /// When the text isn't TOML, has a key that isn't known (the message shows the line), or says something that can't be.
    pub fn parse(text: &str, directory: &Path) -> Result<Self, Fault> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            Fault::new(
                Category::Usage,
                "config-invalid",
                format!("the configuration can't be read: {}", error.to_string().trim_end()),
            )
            .hint("`azure-oidc-emulator config` prints one with every key explained")
        })?;
        config.read_files(directory)?;
        check::check(&config)?;
        Ok(config)
    }

    /// What [`DEFAULT`] says: a tenant with applications, and CI systems whose tokens they take.
    ///
    /// # Errors
    ///
    /// None that a caller could cause.
    pub fn sample() -> Result<Self, Fault> {
        Self::parse(DEFAULT, Path::new(""))
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    ///
    /// As for [`Config::parse`], and when the file can't be read.
    pub fn load(path: &Path) -> Result<Self, Fault> {
        Self::parse(&read(path)?, path.parent().unwrap_or(Path::new("")))
    }

    fn read_files(&mut self, directory: &Path) -> Result<(), Fault> {
        for application in self.tenants.iter_mut().flat_map(|tenant| &mut tenant.applications) {
            if let Some(file) = &application.credentials_file {
                application.credentials_json = Some(read(&directory.join(file))?);
            }
        }
        for issuer in &mut self.issuers {
            if let Some(file) = &issuer.jwks_file {
                issuer.jwks_json = Some(read(&directory.join(file))?);
            }
        }
        Ok(())
    }
}

impl Default for Config {
    /// Listens on loopback, plays nothing; see [`Config::sample`] for something to play with.
    fn default() -> Self {
        Self {
            port: 0,
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            hostnames: vec!["localhost".to_owned()],
            clock_skew_seconds: 300,
            tenants: Vec::new(),
            issuers: Vec::new(),
            faults: Vec::new(),
        }
    }
}

fn read(path: &Path) -> Result<String, Fault> {
    std::fs::read_to_string(path).map_err(|error| {
        Fault::new(Category::Usage, "file-unreadable", format!("`{}` can't be read: {error}", path.display()))
    })
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
