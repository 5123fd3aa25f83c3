//! Codes for scope and resource.

use super::{Area, DOCUMENTED, Entry, Evidence, OBSERVED, Wording, observed, unwritten};

const fn scope(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Scope, code, name, evidence)
}

const SCOPE_REMEDY: &str = "use one resource followed by `/.default`, such as `https://management.azure.com/.default`, or a short \
                            name such as `arm`";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        template: "Provided value for the input parameter scope '{scope}' isn't valid when requesting an access token. Specify a \
                   valid scope.",
        wording: Wording::Entra,
        cause: "The scope is not one that Entra knows",
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
        remedy: "check the resource in the scope, above all its cloud: each has addresses of its own",
        ..scope(50001, "the resource is not found or disabled", OBSERVED)
    },
    Entry {
        symbol: Some("DelegationDoesNotExist"),
        error: Some("invalid_grant"),
        template: "The user or administrator has not consented to use the application with ID '{application}'. Send an interactive \
                   authorization request for this user and resource.",
        wording: Wording::Entra,
        cause: "The application was not given consent for this resource in the tenant",
        remedy: "ask the administrator of the tenant to grant consent to the application",
        ..scope(65001, "consent is missing", DOCUMENTED)
    },
    Entry {
        symbol: Some("InvalidScope"),
        status: Some(400),
        error: Some("invalid_scope"),
        template: "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
        wording: Wording::Entra,
        cause: "The scope has a form that Entra does not take, often a resource without `/.default`",
        remedy: SCOPE_REMEDY,
        ..scope(70011, "the scope is invalid", OBSERVED)
    },
    Entry {
        symbol: Some("TokenForItselfMissingIdenticalAppIdentifier"),
        template: "Application '{application}' is requesting a token for itself. This scenario is supported only if resource is \
                   specified using the GUID based App Identifier.",
        wording: Wording::Entra,
        cause: "The application asks for a token for itself by its name",
        remedy: "use `<client id>/.default` as scope",
        ..scope(90009, "an application asks for a token for itself", DOCUMENTED)
    },
    Entry {
        template: "Microsoft Entra Regional ONLY supports auth either for MSIs OR for requests from MSAL using SN+I for 1P apps or \
                   3P apps in Microsoft infrastructure tenants.",
        wording: Wording::Entra,
        cause: "A regional authority such as `westeurope.login.microsoft.com` was used; those do not exchange ID tokens",
        remedy: "use the global authority, and leave AZURE_REGIONAL_AUTHORITY_NAME unset",
        ..scope(100007, "regional authorities are not for this", DOCUMENTED)
    },
    Entry {
        symbol: Some("InvalidResourceServicePrincipalNotFound"),
        status: Some(400),
        error: Some("invalid_resource"),
        template: "The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the \
                   application has not been installed by the administrator of the tenant or consented to by any user in the \
                   tenant. You might have sent your authentication request to the wrong tenant.",
        wording: Wording::Entra,
        cause: "The resource in the scope does not exist in this tenant: a typing error, another cloud's address, or a service \
                that was never used there",
        remedy: "check the resource in the scope, above all its cloud, its slashes and its spelling",
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
        cause: "Scopes of several resources stand in one request; each needs a request of its own",
        remedy: "give each resource a `--scope` of its own: they are requested one by one",
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
        cause: "`resource` belongs to the v1 endpoint, this is v2",
        remedy: "send `scope` in place of `resource`, with `/.default` at its end",
        ..scope(901002, "`resource` is not supported", DOCUMENTED)
    },
    Entry {
        status: Some(400),
        error: Some("invalid_scope"),
        template: "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default \
                   suffixed to the resource identifier (application ID URI).",
        wording: Wording::Entra,
        cause: "The scope names a single permission, or nothing; an application can only ask for all that it was given",
        remedy: SCOPE_REMEDY,
        ..scope(1002012, "the scope must end in `/.default`", observed(2023))
    },
];
