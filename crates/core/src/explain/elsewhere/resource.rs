//! Errors of Azure Resource Manager and of resources, after a sign-in.

use super::words::{Known, known};
use super::{Signal, named};
use crate::catalogue::{Meaning, Retry};
use crate::explain::facts::guid;

/// Refusals of the contents of a resource, which only the holder of an access token can have. The
/// first that fits is told.
pub(super) const SIGNED_IN: &[Known] = &[
    known(
        "storage-role-missing",
        &[&[
            "authorizationpermissionmismatch",
            "not authorized to perform this operation using this permission",
            "you do not have the required permissions needed to perform this operation",
        ]],
        "a role for the data of the storage account is missing",
        "The sign-in worked. Roles such as Owner and Contributor manage a storage account and do not let their holders read or write \
         its data with an access token. A role that was assigned moments ago takes some minutes to take effect",
        "give the identity a role for the data, such as Storage Blob Data Contributor to write blobs (Storage Blob Data Reader to read): \
         `az role assignment create --assignee \"${AZURE_CLIENT_ID:?}\" --role 'Storage Blob Data Contributor' --scope \"$(az storage \
         account show --name \"${STORAGE_ACCOUNT:?}\" --query id --output tsv)\"`",
    ),
    known(
        "key-vault-tenant",
        &[&["akv10032", "akv10022"]],
        "Key Vault does not accept the access token",
        "The sign-in worked, but the vault belongs to another tenant than the access token, or the token is for another resource than \
         Key Vault",
        "use the tenant id of the vault's subscription, and the scope `https://vault.azure.net/.default`",
    ),
    known(
        "key-vault-firewall",
        &[&[
            "forbiddenbyfirewall",
            "forbiddenbyconnection",
            "client address is not authorized and caller is not a trusted service",
        ]],
        "Key Vault's firewall blocks the job",
        "The sign-in worked: Entra accepted the ID token. The vault does not accept connections from the address of this runner",
        "add the runner's address to the vault's network rules, or use a runner inside its network; a vault without public network \
         access needs the second",
    ),
];

/// The first that fits is told.
pub(super) const AFTER: &[Known] = &[
    known(
        "no-subscriptions",
        &[&[
            "no subscriptions found for ",
            "error: no subscriptions found",
            "\nno subscriptions found",
            "error: no subscription found",
            "\nno subscription found",
            "doesn't contain any subscription",
            "please run 'az login' to setup account with subscription",
        ]],
        "the identity sees no subscription",
        "The sign-in worked, and Azure Resource Manager returned no subscription. The identity has no role on a subscription of \
         this tenant, the subscription belongs to another tenant, or a role that was assigned moments ago has no effect yet. Azure \
         Resource Manager also returns an empty list now and then to an identity that has a role",
        "if the same job has worked before, run it again; otherwise give the identity a role: `az role assignment create --assignee \
         \"${AZURE_CLIENT_ID:?}\" --role Reader --scope \"/subscriptions/${AZURE_SUBSCRIPTION_ID:?}\"`; a job that needs no \
         subscription signs in with `az login --allow-no-subscriptions` (`allow-no-subscriptions: true` of azure/login)",
    ),
    known(
        "subscription-not-found",
        &[
            &["the subscription of '", "subscription '", "subscriptionnotfound"],
            &["doesn't exist in cloud", "' not found. check the spelling and casing", "subscriptionnotfound"],
        ],
        "the identity does not see this subscription",
        "The sign-in worked. The id of the subscription is empty or wrong, the subscription belongs to another tenant or cloud, or the \
         identity has no role on it",
        "check the id, the tenant and the cloud of the subscription; if they are right, give the identity a role on it: `az role \
         assignment create --assignee \"${AZURE_CLIENT_ID:?}\" --role Reader --scope \"/subscriptions/${AZURE_SUBSCRIPTION_ID:?}\"`",
    ),
    known(
        "key-vault-forbidden",
        &[
            &["vault.azure", "key vault", "keyvault", "forbiddenbypolicy", "microsoft.keyvault"],
            &[
                "forbiddenbypolicy",
                "status 403",
                "status code 403",
                "statuscode=403",
                "403 forbidden",
                "403 (forbidden)",
                "(forbidden)",
                "http 403",
            ],
        ],
        "the identity may not read this vault",
        "The sign-in worked: Entra accepted the ID token. The identity has no role, or no access policy, on the vault",
        "give the identity a role on the vault: `az role assignment create --assignee \"${AZURE_CLIENT_ID:?}\" --role 'Key Vault Secrets \
         User' --scope \"$(az keyvault show --name \"${VAULT:?}\" --query id --output tsv)\"`; on a vault with access policies, where \
         roles have no effect, `az keyvault set-policy --name \"${VAULT:?}\" --spn \"${AZURE_CLIENT_ID:?}\" --secret-permissions get`",
    ),
    known(
        "InvalidAuthenticationTokenAudience",
        &[&["invalidauthenticationtokenaudience", "has been obtained for wrong audience or resource"]],
        "the access token is for another resource",
        "Azure Resource Manager got a token whose audience is not its own. A token for the audience `api://AzureADTokenExchange` is no \
         access token: Entra exchanges it for one",
        "get the access token for an audience in the message, in the public cloud with the scope \
         `https://management.azure.com/.default`; `azure-oidc exchange` gets one for an ID token",
    ),
    known(
        "ExpiredAuthenticationToken",
        &[&["expiredauthenticationtoken", "the access token expiry utc time '"]],
        "the access token has expired",
        "The sign-in worked, and the access token from it has expired since: the job ran for longer than the token lives, or the tool \
         used a stored one",
        "run the tool with `azure-oidc exec -- COMMAND`, which gives it new access tokens while it runs; or sign in again right before \
         the step",
    ),
    known(
        "registry-firewall",
        &[
            &["client with ip", "aka.ms/acr/firewall", "connectivity_forbidden_error"],
            &["is not allowed access", "aka.ms/acr/"],
        ],
        "the container registry's firewall blocks the job",
        "The refusal comes from the registry and not from Entra: the registry does not accept connections from the address of this \
         runner. No role helps",
        "add the runner's address to the registry's network rules, or use a runner inside its network; a registry without public network \
         access needs the second",
    ),
    known(
        "registry-forbids-cluster",
        &[
            REGISTRY,
            &["kubelet", "imagepullbackoff", "errimagepull"],
            &["unauthorized", "403 forbidden", "denied: requested access"],
        ],
        "the container registry refuses the cluster",
        "The refusal comes from the registry and not from Entra. A node of the cluster pulls the image with the identity of its kubelet, \
         and not with the identity of the job",
        "let the cluster pull from the registry: `az aks update --name \"${CLUSTER:?}\" --resource-group \"${GROUP:?}\" --attach-acr \
         \"${REGISTRY:?}\"`, or give its kubelet identity the role AcrPull",
    ),
    REGISTRY_FORBIDDEN,
    // Docker names the registry in the line before.
    Known {
        words: &[REGISTRY, &["denied: requested access", "unauthorized: authentication required"]],
        lines: 2,
        in_order: true,
        ..REGISTRY_FORBIDDEN
    },
];

/// The names of Azure's container registries. Others refuse with the same words.
const REGISTRY: &[&str] =
    &["azurecr.io", "azurecr.us", "azurecr.cn", "acr login", "azure container registry", "aka.ms/acr/authorization"];

const REGISTRY_FORBIDDEN: Known = Known {
    // Docker Hub refuses with the same words, and a name there can end like a registry's.
    without: &["docker.io/"],
    ..known(
        "registry-forbidden",
        &[
            REGISTRY,
            &["unauthorized", "denied: requested access", "\"code\":\"denied\"", "was denied. response code: 401"],
        ],
        "the container registry refuses the identity",
        "The refusal comes from the registry and not from Entra. If the sign-in before it worked, the identity has no role on the \
     registry",
        "give the identity a role on the registry, AcrPull to pull and AcrPush to push: `az role assignment create --assignee \
     \"${AZURE_CLIENT_ID:?}\" --role AcrPush --scope \"$(az acr show --name \"${REGISTRY:?}\" --query id --output tsv)\"`",
    )
};

/// `InvalidAuthenticationTokenTenant`: the access token is of another tenant than the subscription.
pub(super) fn wrong_tenant(text: &str) -> Option<Signal> {
    const CODE: &str = "InvalidAuthenticationTokenTenant";
    let at = text.find(CODE).or_else(|| text.find("access token is from the wrong issuer"))?;
    let near = &text[..text.floor_char_boundary(at.saturating_add(2_000))];
    let tenant = near.split_once("must match").and_then(|(_, rest)| guid(rest.split_once("sts.windows.net/")?.1));
    let meaning = Meaning {
        name: "the access token is of another tenant than the subscription",
        cause: "The sign-in worked, but in another tenant than the one that the subscription belongs to",
        remedy: "set the tenant id to that of the subscription: `az account show --query tenantId` shows it to a person with access",
        retry: Retry::Never,
    };
    let hint = match &tenant {
        Some(tenant) => {
            format!(
                "sign in to the subscription's tenant: set AZURE_TENANT_ID to `{tenant}`, with an application and a credential there"
            )
        }
        None => meaning.remedy.to_owned(),
    };
    let facts = tenant.map(|tenant| ("tenant", tenant)).into_iter().collect();
    Some(named(CODE.to_owned(), meaning, vec![hint], facts, at))
}
