//! Codes for scope and resource.

use super::{Area, DOCUMENTED, Entry, Evidence, OBSERVED, Wording, observed, unwritten};

const fn scope(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Scope, code, name, evidence)
}

const SCOPE_REMEDY: &str = "use one resource followed by `/.default`, such as `https://management.azure.com/.default`";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        template: "Provided value for the input parameter scope '{scope}' isn't valid when requesting an access token. Specify a \
                   valid scope.",
        wording: Wording::Entra,
        cause: "Entra does not know the scope",
        remedy: SCOPE_REMEDY,
        ..scope(28002, "the scope is invalid", DOCUMENTED)
    },
    Entry {
        template: "Provided value for the input parameter scope can't be empty when requesting an access token. Specify a valid \
                   scope.",
        wording: Wording::Entra,
        cause: "The scope is empty",
        remedy: SCOPE_REMEDY,
        ..scope(28003, "the scope is empty", DOCUMENTED)
    },
    Entry {
        symbol: Some("InvalidResource"),
        status: Some(400),
        error: Some("invalid_resource"),
        template: "The application named {resource} was not found in the tenant named {tenant}.",
        wording: Wording::Entra,
        cause: "The resource does not exist in the tenant, or is disabled there",
        remedy: "check the resource in the scope: each cloud has its own addresses",
        ..scope(50001, "the resource is not found or disabled", OBSERVED)
    },
    Entry {
        symbol: Some("DelegationDoesNotExist"),
        error: Some("invalid_grant"),
        template: "The user or administrator has not consented to use the application with ID '{application}'. Send an interactive \
                   authorization request for this user and resource.",
        wording: Wording::Entra,
        cause: "The application has no consent for this resource in the tenant",
        remedy: "ask the administrator of the tenant to grant consent to the application",
        ..scope(65001, "consent is missing", DOCUMENTED)
    },
    Entry {
        symbol: Some("InvalidScope"),
        status: Some(400),
        error: Some("invalid_scope"),
        template: "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
        wording: Wording::Entra,
        cause: "The scope has an invalid form, often because `/.default` is missing after the resource",
        remedy: SCOPE_REMEDY,
        ..scope(70011, "the scope is invalid", OBSERVED)
    },
    Entry {
        symbol: Some("TokenForItselfMissingIdenticalAppIdentifier"),
        template: "Application '{application}' is requesting a token for itself. This scenario is supported only if resource is \
                   specified using the GUID based App Identifier.",
        wording: Wording::Entra,
        cause: "The application requests a token for itself by its name",
        remedy: "use `<client id>/.default` as scope",
        ..scope(90009, "an application requests a token for itself", DOCUMENTED)
    },
    Entry {
        template: "Microsoft Entra Regional ONLY supports auth either for MSIs OR for requests from MSAL using SN+I for 1P apps or \
                   3P apps in Microsoft infrastructure tenants.",
        wording: Wording::Entra,
        cause: "The request was sent to a regional authority such as `westeurope.login.microsoft.com`, which does not exchange ID tokens",
        remedy: "remove AZURE_REGIONAL_AUTHORITY_NAME, so that the tool uses the global authority",
        ..scope(100007, "regional authorities are not supported", DOCUMENTED)
    },
    Entry {
        symbol: Some("InvalidResourceServicePrincipalNotFound"),
        status: Some(400),
        error: Some("invalid_resource"),
        template: "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the \
                   application has not been installed by the administrator of the tenant or consented to by any user in the \
                   tenant. You might have sent your authentication request to the wrong tenant.",
        wording: Wording::Entra,
        cause: "The resource in the scope does not exist in this tenant: it is misspelt, belongs to another cloud, or the tenant \
                never used the service",
        remedy: "check the resource in the scope: its cloud, its slashes and its spelling",
        ..scope(500011, "the resource is not found in this tenant", OBSERVED)
    },
    Entry {
        template: "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions \
                   in the client's application registration. Client app ID: {application}. Resource value from request: {resource}.",
        wording: Wording::Entra,
        cause: "The application's registration does not list this resource",
        remedy: "add the resource under API permissions of the application",
        ..scope(650057, "the resource is not among the permissions", DOCUMENTED)
    },
    Entry {
        symbol: Some("InvalidMultipleResourcesScope"),
        template: "The provided value for the input parameter scope isn't valid because it contains more than one resource.",
        wording: Wording::Entra,
        cause: "One request contains scopes of several resources, and each needs its own request",
        remedy: "ask for the token of each resource separately, with one scope each",
        ..scope(700022, "several resources in one request", DOCUMENTED)
    },
    Entry {
        symbol: Some("InvalidResourcelessScope"),
        template: "The provided value for the input parameter scope isn't valid when requesting an access token.",
        wording: Wording::Entra,
        cause: "The scope names no resource",
        remedy: SCOPE_REMEDY,
        ..scope(700023, "the scope names no resource", DOCUMENTED)
    },
    Entry {
        template: "The 'resource' request parameter isn't supported.",
        wording: Wording::Entra,
        cause: "The request contains `resource` of the v1 endpoint, but was sent to the v2 endpoint",
        remedy: "send `scope` instead of `resource`, with `/.default` at the end",
        ..scope(901002, "`resource` is not supported", DOCUMENTED)
    },
    Entry {
        status: Some(400),
        error: Some("invalid_scope"),
        template: "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default \
                   suffixed to the resource identifier (application ID URI).",
        wording: Wording::Entra,
        cause: "The scope names a single permission or none. An application can only request all its permissions together",
        remedy: SCOPE_REMEDY,
        ..scope(1002012, "the scope must end in `/.default`", observed(2023))
    },
];
