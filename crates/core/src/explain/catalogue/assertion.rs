//! Codes for the ID token itself: its shape, the key that signed it, its time.

use super::{Area, DOCUMENTED, Entry, Evidence, OBSERVED, Retry, THIRD_PARTY, Wording, observed, unwritten};

const fn assertion(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Assertion, code, name, evidence)
}

/// Codes of other grants, which appear when the token is sent as `assertion` instead of `client_assertion`.
const fn other_grant(code: u32, name: &'static str, symbol: &'static str) -> Entry {
    Entry {
        symbol: Some(symbol),
        cause: "The token was sent for another grant, such as on-behalf-of, and not as `client_assertion`",
        remedy: "send the ID token as `client_assertion` with `grant_type=client_credentials`",
        ..assertion(code, name, DOCUMENTED)
    }
}

const OIDC_FAILED: &str = "Request to External OIDC endpoint failed.";
const OIDC_CAUSE: &str = "Entra asked the issuer for `/.well-known/openid-configuration` or its keys over the public internet and \
                          got no usable answer";
const OIDC_REMEDY: &str = "make both addresses readable by anybody over https; an empty `authorization_endpoint` or an empty \
                           `subject_types_supported` is refused too";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        template: "Authentication failed.",
        ..other_grant(50012, "the assertion of another grant is refused", "AuthenticationFailed")
    },
    Entry {
        template: "Assertion is invalid because of various reasons.",
        ..other_grant(50013, "the assertion of another grant is invalid", "InvalidAssertion")
    },
    Entry {
        symbol: Some("InvalidJwtToken"),
        status: Some(400),
        error: Some("invalid_request"),
        template: "JWT token is invalid or malformed.",
        wording: Wording::Entra,
        cause: "What was sent is not a signed JWT: cut off, with quotes or line breaks around it, empty, or with a claim twice",
        remedy: "check how the token reaches the request: three parts with dots between them, no spaces, no quotes",
        ..assertion(50027, "this is not a JWT", OBSERVED)
    },
    Entry {
        template: "Subject mismatches Issuer claim in the client assertion.",
        ..other_grant(50048, "subject and issuer of an assertion differ", "SubjectMismatchesIssuer")
    },
    Entry {
        symbol: Some("ExternalClaimsProviderThrottled"),
        status: Some(400),
        error: Some("invalid_request"),
        template: OIDC_FAILED,
        wording: Wording::Entra,
        cause: OIDC_CAUSE,
        remedy: OIDC_REMEDY,
        retry: Retry::AfterChange,
        ..assertion(50166, "the issuer cannot be reached", OBSERVED)
    },
    Entry {
        status: Some(400),
        error: Some("invalid_request"),
        template: "External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at \
                   {issued}. Token expires on {expires}.",
        wording: Wording::Entra,
        cause: "The ID token lives longer than 25 hours; in GitLab and HCP Terraform it lives as long as the job may run",
        remedy: "lower the time-out of the job, or the lifetime that is asked for, below 25 hours",
        ..assertion(70023, "the token lives too long", observed(2022))
    },
    Entry {
        symbol: Some("MissingRequiredField"),
        status: Some(400),
        error: Some("invalid_request"),
        template: "The required field '{field}' is missing from the credential. Ensure that you have all the necessary parameters \
                   for the login request.",
        wording: Wording::Entra,
        cause: "The ID token lacks a claim that Entra needs: issuer, subject, audience and expiry must all be there",
        remedy: "use the CI system's OIDC ID token; another kind of token may lack these claims",
        ..assertion(90014, "a claim is missing", OBSERVED)
    },
    Entry {
        status: Some(400),
        error: Some("invalid_request"),
        template: OIDC_FAILED,
        wording: Wording::Entra,
        cause: OIDC_CAUSE,
        remedy: OIDC_REMEDY,
        retry: Retry::AfterChange,
        ..assertion(90061, "the issuer cannot be reached", observed(2022))
    },
    Entry {
        template: "Assertion is not within its valid time range. Current time: {now}, expiry time of assertion {expires}.",
        ..other_grant(500133, "the assertion of another grant has expired", "InvalidAssertion")
    },
    Entry {
        status: Some(400),
        error: Some("invalid_request"),
        template: OIDC_FAILED,
        wording: Wording::Entra,
        cause: OIDC_CAUSE,
        remedy: OIDC_REMEDY,
        retry: Retry::AfterChange,
        ..assertion(501661, "the issuer cannot be reached", OBSERVED)
    },
    Entry {
        error: Some("invalid_client"),
        template: "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at \
                   https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
        wording: Wording::Entra,
        cause: "Entra took the token for one that the application signed itself, because its issuer and subject are the same",
        remedy: "check that the token comes from the CI system; a self-signed assertion needs the certificate on the application",
        ..assertion(700021, "the assertion is for another application", OBSERVED)
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {not_before}, \
                   expiry time of assertion {expires}. Review the documentation at \
                   https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
        wording: Wording::Entra,
        cause: "The ID token has expired or is not valid yet. Most live 5 to 60 minutes, and tools that keep one for later meet \
                this in long jobs",
        remedy: "request a new ID token and exchange it at once; a job that outlives its token must ask for a new one before each exchange",
        retry: Retry::NewToken,
        ..assertion(700024, "the token is outside its time", OBSERVED)
    },
    Entry {
        symbol: Some("InvalidClientPublicClientWithCredential"),
        template: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        wording: Wording::Entra,
        cause: "The application is registered as a public client",
        remedy: "use an application that is not a public client, or switch off `Allow public client flows`",
        ..assertion(700025, "a public client sends no assertion", DOCUMENTED)
    },
    Entry {
        error: Some("invalid_client"),
        template: "Client assertion contains an invalid signature. [Reason - The key was not found.]",
        wording: Wording::Entra,
        cause: "Entra took the token for one that the application signed with its own certificate; that certificate is not \
                registered",
        remedy: "check that the ID token of the CI system was sent; issuer and subject of that are never the client id",
        ..assertion(700027, "a certificate is not registered", observed(2023))
    },
    Entry {
        error: Some("invalid_client"),
        template: "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in \
                   token header.",
        wording: Wording::Entra,
        cause: "The header of the token names no key",
        remedy: "have the issuer put `kid` into the header of its tokens, with the value that its key set has",
        ..assertion(5002723, "the header names no key", observed(2023))
    },
    Entry {
        error: Some("invalid_request"),
        template: "Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'.",
        wording: Wording::Entra,
        cause: "The header says that this is another kind of token, `at+jwt` for example is an access token (RFC 9068)",
        remedy: "use an ID token; its header has `typ` `JWT` or none",
        ..assertion(5002727, "this is another kind of token", observed(2021))
    },
    Entry {
        error: Some("invalid_request"),
        template: "Invalid JWT token. Unsupported key for the signing algorithm.",
        wording: Wording::Entra,
        cause: "The key that the header names is of another type than the algorithm",
        remedy: "have the issuer sign with an RSA key and RS256",
        ..assertion(5002730, "key and algorithm do not go together", observed(2024))
    },
    Entry {
        error: Some("invalid_client"),
        template: "Invalid JWT token. '{algorithm}' is not a supported signature algorithm. Supported signing algorithms are: \
                   '{algorithms}'",
        wording: Wording::Entra,
        cause: "Entra checks RSA signatures only; tokens signed with an elliptic curve or a shared secret are refused",
        remedy: "have the issuer sign with RS256",
        ..assertion(5002738, "the algorithm is not supported", observed(2023))
    },
    Entry {
        error: Some("invalid_client"),
        template: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        wording: Wording::Entra,
        cause: "The request has no ID token; often the variable that should hold it is empty",
        remedy: "check that the job has an ID token at all: `azure-oidc doctor` says where it looked",
        ..assertion(7000218, "no assertion was sent", OBSERVED)
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "The certificate with identifier {key} used to sign the federated credential could not be found in the metadata \
                   of identity provider {issuer}. Please validate that your Identity Provider's metadata exposes the key used to \
                   sign the incoming token.",
        wording: Wording::Entra,
        cause: "The key set of the issuer lacks the key that the token names: the keys changed and Entra has the old set, the \
                issuer is new, or the key stands behind the first hundred",
        remedy: "check with `azure-oidc verify --discover` that the key is published; after a change wait half an hour",
        retry: Retry::AfterChange,
        ..assertion(7000272, "the key is not in the issuer's key set", observed(2024))
    },
    Entry {
        error: Some("invalid_client"),
        template: "Client assertion contains an invalid signature.",
        cause: "The key was found, but the signature is not good: the token was changed on its way, or another key signed it",
        remedy: "check the token with `azure-oidc verify --discover`; header and claims must be exactly as they were signed",
        ..assertion(7000274, "the signature is not good", THIRD_PARTY)
    },
];
