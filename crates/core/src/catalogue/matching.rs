//! AADSTS codes that mean that no credential matches the token.

use super::{Area, Entry, Evidence, OBSERVED, Retry, THIRD_PARTY, Wording, observed, third_party, unwritten};

const fn matching(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    Entry { retry: Retry::AfterChange, ..unwritten(Area::Federation, code, name, evidence) }
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        status: Some(400),
        error: Some("invalid_request"),
        template: "No matching federated identity record found for presented assertion. Assertion Issuer: '{issuer}'. Assertion \
                   Subject: '{subject}'. Assertion Audience: '{audience}'. https://docs.microsoft.com/en-us/azure/active-directory/\
                   develop/workload-identity-federation",
        wording: Wording::Entra,
        cause: "No single credential of the application has exactly this issuer, subject and audience. This is the older code; newer \
                answers name the claim",
        remedy: "compare the three values in the message with each credential, and correct the one that differs",
        ..matching(70021, "no credential matches", observed(2022))
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "The client '{application}'({application_name}) has no configured federated identity credentials.",
        wording: Wording::Entra,
        cause: "The application or managed identity with this client id has no federated identity credential, often because it was \
                created on another application",
        remedy: "create a credential on the application with this client id",
        ..matching(70025, "the application has no credentials", observed(2024))
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "No matching federated identity record found for presented assertion issuer '{issuer}'. Please check your \
                   federated identity credential Subject, Audience and Issuer against the presented assertion. \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        wording: Wording::Entra,
        cause: "No credential of the application has exactly this issuer. A slash at the end or the case of a letter makes a \
                difference",
        remedy: "compare the issuer in the message with the credentials character by character, and correct the credential",
        ..matching(700211, "no credential has this issuer", observed(2025))
    },
    Entry {
        error: Some("invalid_client"),
        template: "No matching federated identity record found for presented assertion audience '{audience}'. Please check your \
                   federated identity credential Subject, Audience and Issuer against the presented assertion. \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        wording: Wording::Entra,
        cause: "A credential has this issuer but another audience. Each cloud has its own audience, and CI platforms have their own \
                defaults",
        remedy: "give the credential and the request for the ID token the same audience: `api://AzureADTokenExchange` in the public \
                 cloud, `api://AzureADTokenExchangeUSGov` in Azure US Government, `api://AzureADTokenExchangeChina` in China",
        ..matching(700212, "no credential has this audience", observed(2024))
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "No matching federated identity record found for presented assertion subject '{subject}'. Check your federated \
                   identity credential Subject, Audience and Issuer against the presented assertion. \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        wording: Wording::Entra,
        cause: "A credential has this issuer, but none has this subject: the job runs for another branch, an environment or a pull \
                request, or the project was renamed",
        remedy: "create a credential with exactly the subject in the message, without wildcards",
        ..matching(700213, "no credential has this subject", observed(2026))
    },
    Entry {
        template: "Token audience must be '{expected}'.",
        cause: "Entra itself issued the token, and the credential has another audience than the cloud's exchange URI, such as its \
                GUID",
        remedy: "replace the credential's audience by the cloud's exchange URI, in the public cloud \
                 `api://AzureADTokenExchange`",
        retry: Retry::Never,
        ..matching(700214, "the credential's audience is not the exchange URI", THIRD_PARTY)
    },
    Entry {
        template: "No error with this number is known.",
        cause: "Only lists by third parties contain this number, instead of 7000215 (an invalid client secret)",
        remedy: "look up the number in `error_codes` of the original answer",
        retry: Retry::Never,
        ..matching(700215, "probably a misspelling of 7000215", THIRD_PARTY)
    },
    Entry {
        template: "More than one federated identity credential found for subject '{subject}'.",
        cause: "Two credentials have this subject, one with the v1 issuer and one with the v2 issuer of the same Entra tenant",
        remedy: "delete the credential whose issuer differs from the token's",
        retry: Retry::Never,
        ..matching(700263, "two credentials for one subject", THIRD_PARTY)
    },
    Entry {
        template: "No federated identity credential policy found on application ({application}).",
        cause: "The application has no federated identity credential for the assertion that was sent, or the request is for another \
                application than the assertion",
        remedy: "use the client id of the application with the credential",
        retry: Retry::Never,
        ..matching(7000226, "the application has no credential policy", third_party(2026))
    },
    Entry {
        template: "No matching federated identity record found for presented assertion audience '{audience}'. Please check your \
                   federated identity credential Subject, Audience and Issuer against the presented assertion.",
        cause: "Entra itself issued the token, and the credential has another audience",
        remedy: "request the token for the cloud's exchange URI, which the credential must have too",
        ..matching(7002121, "no credential has this audience, for a token from Entra", THIRD_PARTY)
    },
    Entry {
        template: "No matching federated identity record found for presented assertion subject '{subject}' or no federated \
                   identity credential expression matched. Please check your federated identity credential Subject, Expression, \
                   Audience and Issuer against the presented assertion. \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        wording: Wording::Entra,
        cause: "Credentials have this issuer, but none has this subject, and no claims matching expression is true for the token",
        remedy: "compare each clause of the expression with the token's claims, and correct the expression",
        ..matching(7002131, "no subject and no expression matches", OBSERVED)
    },
    Entry {
        template: "No matching federated identity record found for presented assertion subject '{subject}'. The subject matches \
                   with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity \
                   credential Subject, Audience and Issuer against the presented assertion. See documentation at: \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation. See breaking change notification \
                   and remediation at: \
                   https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024.",
        wording: Wording::Entra,
        cause: "A credential has this subject with different upper and lower case, which Entra compares since August 2024",
        remedy: "correct the credential's subject to exactly the one in the message; if it is equal already, delete the credential \
                 and create it again",
        retry: Retry::Never,
        ..matching(7002138, "the subject differs in letter case only", observed(2025))
    },
    Entry {
        template: "No matching federated identity record found: the requested agent identity does not fit.",
        cause: "The request is for another agent identity than the credential's",
        remedy: "request the token for the agent identity with the credential",
        retry: Retry::Never,
        ..matching(7002142, "the request is for another agent identity", third_party(2026))
    },
];
