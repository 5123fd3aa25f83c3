//! Codes for Conditional Access, throttling, faults of the service, and for people instead of programs.

use super::{Area, DOCUMENTED, Entry, Evidence, Retry, Wording, observed, unwritten};

const fn access(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Access, code, name, evidence)
}

/// Codes of people's sign-ins, which a CI job meets only when it does not do what it was meant to.
const fn for_people(code: u32, name: &'static str, symbol: Option<&'static str>) -> Entry {
    Entry {
        symbol,
        cause: "This is about a person or a device that signs in, so the job does not use its ID token here",
        remedy: "check which credential the tool picked: a cached sign-in or a user name may come before the ID token",
        ..access(code, name, DOCUMENTED)
    }
}

/// Codes of faults that pass.
const fn passing(code: u32, name: &'static str, symbol: &'static str) -> Entry {
    Entry {
        symbol: Some(symbol),
        cause: "The service is busy or has a fault that passes",
        remedy: "try again with growing pauses, and keep the trace id for Microsoft support if it lasts",
        retry: Retry::Later,
        ..access(code, name, DOCUMENTED)
    }
}

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        template: "The user account does not exist in the directory.",
        ..for_people(50034, "the user account is not found", Some("UserAccountNotFound"))
    },
    Entry {
        symbol: Some("LoopDetected"),
        error: Some("invalid_grant"),
        template: "The server terminated an operation because it encountered a client request loop.",
        wording: Wording::Entra,
        cause: "The same request came too often in a short time",
        remedy: "keep the access token until shortly before it expires instead of asking for each use",
        ..access(50196, "the same request came too often", DOCUMENTED)
    },
    Entry {
        template: "Device is not in required device state.",
        ..for_people(53000, "the device does not comply", Some("DeviceNotCompliant"))
    },
    Entry {
        template: "Device is not in required device state. The device must be domain joined.",
        ..for_people(53001, "the device is not domain joined", Some("DeviceNotDomainJoined"))
    },
    Entry {
        template: "Application used is not an approved app for Conditional Access.",
        ..for_people(53002, "the app is not an approved one", Some("ApplicationUsedIsNotAnApprovedApp"))
    },
    Entry {
        symbol: Some("BlockedByConditionalAccess"),
        status: Some(400),
        error: Some("invalid_grant"),
        template: "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        wording: Wording::Entra,
        cause: "A Conditional Access policy for workload identities blocks this application, often by the address that the job \
                runs from. The ID token itself was accepted",
        remedy: "ask the administrator of the tenant which policy it is: `claims` in the answer has its id under `capolids`",
        ..access(53003, "a Conditional Access policy blocks this", observed(2025))
    },
    Entry {
        template: "Multifactor authentication registration is required before this content can be accessed.",
        ..for_people(53004, "registration for a second factor is needed", Some("ProofUpBlockedDueToRisk"))
    },
    Entry {
        template: "Multifactor authentication methods cannot be configured from here.",
        ..for_people(53010, "a second factor cannot be set up from here", Some("ProofUpBlockedDueToSecurityInfoAcr"))
    },
    Entry {
        template: "User blocked due to risk on home tenant.",
        ..for_people(53011, "the user is blocked because of risk", None)
    },
    Entry {
        template: "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access.",
        ..for_people(70043, "a person must sign in again", Some("BadTokenDueToSignInFrequency"))
    },
    Entry { template: "The request has timed out.", ..passing(90012, "the service took too long", "RequestTimeout") },
    Entry {
        template: "A transient error has occurred. Please try again.",
        ..passing(90024, "a fault that passes", "RequestBudgetExceededError")
    },
    Entry {
        template: "A transient error has occurred. Please try again.",
        ..passing(90033, "the directory is not available", "MsodsServiceUnavailable")
    },
    Entry {
        status: Some(429),
        template: "There are too many incoming requests.",
        ..passing(90055, "too many requests for this tenant", "TenantThrottlingError")
    },
    Entry {
        symbol: Some("RequiredClaimIsMissing"),
        template: "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant.",
        wording: Wording::Entra,
        cause: "The ID token was sent as the grant of an on-behalf-of request and not as `client_assertion`",
        remedy: "send `grant_type=client_credentials` with the ID token as `client_assertion`",
        ..access(240002, "an ID token is no such grant", DOCUMENTED)
    },
    Entry {
        template: "The user account has been deleted from the directory.",
        ..for_people(500341, "the user account was deleted", None)
    },
    Entry {
        symbol: Some("BlockedByConditionalAccessOnSecurityPolicy"),
        template: "The tenant admin has configured a security policy that blocks this request.",
        wording: Wording::Entra,
        cause: "A security policy of the tenant blocks the request",
        remedy: "ask the administrator of the tenant to check its security policies against this application",
        ..access(530032, "a security policy blocks this", DOCUMENTED)
    },
    Entry {
        symbol: Some("BlockedBySecurityDefaults"),
        template: "Access has been blocked by security defaults.",
        wording: Wording::Entra,
        cause: "The security defaults of the tenant block the request as unsafe",
        remedy: "ask the administrator of the tenant to look the request up in the sign-in log by its trace id",
        ..access(530035, "security defaults block this", DOCUMENTED)
    },
];
