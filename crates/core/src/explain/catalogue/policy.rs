//! Codes for tenants that restrict issuers, and for tokens that Entra itself issued.

use super::{Area, DOCUMENTED, Entry, Evidence, OBSERVED, THIRD_PARTY, Wording, unwritten};

const fn policy(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Federation, code, name, evidence)
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        template: "The identity must be a managed identity, a single tenant app, or a service account.",
        wording: Wording::Entra,
        cause: "The issuer of this token, as with new Azure DevOps service connections, refuses applications that are open to \
                other tenants",
        remedy: "use an application with `signInAudience` `AzureADMyOrg`, or a user-assigned managed identity",
        ..policy(70052, "a multi-tenant application may not be used", DOCUMENTED)
    },
    Entry {
        template: "AAD-issued tokens may not be used for federated identity flows.",
        wording: Wording::Entra,
        cause: "The token comes from Entra itself where only other issuers are allowed: the credential is on a managed identity, \
                or the token belongs to a user",
        remedy: "use the CI system's own ID token, or put the credential on an application instead of a managed identity",
        ..policy(700222, "a token from Entra may not be used here", DOCUMENTED)
    },
    Entry {
        template: "Workload identity federation is constrained or disabled in this tenant.",
        cause: "A policy of the tenant switches federation off or limits it",
        remedy: "ask the administrator of the tenant to allow federated identity credentials for this application",
        ..policy(700223, "federation is disabled in the tenant", DOCUMENTED)
    },
    Entry {
        template: "Only MSI tokens may be used as Federated Identity Credentials for AAD issuer.",
        wording: Wording::Entra,
        cause: "The token comes from Entra, but was issued to an application and not to a managed identity",
        remedy: "take the token from a user-assigned managed identity",
        ..policy(700226, "only a managed identity's token may be used", OBSERVED)
    },
    Entry {
        template: "Forbidden token audience.",
        wording: Wording::Entra,
        cause: "The token comes from Entra and was requested for something else than the exchange, often with an issuer on \
                `sts.windows.net`",
        remedy: "request the managed identity's token for the exchange URI, in the public cloud `api://AzureADTokenExchange`",
        ..policy(700227, "the token is for something else", THIRD_PARTY)
    },
    Entry {
        symbol: Some("ForbiddenTokenType"),
        template: "Only app-only tokens can be used as Federated Identity Credentials for Microsoft Entra issuer.",
        wording: Wording::Entra,
        cause: "The token was issued by Entra on behalf of a user",
        remedy: "use a token of a managed identity, or the CI system's own ID token",
        ..policy(700229, "a user's token may not be used", DOCUMENTED)
    },
    Entry {
        template: "Token obtained using another federated identity credential may not be used as federated identity credential.",
        wording: Wording::Entra,
        cause: "The token is itself the result of an exchange (it has a claim `xms_ficinfo`); exchanges cannot be chained",
        remedy: "use the first token of the chain directly, with a credential of its own on this application",
        ..policy(700231, "exchanges cannot be chained", OBSERVED)
    },
    Entry {
        template: "Entra ID tokens issued by issuer '{issuer}' may not be used for federated identity credential flows for \
                   applications or managed identities registered in this tenant.",
        wording: Wording::Entra,
        cause: "The token was issued by Entra for another tenant than the one of the application",
        remedy: "use a managed identity in the tenant of the application",
        ..policy(700236, "the token comes from another tenant", OBSERVED)
    },
    Entry {
        template: "The issuer '{issuer}' is not allowed by a policy of this tenant.",
        cause: "A policy of the tenant lists the issuers that it accepts, and this one is not on it, or it belongs to another cloud",
        remedy: "ask the administrator of the tenant to allow this issuer for federated identity credentials",
        ..policy(700238, "the tenant does not allow this issuer", DOCUMENTED)
    },
    Entry {
        template: "Forbidden token audience. Token audience must match the cloud-specific AAD Token Exchange App Uri.",
        wording: Wording::Entra,
        cause: "The token comes from Entra, and its audience is the exchange URI of another cloud or something else",
        remedy: "request the token for the exchange URI of this cloud, in the public cloud `api://AzureADTokenExchange`",
        ..policy(7002206, "the audience belongs to another cloud", OBSERVED)
    },
    Entry {
        template: "Federated identity credentials issued by '{issuer}/' for applications or managed identities registered in this \
                   tenant must contain the enterprise claim with value '{enterprise}' but actual value is ''.",
        wording: Wording::Entra,
        cause: "The tenant takes GitHub tokens of its own GitHub Enterprise only, and this repository does not belong to it. \
                Issuer, subject and audience did match",
        remedy: "ask the administrator of the tenant for an exception, or move the repository into the enterprise that it names",
        ..policy(7002381, "the tenant asks for a GitHub enterprise", OBSERVED)
    },
    Entry {
        template: "Forbidden token audience. Token audience must match the cloud-specific AAD Token Exchange App Uri.",
        wording: Wording::Entra,
        cause: "The token comes from Entra, and its audience is the exchange URI of another cloud",
        remedy: "request the token for the exchange URI of this cloud",
        ..policy(70022204, "the audience belongs to another cloud", OBSERVED)
    },
];
