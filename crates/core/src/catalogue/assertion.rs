//! AADSTS codes about the ID token: its form, its key, its time.

use super::{Area, DOCUMENTED, Entry, Evidence, OBSERVED, Retry, THIRD_PARTY, Wording, observed, unwritten};

const fn assertion(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Assertion, code, name, evidence)
}

/// Codes of other grants, which Entra answers when the token is sent as `assertion` instead of
/// `client_assertion`.
const fn other_grant(code: u32, name: &'static str, symbol: &'static str) -> Entry {
    Entry {
        symbol: Some(symbol),
        cause: "The token was sent for another grant, such as on-behalf-of, instead of as `client_assertion`",
        remedy: "send the ID token as `client_assertion` with `grant_type=client_credentials`",
        ..assertion(code, name, DOCUMENTED)
    }
}

const OIDC_FAILED: &str = "Request to External OIDC endpoint failed.";
const OIDC_CAUSE: &str = "Entra requested the issuer's `/.well-known/openid-configuration` or its keys over the public internet and \
                          received no usable answer. With a hosted issuer (GitHub, GitLab.com, Azure DevOps, AKS) this is an outage \
                          that passes, and nothing in the job is wrong";
const OIDC_REMEDY: &str = "try again with growing pauses, and look at the status page of the issuer; with an issuer of your own make \
                           both addresses public over https, with `authorization_endpoint` and `subject_types_supported` not empty";

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
        cause: "The assertion is not a signed JWT: it is empty, incomplete, has quotes or line breaks around it, or repeats a claim",
        remedy: "send the token exactly as issued: three parts separated by dots, without spaces and quotes",
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
        retry: Retry::Later,
        ..assertion(50166, "the issuer cannot be reached", OBSERVED)
    },
    Entry {
        status: Some(400),
        error: Some("invalid_request"),
        template: "External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at \
                   {issued}. Token expires on {expires}.",
        wording: Wording::Entra,
        cause: "The ID token is valid for more than 25 hours. In GitLab and HCP Terraform its lifetime is the time-out of the job",
        remedy: "lower the job's time-out, or the requested lifetime, below 25 hours",
        ..assertion(70023, "the token's lifetime is too long", observed(2022))
    },
    Entry {
        symbol: Some("MissingRequiredField"),
        status: Some(400),
        error: Some("invalid_request"),
        template: "The required field '{field}' is missing from the credential. Ensure that you have all the necessary parameters \
                   for the login request.",
        wording: Wording::Entra,
        cause: "The ID token lacks a required claim: issuer, subject, audience or expiry",
        remedy: "use the CI platform's OIDC ID token; other tokens may lack these claims",
        ..assertion(90014, "a claim is missing", OBSERVED)
    },
    Entry {
        status: Some(400),
        error: Some("invalid_request"),
        template: OIDC_FAILED,
        wording: Wording::Entra,
        cause: OIDC_CAUSE,
        remedy: OIDC_REMEDY,
        retry: Retry::Later,
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
        retry: Retry::Later,
        ..assertion(501661, "the issuer cannot be reached", OBSERVED)
    },
    Entry {
        error: Some("invalid_client"),
        template: "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at \
                   https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
        wording: Wording::Entra,
        cause: "Issuer and subject of the token are equal, so Entra treats it as an assertion that the application signed itself",
        remedy: "use the CI platform's ID token, whose issuer and subject differ",
        ..assertion(700021, "the assertion is for another application", OBSERVED)
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {not_before}, \
                   expiry time of assertion {expires}. Review the documentation at \
                   https://learn.microsoft.com/entra/identity-platform/certificate-credentials .",
        wording: Wording::Entra,
        cause: "The ID token has expired or is not valid yet. Most ID tokens are valid for 5 to 60 minutes, so a token that was \
                requested at the start of a long job expires",
        remedy: "request a new ID token right before each exchange",
        retry: Retry::NewToken,
        ..assertion(700024, "the token has expired or is not valid yet", OBSERVED)
    },
    Entry {
        symbol: Some("InvalidClientPublicClientWithCredential"),
        template: "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        wording: Wording::Entra,
        cause: "The application is registered as a public client",
        remedy: "use an application that is not a public client",
        ..assertion(700025, "a public client sends no assertion", DOCUMENTED)
    },
    Entry {
        error: Some("invalid_client"),
        template: "Client assertion contains an invalid signature. [Reason - The key was not found.]",
        wording: Wording::Entra,
        cause: "Entra treats the token as an assertion that the application signed with its own certificate, and no such \
                certificate is registered",
        remedy: "use the CI platform's ID token, whose issuer and subject are not the client id",
        ..assertion(700027, "a certificate is not registered", observed(2023))
    },
    Entry {
        error: Some("invalid_client"),
        template: "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in \
                   token header.",
        wording: Wording::Entra,
        cause: "The header of the token names no key",
        remedy: "have the issuer write `kid` into the header of its tokens, as in its key set",
        ..assertion(5002723, "the header names no key", observed(2023))
    },
    Entry {
        error: Some("invalid_request"),
        template: "Invalid JWT header type specified. Allowed types: 'JWT','http://openid.net/specs/jwt/1.0'.",
        wording: Wording::Entra,
        cause: "The header names another type of token; `at+jwt`, for example, is an access token (RFC 9068)",
        remedy: "use an ID token, whose header has the `typ` `JWT` or none",
        ..assertion(5002727, "the token has another type", observed(2021))
    },
    Entry {
        error: Some("invalid_request"),
        template: "Invalid JWT token. Unsupported key for the signing algorithm.",
        wording: Wording::Entra,
        cause: "The key in the header and the algorithm have different types",
        remedy: "have the issuer sign with an RSA key and RS256",
        ..assertion(5002730, "key and algorithm do not fit", observed(2024))
    },
    Entry {
        error: Some("invalid_client"),
        template: "Invalid JWT token. '{algorithm}' is not a supported signature algorithm. Supported signing algorithms are: \
                   '{algorithms}'",
        wording: Wording::Entra,
        cause: "Entra accepts only RSA signatures, not those with an elliptic curve or a shared secret",
        remedy: "have the issuer sign with RS256",
        ..assertion(5002738, "the algorithm is not supported", observed(2023))
    },
    Entry {
        error: Some("invalid_client"),
        template: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        wording: Wording::Entra,
        cause: "The request contains no ID token, often because a variable is empty",
        remedy: "check with `azure-oidc doctor` whether the job has an ID token",
        ..assertion(7000218, "no assertion was sent", OBSERVED)
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "The certificate with identifier {key} used to sign the federated credential could not be found in the metadata \
                   of identity provider {issuer}. Please validate that your Identity Provider's metadata exposes the key used to \
                   sign the incoming token.",
        wording: Wording::Entra,
        cause: "The issuer's key set does not contain the token's key: Entra still has an old key set, the issuer is new, or the \
                key comes after the first hundred",
        remedy: "check with `azure-oidc verify --discover` whether the key is published; after a change of keys wait half an hour",
        retry: Retry::AfterChange,
        ..assertion(7000272, "the key is not in the issuer's key set", observed(2024))
    },
    Entry {
        error: Some("invalid_client"),
        template: "Client assertion contains an invalid signature.",
        cause: "The key was found, but the signature is not valid: the token was changed, or another key signed it",
        remedy: "check the token with `azure-oidc verify --discover`, and send it exactly as issued",
        ..assertion(7000274, "the signature is not valid", THIRD_PARTY)
    },
];
