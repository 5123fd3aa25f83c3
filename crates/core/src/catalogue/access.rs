//! AADSTS codes about Conditional Access, throttling, failures of the service, and user sign-ins.

use super::{Area, DOCUMENTED, Entry, Evidence, Retry, Wording, observed, unwritten};

const fn access(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Access, code, name, evidence)
}

/// Codes of user sign-ins, which a CI job receives only when it does not use its ID token.
const fn user_sign_in(code: u32, name: &'static str, symbol: Option<&'static str>) -> Entry {
    Entry {
        symbol,
        cause: "The error is about a user or a device, so the job did not use its ID token",
        remedy: "check which credential the tool used: a cached sign-in or a user name can come before the ID token",
        ..access(code, name, DOCUMENTED)
    }
}

/// Codes of temporary failures.
const fn temporary(code: u32, name: &'static str, symbol: &'static str) -> Entry {
    Entry {
        symbol: Some(symbol),
        cause: "The service is busy or has a temporary failure",
        remedy: "try again later; if the error remains, give the trace id to Microsoft's support",
        retry: Retry::Later,
        ..access(code, name, DOCUMENTED)
    }
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        template: "The user account does not exist in the directory.",
        ..user_sign_in(50034, "the user account is not found", Some("UserAccountNotFound"))
    },
    Entry {
        symbol: Some("LoopDetected"),
        error: Some("invalid_grant"),
        template: "The server terminated an operation because it encountered a client request loop.",
        wording: Wording::Entra,
        cause: "The client sent the same request too often in a short time",
        remedy: "keep the access token until shortly before it expires instead of requesting one for each use",
        ..access(50196, "the same request was sent too often", DOCUMENTED)
    },
    Entry {
        template: "Device is not in required device state.",
        ..user_sign_in(53000, "the device does not comply", Some("DeviceNotCompliant"))
    },
    Entry {
        template: "Device is not in required device state. The device must be domain joined.",
        ..user_sign_in(53001, "the device is not domain joined", Some("DeviceNotDomainJoined"))
    },
    Entry {
        template: "Application used is not an approved app for Conditional Access.",
        ..user_sign_in(53002, "the app is not approved", Some("ApplicationUsedIsNotAnApprovedApp"))
    },
    Entry {
        symbol: Some("BlockedByConditionalAccess"),
        status: Some(400),
        error: Some("invalid_grant"),
        template: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        wording: Wording::Entra,
        cause: "A Conditional Access policy of the tenant blocks this sign-in. For an application it is a policy for workload \
                identities, often because of the job's IP address. A person's sign-in gets the same code",
        remedy: "ask the administrator of the tenant to change the policy, whose id is under `capolids` in `claims` of the answer",
        ..access(53003, "a Conditional Access policy blocks the request", observed(2025))
    },
    Entry {
        template: "Multifactor authentication registration is required before this content can be accessed.",
        ..user_sign_in(
            53004,
            "registration for multifactor authentication is required",
            Some("ProofUpBlockedDueToRisk"),
        )
    },
    Entry {
        template: "Multifactor authentication methods cannot be configured from here.",
        ..user_sign_in(
            53010,
            "multifactor authentication cannot be configured from here",
            Some("ProofUpBlockedDueToSecurityInfoAcr"),
        )
    },
    Entry {
        template: "User blocked due to risk on home tenant.",
        ..user_sign_in(53011, "the user is blocked because of risk", None)
    },
    Entry {
        template: "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.",
        ..user_sign_in(70043, "the user must sign in again", Some("BadTokenDueToSignInFrequency"))
    },
    Entry { template: "The request has timed out.", ..temporary(90012, "the service took too long", "RequestTimeout") },
    Entry {
        template: "A transient error has occurred. Please try again.",
        ..temporary(90024, "a temporary failure", "RequestBudgetExceededError")
    },
    Entry {
        template: "A transient error has occurred. Please try again.",
        ..temporary(90033, "the directory is not available", "MsodsServiceUnavailable")
    },
    Entry {
        status: Some(429),
        template: "There are too many incoming requests.",
        ..temporary(90055, "too many requests for this tenant", "TenantThrottlingError")
    },
    Entry {
        symbol: Some("RequiredClaimIsMissing"),
        template: "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.",
        wording: Wording::Entra,
        cause: "The ID token was sent as the grant of an on-behalf-of request instead of as `client_assertion`",
        remedy: "send `grant_type=client_credentials` with the ID token as `client_assertion`",
        ..access(240002, "an ID token cannot be used as this grant", DOCUMENTED)
    },
    Entry {
        template: "The user account has been deleted from the directory.",
        ..user_sign_in(500341, "the user account was deleted", None)
    },
    Entry {
        symbol: Some("BlockedByConditionalAccessOnSecurityPolicy"),
        template: "The tenant admin has configured a security policy that blocks this request.",
        wording: Wording::Entra,
        cause: "A security policy of the tenant blocks the request",
        remedy: "ask the administrator of the tenant to check its security policies against this application",
        ..access(530032, "a security policy blocks the request", DOCUMENTED)
    },
    Entry {
        symbol: Some("BlockedBySecurityDefaults"),
        template: "Access has been blocked by security defaults.",
        wording: Wording::Entra,
        cause: "The security defaults of the tenant block the request",
        remedy: "ask the administrator of the tenant to look up the request in the sign-in log by its trace id",
        ..access(530035, "security defaults block the request", DOCUMENTED)
    },
];
