//! AADSTS codes about tenants that restrict issuers, and about tokens that Entra itself issued.

use super::{Area, DOCUMENTED, Entry, Evidence, OBSERVED, THIRD_PARTY, Wording, unwritten};

const fn policy(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Federation, code, name, evidence)
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        template: "The identity must be a managed identity, a single tenant app, or a service account.",
        wording: Wording::Entra,
        cause: "The application is open to other tenants, which is not allowed with this issuer, as for new Azure DevOps service \
                connections",
        remedy: "use an application with `signInAudience` `AzureADMyOrg`",
        ..policy(70052, "a multi-tenant application is not allowed", DOCUMENTED)
    },
    Entry {
        template: "AAD-issued tokens may not be used for federated identity flows.",
        wording: Wording::Entra,
        cause: "Entra itself issued the token, and it is not allowed here: the credential is on a managed identity, or the token is \
                a user's",
        remedy: "use the CI platform's ID token",
        ..policy(700222, "a token from Entra is not allowed here", DOCUMENTED)
    },
    Entry {
        template: "Workload identity federation is constrained or disabled in this tenant.",
        cause: "A policy of the tenant disables or restricts workload identity federation",
        remedy: "ask the administrator of the tenant to allow federated identity credentials for this application",
        ..policy(700223, "federation is disabled in the tenant", DOCUMENTED)
    },
    Entry {
        template: "Only MSI tokens may be used as Federated Identity Credentials for AAD issuer.",
        wording: Wording::Entra,
        cause: "Entra issued the token to an application, not to a managed identity",
        remedy: "use the token of a user-assigned managed identity",
        ..policy(700226, "only a managed identity's token is allowed", OBSERVED)
    },
    Entry {
        template: "Forbidden token audience.",
        wording: Wording::Entra,
        cause: "Entra issued the token for another audience than the token exchange, often with an issuer on `sts.windows.net`",
        remedy: "request the managed identity's token for the exchange URI, in the public cloud `api://AzureADTokenExchange`",
        ..policy(700227, "the token has another audience", THIRD_PARTY)
    },
    Entry {
        symbol: Some("ForbiddenTokenType"),
        template: "Only app-only tokens can be used as Federated Identity Credentials for Microsoft Entra issuer.",
        wording: Wording::Entra,
        cause: "Entra issued the token on behalf of a user",
        remedy: "use the CI platform's ID token, or the token of a managed identity",
        ..policy(700229, "a user's token is not allowed", DOCUMENTED)
    },
    Entry {
        template: "Token obtained using another federated identity credential may not be used as federated identity credential.",
        wording: Wording::Entra,
        cause: "The token is itself the result of a token exchange (it has the claim `xms_ficinfo`), and exchanges cannot be chained",
        remedy: "use the first token of the chain, and create a credential for it on this application",
        ..policy(700231, "exchanges cannot be chained", OBSERVED)
    },
    Entry {
        template: "Entra ID tokens issued by issuer '{issuer}' may not be used for federated identity credential flows for \
                   applications or managed identities registered in this tenant.",
        wording: Wording::Entra,
        cause: "Entra issued the token in another tenant than the application's",
        remedy: "use a managed identity in the application's tenant",
        ..policy(700236, "the token comes from another tenant", OBSERVED)
    },
    Entry {
        template: "The issuer '{issuer}' is not allowed by a policy of this tenant.",
        cause: "A policy of the tenant does not allow this issuer, or the issuer belongs to another cloud",
        remedy: "ask the administrator of the tenant to allow this issuer for federated identity credentials",
        ..policy(700238, "the tenant does not allow this issuer", DOCUMENTED)
    },
    Entry {
        template: "Forbidden token audience. Token audience must match the cloud-specific AAD Token Exchange App Uri.",
        wording: Wording::Entra,
        cause: "Entra issued the token for another audience than the exchange URI of this cloud",
        remedy: "request the token for this cloud's exchange URI, in the public cloud `api://AzureADTokenExchange`",
        ..policy(7002206, "the audience belongs to another cloud", OBSERVED)
    },
    Entry {
        template: "Federated identity credentials issued by '{issuer}/' for applications or managed identities registered in this \
                   tenant must contain the enterprise claim with value '{enterprise}' but actual value is ''.",
        wording: Wording::Entra,
        cause: "The tenant accepts only tokens of certain GitHub enterprises, and this repository does not belong to one. Issuer, \
                subject and audience match",
        remedy: "move the repository into the enterprise in the message",
        ..policy(7002381, "the tenant requires a GitHub enterprise", OBSERVED)
    },
    Entry {
        template: "Forbidden token audience. Token audience must match the cloud-specific AAD Token Exchange App Uri.",
        wording: Wording::Entra,
        cause: "Entra issued the token for the exchange URI of another cloud",
        remedy: "request the token for this cloud's exchange URI",
        ..policy(70022204, "the audience belongs to another cloud", OBSERVED)
    },
];
