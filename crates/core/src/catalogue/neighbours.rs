//! AADSTS codes that a job meets near an exchange: nothing was sent, a certificate or a secret was
//! sent, or the resource is not available to the application.

use super::{Area, DOCUMENTED, Entry, OBSERVED, Retry, unwritten};

const fn near(area: Area, code: u32, name: &'static str, template: &'static str) -> Entry {
    Entry { template, ..unwritten(area, code, name, DOCUMENTED) }
}

/// Codes of a certificate's assertion, which an exchange of an ID token does not have.
const fn certificate(code: u32, name: &'static str, template: &'static str) -> Entry {
    Entry {
        cause: "The application signed an assertion with a certificate that Entra does not accept. This is not an exchange of a CI \
                platform's ID token",
        remedy: "use the CI platform's ID token, or register a valid certificate on the application",
        ..near(Area::Client, code, name, template)
    }
}

const fn nothing_sent(code: u32, template: &'static str) -> Entry {
    Entry {
        cause: "The request contains neither an ID token nor a secret, often because the variable with the ID token is empty",
        remedy: "check with `azure-oidc doctor` in the job whether it has an ID token, and in which variable or file",
        error: Some("invalid_client"),
        ..near(Area::Client, code, "no assertion was sent", template)
    }
}

const fn busy(code: u32) -> Entry {
    Entry {
        cause: "The service is busy or has a temporary failure",
        remedy: "try again later; if the error remains, give the trace id to Microsoft's support",
        retry: Retry::Later,
        ..near(
            Area::Access,
            code,
            "a temporary failure",
            "A transient error has occurred. The service is temporarily unavailable.",
        )
    }
}

const fn no_tenant(code: u32) -> Entry {
    Entry {
        cause: "Neither the URL of the request nor its credentials name a tenant",
        remedy: "give the tenant id: in AZURE_TENANT_ID, or by the option of the tool that signs in",
        ..near(Area::Request, code, "the tenant is missing", "No tenant-identifying information is in the request.")
    }
}

/// Codes that say in other words that the scope names no resource that can be had.
const fn no_resource(code: u32, template: &'static str) -> Entry {
    Entry {
        cause: "The resource in the scope is empty, misspelt, or one that Entra issues no tokens for",
        remedy: "give the resource's URI or id followed by `/.default`, such as `https://management.azure.com/.default`",
        ..near(Area::Scope, code, "the resource in the scope is invalid", template)
    }
}

const fn several_tenants(code: u32, template: &'static str) -> Entry {
    Entry {
        cause: "The URL of the request contains `common` or `consumers` instead of a tenant",
        remedy: "give the tenant id: in AZURE_TENANT_ID, or by the option of the tool that signs in",
        ..near(Area::Request, code, "a specific tenant is required", template)
    }
}

const fn tenant_restricted(code: u32) -> Entry {
    Entry {
        cause: "The network from which the job signs in allows only some tenants (tenant restrictions), and not this one",
        remedy: "ask the network's administrator to allow this tenant in the tenant restrictions",
        ..near(Area::Access, code, "the network does not allow this tenant", "Access to tenant '{tenant}' is denied.")
    }
}

const RESOURCE_DISABLED: &str = "The resource of the scope is disabled in this tenant: its service principal is switched off, or the \
                                 subscription of the tenant has lapsed";
const RESOURCE_REMEDY: &str = "ask the administrator of the tenant to enable the resource's service principal";

pub(super) const ENTRIES: &[Entry] = &[
    busy(50004),
    busy(50033),
    no_tenant(50059),
    Entry {
        cause: "The enterprise application of the resource requires assignment, and the identity is not assigned to it",
        remedy: "ask the administrator to assign the identity to the resource's enterprise application, or to switch off `Assignment \
                 required` there",
        ..near(
            Area::Scope,
            50105,
            "the identity is not assigned to the application",
            "The identity must be assigned to the application.",
        )
    },
    no_tenant(50128),
    Entry {
        cause: "The application is registered for one tenant, and the request was sent to `common` or `organizations`",
        remedy: "use the tenant id of the application instead",
        ..near(
            Area::Request,
            50194,
            "a specific tenant is required",
            "The application is not a multi-tenant application. Use a tenant-specific endpoint instead of /common.",
        )
    },
    Entry {
        cause: "The discovery document of the token's issuer (`/.well-known/openid-configuration`) is incomplete: it lacks the field \
                that the message names",
        remedy: "have the issuer publish the missing field, such as `jwks_uri`, in its discovery document",
        retry: Retry::AfterChange,
        ..near(
            Area::Assertion,
            70024,
            "the issuer's discovery document is incomplete",
            "OIDC Provider Metadata missing required field '{field}'.",
        )
    },
    busy(90006),
    busy(90030),
    busy(90031),
    busy(90032),
    busy(90035),
    busy(90039),
    busy(90041),
    busy(90090),
    busy(90091),
    several_tenants(90124, "The resource '{resource}' is not supported over the /common or /consumers endpoints."),
    several_tenants(
        90129,
        "The resource has token version 1 and is not supported over the /common or /consumers endpoints.",
    ),
    several_tenants(90130, "The application is not supported over the /common or /consumers endpoints."),
    busy(90202),
    no_resource(500_012, "The resource application name '{resource}' is not valid."),
    no_resource(500_013, "The resource identifier is not provided."),
    Entry {
        cause: RESOURCE_DISABLED,
        remedy: RESOURCE_REMEDY,
        ..near(
            Area::Scope,
            500_014,
            "the resource is disabled",
            "The service principal for resource '{resource}' is disabled.",
        )
    },
    tenant_restricted(500_021),
    tenant_restricted(500_022),
    Entry {
        error: Some("invalid_grant"),
        cause: "The enterprise application of the resource requires assignment, and the client's service principal has no app role \
                there. Entra accepted the ID token. The message names the client and the resource",
        remedy: "assign an app role of the resource to the client's service principal, or set `Assignment required` to No on the \
                 resource's enterprise application",
        template: "Application '{application}' is not assigned to a role for the '{resource}'.",
        ..unwritten(Area::Scope, 501_051, "the application has no role for the resource", OBSERVED)
    },
    Entry {
        cause: "The tenant has no service principal of the service that the application asks for",
        remedy: "ask the administrator of the tenant to add or buy the service whose id is in the message",
        ..near(
            Area::Scope,
            650_052,
            "the tenant does not have the service",
            "The application asks for a service for which the organization has no service principal.",
        )
    },
    Entry {
        cause: "This application id cannot be used for this request",
        remedy: "use the `Application (client) ID` of an application of your own in this tenant",
        ..near(
            Area::Client,
            700_019,
            "the application id cannot be used",
            "The application ID cannot be used or is not authorized.",
        )
    },
    Entry {
        cause: "The application has no key, certificate or credential for the assertion that was sent",
        remedy: "create a federated identity credential on the application with this client id",
        ..near(Area::Client, 700_026, "the application has no keys", "The client application has no configured keys.")
    },
    certificate(700_028, "the certificate is not allowed", "The certificate with this thumbprint is not authorized."),
    certificate(700_029, "the certificate is invalid", "The signing certificate is invalid."),
    certificate(
        700_030,
        "the certificate has another subject name",
        "The certificate is invalid: its subject name is not authorized.",
    ),
    certificate(700_031, "the certificate has no subject name", "The certificate's subject name is missing."),
    certificate(700_032, "no certificate subject is trusted", "The application's trusted subjects are missing."),
    Entry {
        cause: "The client id in the request is a row of zeros: a variable was not filled",
        remedy: "give the client id: in AZURE_CLIENT_ID, or by the option of the tool that signs in",
        ..near(Area::Client, 700_038, "the client id is all zeros", "The zeros are not a valid application identifier.")
    },
    no_resource(700_039, "The zeros are not a valid resource identifier."),
    Entry {
        cause: "A field that this grant needs is missing in the request, often because a variable is empty",
        remedy: "send the field that the message names",
        ..near(
            Area::Request,
            900_143,
            "a field of the request is missing",
            "'{parameter}' is required for the '{grant_type}' grant type.",
        )
    },
    certificate(
        1_000_502,
        "the certificate is not valid now",
        "The provided certificate is not within its validity window.",
    ),
    Entry {
        cause: "The program that signs in uses TLS 1.0, TLS 1.1 or 3DES, which Entra no longer accepts",
        remedy: "use a newer version of the program, and of the system it runs on, with TLS 1.2 or later",
        ..near(
            Area::Request,
            1_002_016,
            "the version of TLS is too old",
            "The request used a deprecated version of TLS or a deprecated cipher.",
        )
    },
    several_tenants(1_002_026, "The common endpoint for app tokens is deprecated. Use the tenanted endpoint instead."),
    Entry {
        cause: "Header or token use something that Entra does not support",
        remedy: "use the CI platform's ID token; an issuer of your own signs with RS256 and writes only `alg`, `kid` and `typ`",
        ..near(
            Area::Assertion,
            5_002_726,
            "the token's header is not supported",
            "Invalid JWT token. Found an unsupported token header.",
        )
    },
    Entry {
        cause: "The request names several client ids",
        remedy: "send one client id only, the one of the application with the credential",
        ..near(
            Area::Client,
            7_000_110,
            "several client ids",
            "The request is ambiguous: it has multiple application identifiers.",
        )
    },
    Entry {
        cause: "Sign-in is disabled for the application in this tenant",
        remedy: "enable sign-in under Enterprise applications, Properties, `Enabled for users to sign-in`",
        ..near(
            Area::Client,
            7_000_116,
            "the application is disabled",
            "The client application '{application}' is disabled in the tenant.",
        )
    },
    Entry {
        cause: RESOURCE_DISABLED,
        remedy: RESOURCE_REMEDY,
        ..near(
            Area::Scope,
            7_000_117,
            "the resource is disabled",
            "The resource application '{resource}' is disabled in the tenant.",
        )
    },
    certificate(
        7_000_210,
        "no certificate authority is trusted",
        "The trusted certificate authority policy is missing.",
    ),
    certificate(7_000_211, "no certificate authority is trusted", "The tenant trusts no certificate authority."),
    certificate(7_000_212, "no certificate authority is trusted", "No trusted authority has this subject name."),
    certificate(7_000_213, "the certificate's chain is invalid", "The certificate chain is invalid."),
    certificate(7_000_214, "the certificate was revoked", "The certificate has been revoked."),
    nothing_sent(
        7_000_216,
        "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
    ),
    Entry {
        cause: "The application has no service principal in this tenant",
        remedy: "create it with `az ad sp create --id CLIENT_ID`",
        ..near(
            Area::Client,
            7_000_217,
            "the application has no service principal",
            "The service principal was not found in the tenant, or the application was not installed there.",
        )
    },
    nothing_sent(7_000_219, "'client_assertion' or 'client_secret' is required for the '{grant_type}' grant type."),
    certificate(7_000_221, "the certificate has another subject", "The subject must match the assertion's issuer."),
    Entry {
        cause: "The certificate of a managed identity was sent for an application that is no managed identity",
        remedy: "use the client id of the managed identity whose token is sent",
        ..near(
            Area::Client,
            7_000_225,
            "the application is not a managed identity",
            "A managed identity's (MSI) certificate was sent for an application that is not an MSI.",
        )
    },
    Entry {
        cause: "The application has no federated identity credential for the managed identity that signed the assertion. The message \
                names the subject, issuer and audience that Entra expected",
        remedy: "create a credential on the application with the subject, issuer and audience in the message",
        retry: Retry::AfterChange,
        ..near(
            Area::Federation,
            7_000_227,
            "no credential for this managed identity",
            "No Federated Identity Credential policy found on the application that matched the managed identity's (MSI) assertion.",
        )
    },
    Entry {
        cause: "The request contains several kinds of proof, such as a secret and an ID token",
        remedy: "remove the client secret from the configuration, so that only the ID token is sent",
        ..near(
            Area::Client,
            9_002_324,
            "several client credentials were sent",
            "The request contains more than one client credential: 'client_secret', 'client_assertion' or 'request'.",
        )
    },
];
