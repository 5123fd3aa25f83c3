//! The configuration: one TOML file, in which a misspelt key is an error.

use std::path::Path;

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;

mod check;
mod settings;

pub use settings::{Application, Config, Credential, Expression, Issuer, Kind, Registry, Resource, Style, Tenant};

/// The default configuration, with a comment for every key.
pub const DEFAULT: &str = include_str!("config/default.toml");

impl Config {
    /// Reads a configuration. Files that it names are read relative to `directory`.
    ///
    /// # Errors
    ///
    /// When the text is not TOML, has an unknown key, or is contradictory.
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

    /// The configuration in [`DEFAULT`]: a tenant with applications, and CI systems.
    ///
    /// # Errors
    ///
    /// A caller cannot cause any.
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

    /// Gives every ID token and access token this life, in seconds, so that a test need not wait for
    /// an hour. With short ID tokens clocks may differ less: a token that has ended is refused soon.
    pub fn set_lives(&mut self, id_token: Option<i64>, access_token: Option<i64>) {
        for issuer in self.issuers.iter_mut().filter(|_| id_token.is_some()) {
            issuer.lifetime_seconds = id_token;
        }
        if let Some(life) = id_token {
            self.clock_skew_seconds = self.clock_skew_seconds.min(life / 10);
        }
        for tenant in &mut self.tenants {
            tenant.access_token_seconds = access_token.unwrap_or(tenant.access_token_seconds);
        }
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

fn read(path: &Path) -> Result<String, Fault> {
    std::fs::read_to_string(path).map_err(|error| {
        Fault::new(Category::Usage, "file-unreadable", format!("`{}` can't be read: {error}", path.display()))
    })
}
