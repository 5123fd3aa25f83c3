//! The Azure clouds: sign-in hosts, audiences, and the short names of resources.

/// One Azure cloud.
#[derive(Debug, PartialEq, Eq)]
pub struct Cloud {
    /// The name for `--cloud`.
    pub name: &'static str,
    /// The names in `ARM_ENVIRONMENT` and `AZURE_ENVIRONMENT`, in lower case; the first one is
    /// that of Terraform's providers.
    pub environments: &'static [&'static str],
    /// The name for people.
    pub title: &'static str,
    /// The host names of its sign-in service. The first one is the default, as in Azure's own
    /// tools.
    pub authority_hosts: &'static [&'static str],
    /// The usual audience of a federated identity credential. Not known for some sovereign clouds.
    pub exchange_audience: Option<&'static str>,
    /// The short names of resources, and their identifiers without `/.default`.
    pub resources: &'static [(&'static str, &'static str)],
    /// The scopes of Azure Resource Manager, as tools write them; the first is that of its short
    /// name. It takes a token for any of them.
    pub management: &'static [&'static str],
    /// How the host names of its container registries end, with the first dot; empty where that is
    /// not known.
    pub registries: &'static str,
}

impl Cloud {
    /// The cloud of this name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        CLOUDS.iter().find(|cloud| cloud.name == name)
    }

    /// The cloud of this name, or with this name in the variables of Terraform's providers and of
    /// the Azure SDKs. They ignore the case of letters.
    pub fn named(text: &str) -> Option<&'static Self> {
        let text = text.trim().to_ascii_lowercase();
        CLOUDS.iter().find(|cloud| cloud.name == text || cloud.environments.contains(&text.as_str()))
    }

    /// The cloud with this sign-in host.
    pub fn by_authority_host(host: &str) -> Option<&'static Self> {
        CLOUDS.iter().find(|cloud| cloud.authority_hosts.contains(&host))
    }

    /// The identifier of a resource by its short name.
    pub fn resource(&self, short: &str) -> Option<&'static str> {
        self.resources.iter().find(|(name, _)| *name == short).map(|(_, id)| *id)
    }

    /// The usual scope of Azure Resource Manager, if this is one of its scopes.
    pub fn management(&self, scope: &str) -> Option<&'static str> {
        self.management.iter().find(|one| **one == scope).and(self.management.first()).copied()
    }

    /// The cloud with this exchange audience.
    pub fn by_exchange_audience(audience: &str) -> Option<&'static Self> {
        CLOUDS.iter().find(|cloud| cloud.exchange_audience == Some(audience))
    }

    /// The default audience: the cloud's, or the public cloud's where that is not known.
    pub fn usual_audience(&self) -> &'static str {
        self.exchange_audience.or(PUBLIC.exchange_audience).unwrap_or_default()
    }
}

/// Container registries of every cloud accept a token for this resource, and those of a cloud's
/// Resource Manager only while a policy allows them.
pub const ACR: &str = "https://containerregistry.azure.net";
/// Clusters of AKS, in every cloud.
pub const AKS: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";
/// Azure DevOps, which exists in the public cloud only.
pub const DEVOPS: &str = "499b84ac-1321-427f-aa17-267ca6975798";

/// The default cloud.
pub const PUBLIC: &Cloud = &CLOUDS[0];

/// All known clouds. An authority of another cloud works with full scopes.
pub const CLOUDS: &[Cloud] = &[
    Cloud {
        name: "public",
        environments: &["public", "azurecloud", "azurepubliccloud", "global"],
        title: "Azure (public)",
        authority_hosts: &["login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"],
        exchange_audience: Some("api://AzureADTokenExchange"),
        resources: &[
            ("arm", "https://management.azure.com"),
            ("graph", "https://graph.microsoft.com"),
            ("storage", "https://storage.azure.com"),
            ("keyvault", "https://vault.azure.net"),
            ("acr", ACR),
            ("sql", "https://database.windows.net"),
            ("devops", DEVOPS),
            ("aks", AKS),
            ("postgres", "https://ossrdbms-aad.database.windows.net"),
            ("mysql", "https://ossrdbms-aad.database.windows.net"),
            ("redis", "https://redis.azure.com"),
        ],
        management: &[
            "https://management.azure.com/.default",
            "https://management.azure.com//.default",
            "https://management.core.windows.net/.default",
            "https://management.core.windows.net//.default",
        ],
        registries: ".azurecr.io",
    },
    Cloud {
        name: "usgov",
        environments: &[
            "usgovernment",
            "azureusgovernment",
            "azureusgovernmentcloud",
            "usgovernmentl4",
            "usgovernmentl5",
            "dod",
        ],
        title: "Azure US Government",
        authority_hosts: &["login.microsoftonline.us", "login.usgovcloudapi.net"],
        exchange_audience: Some("api://AzureADTokenExchangeUSGov"),
        resources: &[
            ("arm", "https://management.usgovcloudapi.net"),
            ("graph", "https://graph.microsoft.us"),
            ("storage", "https://storage.azure.com"),
            ("keyvault", "https://vault.usgovcloudapi.net"),
            ("acr", ACR),
            ("sql", "https://database.usgovcloudapi.net"),
            ("aks", AKS),
            ("postgres", "https://ossrdbms-aad.database.usgovcloudapi.net"),
            ("mysql", "https://ossrdbms-aad.database.usgovcloudapi.net"),
        ],
        management: &[
            "https://management.usgovcloudapi.net/.default",
            "https://management.usgovcloudapi.net//.default",
            "https://management.core.usgovcloudapi.net/.default",
            "https://management.core.usgovcloudapi.net//.default",
        ],
        registries: ".azurecr.us",
    },
    Cloud {
        name: "china",
        environments: &["china", "azurechinacloud"],
        title: "Azure operated by 21Vianet",
        authority_hosts: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
        exchange_audience: Some("api://AzureADTokenExchangeChina"),
        resources: &[
            ("arm", "https://management.chinacloudapi.cn"),
            ("graph", "https://microsoftgraph.chinacloudapi.cn"),
            ("storage", "https://storage.azure.com"),
            ("keyvault", "https://vault.azure.cn"),
            ("acr", ACR),
            ("sql", "https://database.chinacloudapi.cn"),
            ("aks", AKS),
            ("postgres", "https://ossrdbms-aad.database.chinacloudapi.cn"),
            ("mysql", "https://ossrdbms-aad.database.chinacloudapi.cn"),
        ],
        management: &[
            "https://management.chinacloudapi.cn/.default",
            "https://management.chinacloudapi.cn//.default",
            "https://management.core.chinacloudapi.cn/.default",
            "https://management.core.chinacloudapi.cn//.default",
        ],
        registries: ".azurecr.cn",
    },
    Cloud {
        name: "france",
        environments: &[],
        title: "Bleu (France)",
        authority_hosts: &["login.sovcloud-identity.fr"],
        exchange_audience: Some("api://AzureADTokenExchangeFrance"),
        resources: &[],
        management: &[],
        registries: "",
    },
    Cloud {
        name: "germany",
        environments: &[],
        title: "Delos (Germany)",
        authority_hosts: &["login.sovcloud-identity.de"],
        exchange_audience: Some("api://AzureADTokenExchangeGermany"),
        resources: &[],
        management: &[],
        registries: "",
    },
    Cloud {
        name: "singapore",
        environments: &[],
        title: "Singapore government",
        authority_hosts: &["login.sovcloud-identity.sg"],
        exchange_audience: None,
        resources: &[],
        management: &[],
        registries: "",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_public_cloud() {
        assert_eq!(PUBLIC.name, "public");
        assert_eq!(PUBLIC.resource("arm"), Some("https://management.azure.com"));
    }

    #[test]
    fn a_cloud_has_the_names_that_other_tools_give_it() {
        for (text, name) in [
            ("public", "public"),
            ("AzureCloud", "public"),
            ("usgovernment", "usgov"),
            ("AzureUSGovernment", "usgov"),
            ("usgov", "usgov"),
            (" China ", "china"),
            ("AzureChinaCloud", "china"),
        ] {
            assert_eq!(Cloud::named(text).map(|cloud| cloud.name), Some(name), "{text}");
        }
        // The cloud that was closed in 2021 is not the one of today.
        for text in ["german", "AzureGermanCloud", "prod", ""] {
            assert_eq!(Cloud::named(text), None, "{text}");
        }
    }

    #[test]
    fn clouds_share_no_sign_in_host_and_no_audience() {
        for (i, a) in CLOUDS.iter().enumerate() {
            for b in &CLOUDS[i + 1..] {
                assert!(
                    a.authority_hosts.iter().all(|host| !b.authority_hosts.contains(host)),
                    "{} {}",
                    a.name,
                    b.name
                );
                assert!(a.exchange_audience.is_none() || a.exchange_audience != b.exchange_audience);
            }
        }
    }
}
