//! AADSTS codes about the client: whether it exists, is enabled, and how it authenticates.

use super::{Area, DOCUMENTED, Entry, Evidence, OBSERVED, Wording, unwritten};

const fn client(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Client, code, name, evidence)
}

const NOT_FOUND: &str = "The tenant has no application with this client id: the id is wrong, it is an object id, or the tenant is \
                         wrong";
const NOT_FOUND_REMEDY: &str = "use the `Application (client) ID` of an application in this tenant";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        symbol: Some("UnauthorizedClient"),
        error: Some("unauthorized_client"),
        template: "Application with identifier '{application}' was not found in the directory '{tenant}'.",
        cause: NOT_FOUND,
        remedy: NOT_FOUND_REMEDY,
        ..client(70001, "the application is not found or disabled", DOCUMENTED)
    },
    Entry {
        symbol: Some("InvalidClient"),
        error: Some("invalid_client"),
        template: "Error validating credentials.",
        wording: Wording::Entra,
        cause: "This is an older code for any failure of the client's authentication",
        remedy: "look at the complete text of the answer, which names the failed check",
        ..client(70002, "client authentication failed", DOCUMENTED)
    },
    Entry {
        symbol: Some("UnauthorizedClientAppNotFoundInOrgIdTenant"),
        error: Some("unauthorized_client"),
        template: "Application with identifier '{application}' was not found in the directory.",
        wording: Wording::Entra,
        cause: NOT_FOUND,
        remedy: NOT_FOUND_REMEDY,
        ..client(700011, "the application is not found", DOCUMENTED)
    },
    Entry {
        symbol: Some("UnauthorizedClient_DoesNotMatchRequest"),
        status: Some(400),
        error: Some("unauthorized_client"),
        template: "Application with identifier '{application}' was not found in the directory '{tenant}'. This can happen if the \
                   application has not been installed by the administrator of the tenant or consented to by any user in the \
                   tenant. You may have sent your authentication request to the wrong tenant.",
        wording: Wording::Entra,
        cause: NOT_FOUND,
        remedy: NOT_FOUND_REMEDY,
        ..client(700016, "the application is not found in this tenant", OBSERVED)
    },
    Entry {
        symbol: Some("UnauthorizedClientApplicationDisabled"),
        template: "Application '{application}'({application_name}) is disabled.",
        wording: Wording::Entra,
        cause: "Sign-in is disabled for the application in this tenant",
        remedy: "enable sign-in under Enterprise applications, Properties, `Enabled for users to sign-in`",
        ..client(7000112, "the application is disabled", OBSERVED)
    },
    Entry {
        template: "Application '{application}' isn't allowed to make application on-behalf-of calls.",
        wording: Wording::Entra,
        cause: "The request uses the on-behalf-of grant instead of `client_credentials`",
        remedy: "send `grant_type=client_credentials` with the ID token as `client_assertion`",
        ..client(7000114, "on-behalf-of is not allowed", DOCUMENTED)
    },
    Entry {
        status: Some(401),
        error: Some("invalid_client"),
        template: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the \
                   client secret ID, for a secret added to app '{application}'.",
        wording: Wording::Entra,
        cause: "The request contains a client secret, and it is wrong. An exchange of an ID token needs none",
        remedy: "remove the client secret from the configuration, so that the tool uses the ID token",
        ..client(7000215, "a wrong client secret was sent", OBSERVED)
    },
    Entry {
        symbol: Some("InvalidClientSecretExpiredKeysProvided"),
        status: Some(401),
        error: Some("invalid_client"),
        template: "The provided client secret keys for app '{application}' are expired.",
        wording: Wording::Entra,
        cause: "The request contains a client secret, and it has expired. An exchange of an ID token needs none",
        remedy: "remove the client secret from the configuration, so that the tool uses the ID token",
        ..client(7000222, "an expired client secret was sent", OBSERVED)
    },
    Entry {
        error: Some("invalid_client"),
        template: "The client application {application} is missing service principal in the tenant {tenant}.",
        wording: Wording::Entra,
        cause: "The application exists but has no service principal in this tenant",
        remedy: "create it with `az ad sp create --id CLIENT_ID`",
        ..client(7000229, "the application has no service principal", OBSERVED)
    },
];
