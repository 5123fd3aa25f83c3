//! Codes for "no credential fits this token".

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
        cause: "No single credential of the application holds all three of this issuer, subject and audience, letter for letter. \
                This is the older code for it; newer answers name the claim",
        remedy: "compare the three values in the message with each credential, then correct the credential or create one",
        ..matching(70021, "no credential fits", observed(2022))
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "The client '{application}'({application_name}) has no configured federated identity credentials.",
        wording: Wording::Entra,
        cause: "The application or managed identity of this client id has no federated identity credential at all, often because \
                it was made on another application",
        remedy: "create a credential on the application that has this client id, or use the client id of the one that has it",
        ..matching(70025, "the application has no credentials", observed(2024))
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "No matching federated identity record found for presented assertion issuer '{issuer}'. Please check your \
                   federated identity credential Subject, Audience and Issuer against the presented assertion. \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        wording: Wording::Entra,
        cause: "No credential of the application has this issuer. A slash at the end, one letter's case or the wrong application \
                is enough",
        remedy: "compare the issuer in the message with the credentials letter by letter, above all its end, and correct the \
                 credential",
        ..matching(700211, "no credential has this issuer", observed(2025))
    },
    Entry {
        error: Some("invalid_client"),
        template: "No matching federated identity record found for presented assertion audience '{audience}'. Please check your \
                   federated identity credential Subject, Audience and Issuer against the presented assertion. \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        wording: Wording::Entra,
        cause: "A credential has this issuer, but another audience; each cloud has its own, and CI systems have defaults of their \
                own",
        remedy: "request the ID token with the audience that the credential holds, in the public cloud \
                 `api://AzureADTokenExchange`",
        ..matching(700212, "no credential has this audience", observed(2024))
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "No matching federated identity record found for presented assertion subject '{subject}'. Check your federated \
                   identity credential Subject, Audience and Issuer against the presented assertion. \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        wording: Wording::Entra,
        cause: "A credential has this issuer, but none of those has this subject: another branch, an environment, a pull request, \
                a renamed project",
        remedy: "create a credential with exactly the subject in the message; there are no wildcards in a subject",
        ..matching(700213, "no credential has this subject", observed(2026))
    },
    Entry {
        template: "Token audience must be '{expected}'.",
        cause: "The token comes from Entra itself, and the credential holds the GUID of the exchange application or an audience \
                of its own",
        remedy: "replace the audience of the credential by the exchange URI of the cloud, in the public cloud \
                 `api://AzureADTokenExchange`",
        retry: Retry::Never,
        ..matching(700214, "the credential's audience is not the exchange URI", THIRD_PARTY)
    },
    Entry {
        template: "No error with this number is known.",
        cause: "Only lists by third parties have this number, in place of 7000215, an invalid client secret",
        remedy: "look at the original answer again: its `error_codes` has the number",
        retry: Retry::Never,
        ..matching(700215, "probably a misspelling of 7000215", THIRD_PARTY)
    },
    Entry {
        template: "More than one federated identity credential found for subject '{subject}'.",
        cause: "Two credentials have this subject, one with the v1 and one with the v2 issuer of the same Entra tenant",
        remedy: "delete the credential whose issuer the token does not have",
        retry: Retry::Never,
        ..matching(700263, "two credentials for one subject", THIRD_PARTY)
    },
    Entry {
        template: "No federated identity credential policy found on application ({application}).",
        cause: "The application has no federated identity credential that this kind of request could use, as with keys in \
                another tenant",
        remedy: "check that the client id is the one of the application that has the credential",
        retry: Retry::Never,
        ..matching(7000226, "the application has no credential policy", third_party(2026))
    },
    Entry {
        template: "No matching federated identity record found for presented assertion audience '{audience}'. Please check your \
                   federated identity credential Subject, Audience and Issuer against the presented assertion.",
        cause: "The token comes from Entra itself, and its audience is not the one in the credential",
        remedy: "request the token for the exchange URI of the cloud, and put the same URI into the credential",
        ..matching(7002121, "no credential has this audience, for a token from Entra", THIRD_PARTY)
    },
    Entry {
        template: "No matching federated identity record found for presented assertion subject '{subject}' or no federated \
                   identity credential expression matched. Please check your federated identity credential Subject, Expression, \
                   Audience and Issuer against the presented assertion. \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        wording: Wording::Entra,
        cause: "Credentials with this issuer exist, but none has this subject, and no claims matching expression is true for the \
                token",
        remedy: "compare each clause of the expression with the token's claims, or create a credential with exactly this subject",
        ..matching(7002131, "no subject and no expression fits", OBSERVED)
    },
    Entry {
        template: "No matching federated identity record found for presented assertion subject '{subject}'. The subject matches \
                   with case-insensitive comparison, but not with case-sensitive comparison. Check your federated identity \
                   credential Subject, Audience and Issuer against the presented assertion. See documentation at: \
                   https://learn.microsoft.com/entra/workload-id/workload-identity-federation. See breaking change notification \
                   and remediation at: \
                   https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024.",
        wording: Wording::Entra,
        cause: "A credential has this subject with other upper and lower case letters; since August 2024 case counts",
        remedy: "correct the credential's subject to the letters in the message; if they are the same already, delete the \
                 credential and create it again",
        retry: Retry::Never,
        ..matching(7002138, "the subject differs in letter case only", observed(2025))
    },
    Entry {
        template: "No matching federated identity record found: the requested agent identity does not fit.",
        cause: "The request is for another agent identity than the one that the credential belongs to",
        remedy: "request the token for the agent identity that has the credential",
        retry: Retry::Never,
        ..matching(7002142, "another agent identity is asked for", third_party(2026))
    },
];
