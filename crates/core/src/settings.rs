//! The settings of a job: the option and the variables that give each one.

use crate::fault::{Category, Fault};
use crate::platform::{REQUEST_TOKEN, REQUEST_URL};
use crate::ports::Env;

mod unread;
pub(crate) use unread::named_cloud;
pub use unread::{Chosen, Unread};

/// A setting and its names.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// The option, with its dashes.
    pub flag: &'static str,
    /// The variables; the first one that is set wins.
    pub variables: &'static [&'static str],
    /// Variables that a task of Azure Pipelines sets for its own script. They are read last, and
    /// nobody is told to set them.
    pub of_tasks: &'static [&'static str],
    /// The code of the fault when the setting is required and missing.
    pub missing: &'static str,
    /// The setting's name in that fault.
    pub what: &'static str,
}

/// The tenant.
pub const TENANT_ID: Setting = Setting {
    flag: "--tenant-id",
    variables: &["PLUGIN_TENANT_ID", "AZURE_TENANT_ID", "ARM_TENANT_ID"],
    of_tasks: &["AZURESUBSCRIPTION_TENANT_ID", "tenantId"],
    missing: "tenant-id-missing",
    what: "tenant id",
};

/// The client id of the application or managed identity.
pub const CLIENT_ID: Setting = Setting {
    flag: "--client-id",
    variables: &["PLUGIN_CLIENT_ID", "AZURE_CLIENT_ID", "ARM_CLIENT_ID"],
    of_tasks: &["AZURESUBSCRIPTION_CLIENT_ID", "servicePrincipalId"],
    missing: "client-id-missing",
    what: "client id",
};

/// The scopes.
pub const SCOPE: Setting =
    Setting { flag: "--scope", variables: &["PLUGIN_SCOPE"], of_tasks: &[], missing: "scope-missing", what: "scope" };

/// The sign-in service.
pub const AUTHORITY_HOST: Setting = Setting {
    flag: "--authority-host",
    variables: &["PLUGIN_AZURE_AUTHORITY_HOST", "AZURE_AUTHORITY_HOST"],
    of_tasks: &[],
    missing: "authority-missing",
    what: "authority host",
};

/// The cloud, as Terraform's providers and older Azure SDKs name it. A variable whose value names
/// no known cloud is not used; see [`Unread`].
pub const CLOUD: Setting = Setting {
    flag: "--cloud",
    variables: &["ARM_ENVIRONMENT", "AZURE_ENVIRONMENT"],
    of_tasks: &[],
    missing: "cloud-missing",
    what: "cloud",
};

/// The variables with the subscription. An exchange does not need it; it is handed on to Azure's
/// tools.
pub const SUBSCRIPTION_ID: [&str; 2] = ["AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID"];

/// The variable in which a client of Kubernetes tells its plugin what it wants.
pub const KUBERNETES_EXEC_INFO: &str = "KUBERNETES_EXEC_INFO";

/// The variables with the hosts that are reached without a proxy.
pub const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// How much is logged to standard error. `debug` and `trace` add requests and answers, never a
/// token. Any other value changes nothing.
pub const LOG_LEVEL: Setting = Setting {
    flag: "--log-level",
    variables: &["PLUGIN_LOG_LEVEL"],
    of_tasks: &[],
    missing: "log-level-missing",
    what: "log level",
};

/// The service's path for an exchange, the only job that needs the network and the service's
/// settings.
pub const SERVICE_EXCHANGE: &str = "/v1/exchange";

/// The service's path for its health. A host keeps room for it.
pub const SERVICE_LIVENESS: &str = "/healthz";

/// All paths of the service.
pub const SERVICE_ROUTES: [&str; 8] = [
    SERVICE_LIVENESS,
    "/openapi.json",
    "/v1/check",
    "/v1/inspect",
    "/v1/verify",
    "/v1/explain",
    "/v1/credential",
    SERVICE_EXCHANGE,
];

/// The variable with the scopes that callers of the service may request, separated by commas. The
/// default is Azure Resource Manager.
pub const SERVICE_SCOPES: &str = "AZURE_OIDC_SERVICE_SCOPES";

/// The variable with the origins whose pages may read the service's answers, as browsers write
/// them, separated by commas.
pub const SERVICE_CORS_ORIGINS: &str = "AZURE_OIDC_SERVICE_CORS_ORIGINS";

/// The variable with the issuers whose ID tokens the service trades, separated by commas. The
/// default is any.
pub const SERVICE_ISSUERS: &str = "AZURE_OIDC_ALLOWED_ISSUERS";

/// The variable that makes the service verify an ID token before it sends the token anywhere: with
/// the keys that the issuer publishes ([`DISCOVER`]), or with a JWK Set. The native host also takes
/// the name of a file with a JWK Set.
pub const SERVICE_VERIFY: &str = "AZURE_OIDC_VERIFY";

/// The value of [`SERVICE_VERIFY`] for the keys that the issuer publishes.
pub const DISCOVER: &str = "discover";

/// The variable with hosts of private networks from which the service may fetch the keys of an
/// issuer, separated by commas. The native host adds those of `--allow-host`.
pub const SERVICE_ALLOWED_HOSTS: &str = "AZURE_OIDC_ALLOWED_HOSTS";

/// The variables that a host shows the service, besides [`ALL`].
pub const SERVICE: [&str; 5] =
    [SERVICE_SCOPES, SERVICE_CORS_ORIGINS, SERVICE_ISSUERS, SERVICE_VERIFY, SERVICE_ALLOWED_HOSTS];

/// The entries of a variable that holds a list.
pub fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty())
}

/// All settings.
pub const ALL: &[&Setting] = &[&TENANT_ID, &CLIENT_ID, &SCOPE, &CLOUD, &AUTHORITY_HOST, &LOG_LEVEL];

/// The variables that a host shows every command that signs in.
pub fn shown() -> impl Iterator<Item = &'static str> {
    let unread = Unread::ALL.iter().map(|unread| unread.name);
    let pair = [REQUEST_URL, REQUEST_TOKEN];
    ALL.iter().flat_map(|setting| setting.names()).chain(SUBSCRIPTION_ID).chain(pair).chain(unread)
}

/// A value and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The value.
    pub value: String,
    /// The option or variable that gave the value.
    pub named: &'static str,
}

impl Setting {
    /// Every variable that is read, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.variables.iter().chain(self.of_tasks).copied()
    }

    /// The option's value, otherwise the first variable that is not empty.
    pub fn find(&self, flag: Option<&str>, env: &dyn Env) -> Option<Found> {
        if let Some(value) = flag {
            return Some(Found { value: value.to_owned(), named: self.flag });
        }
        self.names().find_map(|name| env.present(name).map(|value| Found { value, named: name }))
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
    fn the_variables_of_a_task_are_read_last_and_nobody_is_told_to_set_them() {
        let task = [("tenantId", "t"), ("servicePrincipalId", "c")];
        let found = |setting: &Setting, env: &Variables| setting.find(None, env).map(|found| found.named);
        assert_eq!(found(&TENANT_ID, &Variables::from(task)), Some("tenantId"));
        assert_eq!(found(&CLIENT_ID, &Variables::from(task)), Some("servicePrincipalId"));
        let subscription = [("AZURESUBSCRIPTION_CLIENT_ID", "c"), ("servicePrincipalId", "d")];
        assert_eq!(found(&CLIENT_ID, &Variables::from(subscription)), Some("AZURESUBSCRIPTION_CLIENT_ID"));
        let own = [("servicePrincipalId", "d"), ("ARM_CLIENT_ID", "c")];
        assert_eq!(found(&CLIENT_ID, &Variables::from(own)), Some("ARM_CLIENT_ID"));
        let fault = CLIENT_ID.require(None, &Variables::default()).unwrap_err();
        assert!(!fault.hints[0].contains("servicePrincipalId"), "{:?}", fault.hints);
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
