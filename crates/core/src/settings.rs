//! The settings of a job: the option and the variables that give each one.

use crate::fault::{Category, Fault};
use crate::ports::Env;

/// A setting and its names.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// The option, with its dashes.
    pub flag: &'static str,
    /// The variables; the first one that is set wins.
    pub variables: &'static [&'static str],
    /// The code of the fault when the setting is required and missing.
    pub missing: &'static str,
    /// The setting's name in that fault.
    pub what: &'static str,
}

/// The tenant.
pub const TENANT_ID: Setting = Setting {
    flag: "--tenant-id",
    variables: &["PLUGIN_TENANT_ID", "AZURE_TENANT_ID", "ARM_TENANT_ID"],
    missing: "tenant-id-missing",
    what: "tenant id",
};

/// The client id of the application or managed identity.
pub const CLIENT_ID: Setting = Setting {
    flag: "--client-id",
    variables: &["PLUGIN_CLIENT_ID", "AZURE_CLIENT_ID", "ARM_CLIENT_ID"],
    missing: "client-id-missing",
    what: "client id",
};

/// The scopes.
pub const SCOPE: Setting =
    Setting { flag: "--scope", variables: &["PLUGIN_SCOPE"], missing: "scope-missing", what: "scope" };

/// The sign-in service.
pub const AUTHORITY_HOST: Setting = Setting {
    flag: "--authority-host",
    variables: &["PLUGIN_AZURE_AUTHORITY_HOST", "AZURE_AUTHORITY_HOST"],
    missing: "authority-missing",
    what: "authority host",
};

/// How much is logged to standard error. `debug` and `trace` add requests and answers, never a
/// token. Any other value changes nothing.
pub const LOG_LEVEL: Setting =
    Setting { flag: "--log-level", variables: &["PLUGIN_LOG_LEVEL"], missing: "log-level-missing", what: "log level" };

/// The service's path for an exchange, the only job that needs the network and the service's
/// settings.
pub const SERVICE_EXCHANGE: &str = "/v1/exchange";

/// The variable with the scopes that callers of the service may request, separated by commas. The
/// default is Azure Resource Manager.
pub const SERVICE_SCOPES: &str = "AZURE_OIDC_SERVICE_SCOPES";

/// The variable with the origins whose pages may read the service's answers, as browsers write
/// them, separated by commas.
pub const SERVICE_CORS_ORIGINS: &str = "AZURE_OIDC_SERVICE_CORS_ORIGINS";

/// The variables that a host shows the service, besides [`ALL`].
pub const SERVICE: [&str; 2] = [SERVICE_SCOPES, SERVICE_CORS_ORIGINS];

/// All settings, whose variables a host shows every command that signs in.
pub const ALL: &[&Setting] = &[&TENANT_ID, &CLIENT_ID, &SCOPE, &AUTHORITY_HOST, &LOG_LEVEL];

/// A value and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The value.
    pub value: String,
    /// The option or variable that gave the value.
    pub named: &'static str,
}

impl Setting {
    /// The option's value, otherwise the first variable that is not empty.
    pub fn find(&self, flag: Option<&str>, env: &dyn Env) -> Option<Found> {
        if let Some(value) = flag {
            return Some(Found { value: value.to_owned(), named: self.flag });
        }
        self.variables.iter().find_map(|name| env.present(name).map(|value| Found { value, named: name }))
    }

    /// As [`find`](Self::find), or a fault that names every way to give the setting.
    pub fn require(&self, flag: Option<&str>, env: &dyn Env) -> Result<Found, Fault> {
        self.find(flag, env).filter(|found| !found.value.is_empty()).ok_or_else(|| {
            let variables: Vec<_> = self.variables.iter().map(|name| format!("`{name}`")).collect();
            Fault::new(Category::Usage, self.missing, format!("No {} was given", self.what)).hint(format!(
                "pass `{} VALUE`, or set one of {}; an empty variable counts as absent",
                self.flag,
                variables.join(", ")
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::fixed::Variables;

    #[test]
    fn an_option_wins_over_variables_and_variables_win_in_order() {
        let env = Variables::from([("AZURE_TENANT_ID", "azure"), ("ARM_TENANT_ID", "arm")]);
        let named = |flag| TENANT_ID.find(flag, &env).map(|found| (found.value, found.named));
        assert_eq!(named(Some("flag")), Some(("flag".into(), "--tenant-id")));
        assert_eq!(named(None), Some(("azure".into(), "AZURE_TENANT_ID")));
    }

    #[test]
    fn an_empty_variable_counts_as_absent() {
        let env = Variables::from([("PLUGIN_TENANT_ID", ""), ("ARM_TENANT_ID", "arm")]);
        assert_eq!(TENANT_ID.find(None, &env).unwrap().named, "ARM_TENANT_ID");
    }

    #[test]
    fn a_missing_setting_names_every_way_to_give_it() {
        let fault = TENANT_ID.require(None, &Variables::from([("PLUGIN_TENANT_ID", "")])).unwrap_err();
        assert_eq!(fault.code, "tenant-id-missing");
        for name in ["--tenant-id", "PLUGIN_TENANT_ID", "AZURE_TENANT_ID", "ARM_TENANT_ID"] {
            assert!(fault.hints[0].contains(name), "{name}");
        }
    }
}
