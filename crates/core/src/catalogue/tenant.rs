//! AADSTS codes about the tenant, the cloud and the form of the request.

use super::{Area, DOCUMENTED, Entry, Evidence, OBSERVED, THIRD_PARTY, Wording, observed, third_party, unwritten};

const fn request(code: u32, name: &'static str, evidence: Evidence) -> Entry {
    unwritten(Area::Request, code, name, evidence)
}

const CLOUD_REMEDY: &str = "use the authority of the tenant's cloud, for example `--cloud usgov` or `--cloud china`";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        symbol: Some("NoSuchInstanceForDiscovery"),
        status: Some(400),
        error: Some("invalid_instance"),
        template: "Unknown or invalid instance.",
        wording: Wording::Entra,
        cause: "A client library asked Entra whether the authority host belongs to Entra, and it does not",
        remedy: "correct the authority host; for a host of your own, disable instance discovery in the library",
        ..request(50049, "the authority host is unknown", OBSERVED)
    },
    Entry {
        symbol: Some("UnsupportedGrantType"),
        status: Some(400),
        error: Some("unsupported_grant_type"),
        template: "The app requested an unsupported grant type '{grant_type}'.",
        wording: Wording::Entra,
        cause: "`grant_type` is not `client_credentials`",
        remedy: "send `grant_type=client_credentials`",
        ..request(70003, "the grant type is not supported", observed(2024))
    },
    Entry {
        symbol: Some("InvalidTenantName"),
        status: Some(400),
        error: Some("invalid_request"),
        template: "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
                   cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for \
                   the tenant.",
        wording: Wording::Entra,
        cause: "No tenant of this cloud has this id or domain name",
        remedy: "check the tenant id with `az account show --query tenantId`, and the cloud",
        ..request(90002, "the tenant is not found", OBSERVED)
    },
    Entry {
        symbol: Some("InvalidUserInput"),
        template: "Invalid input received from the user.",
        wording: Wording::Entra,
        cause: "A value in the request has an invalid form",
        remedy: "check tenant id, client id and scope for extra characters, quotes and unexpanded variables",
        ..request(90013, "a value of the request is invalid", DOCUMENTED)
    },
    Entry {
        symbol: Some("MissingTenantRealm"),
        template: "No tenant-identifying information found in either the request or implied by any provided credentials.",
        wording: Wording::Entra,
        cause: "The URL of the request contains no tenant",
        remedy: "give the tenant id: in AZURE_TENANT_ID, or by the option of the tool that signs in",
        ..request(90019, "the tenant is missing", DOCUMENTED)
    },
    Entry {
        symbol: Some("NationalCloudTenantRedirection"),
        template: "The specified tenant '{tenant}' belongs to another national cloud.",
        cause: "The tenant belongs to another cloud than the authority",
        remedy: CLOUD_REMEDY,
        ..request(90038, "the tenant belongs to another cloud", DOCUMENTED)
    },
    Entry {
        status: Some(400),
        error: Some("invalid_request"),
        template: "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.",
        wording: Wording::Entra,
        cause: "The tenant in the URL is neither a GUID nor a domain name, often because a variable is empty or not expanded",
        remedy: "check the tenant id: it is a GUID or a verified domain name",
        ..request(900023, "the tenant id is invalid", observed(2024))
    },
    Entry {
        status: Some(400),
        error: Some("invalid_request"),
        template: "The request body must contain the following parameter: '{parameter}'.",
        wording: Wording::Entra,
        cause: "A field of the form is missing or empty, or the body is not `application/x-www-form-urlencoded`",
        remedy: "send the missing field; usually a variable is not set",
        ..request(900144, "a field of the request is missing", OBSERVED)
    },
    Entry {
        template: "Confidential Client is not supported in Cross Cloud request.",
        wording: Wording::Entra,
        cause: "The tenant belongs to another cloud than the authority",
        remedy: CLOUD_REMEDY,
        ..request(900382, "tenant and authority are in different clouds", DOCUMENTED)
    },
    Entry {
        template: "Confidential Client is not supported in Cross Cloud request.",
        wording: Wording::Entra,
        cause: "The tenant belongs to another cloud than the authority",
        remedy: CLOUD_REMEDY,
        ..request(900432, "tenant and authority are in different clouds", DOCUMENTED)
    },
    Entry {
        symbol: Some("USGClientNotSupportedOnPublicEndpoint"),
        template: "US Government clients are not supported on the public endpoint.",
        cause: "The request for a tenant of the US Government cloud was sent to the public authority",
        remedy: "use `--cloud usgov`, whose authority is `login.microsoftonline.us`",
        ..request(900439, "a US Government tenant at the public authority", third_party(2026))
    },
    Entry {
        symbol: Some("PublicTenantNotSupportedOnUSGovEndpoint"),
        template: "Public cloud tenants are not supported on the US Government endpoint.",
        cause: "The request for a tenant of the public cloud was sent to the US Government authority",
        remedy: "use `--cloud public`, whose authority is `login.microsoftonline.com`",
        ..request(900440, "a public tenant at the US Government authority", third_party(2026))
    },
    Entry {
        symbol: Some("BadResourceRequestInvalidRequest"),
        template: "The endpoint only accepts POST requests. Received a {method} request.",
        wording: Wording::Entra,
        cause: "The request to the token endpoint had another method. A redirect can turn POST into GET",
        remedy: "send POST to the token endpoint, without a proxy that redirects",
        ..request(900561, "only POST is accepted", DOCUMENTED)
    },
    Entry {
        template: "This tenant is blocked.",
        cause: "Microsoft or the tenant's owner blocked the tenant",
        remedy: "ask the administrator of the tenant to contact Microsoft's support",
        ..request(5000224, "the tenant is blocked", THIRD_PARTY)
    },
    Entry {
        template: "This tenant has been blocked due to inactivity.",
        wording: Wording::Entra,
        cause: "The tenant was not used for a long time and was disabled",
        remedy: "ask the administrator of the tenant to have it reactivated by Microsoft's support",
        ..request(5000225, "the tenant is blocked because of inactivity", THIRD_PARTY)
    },
    Entry {
        template: "The resource is blocked for this tenant.",
        cause: "The tenant or the resource is blocked",
        remedy: "ask the administrator of the tenant to contact Microsoft's support",
        ..request(5000229, "the resource is blocked", THIRD_PARTY)
    },
    Entry {
        template: "The grant type isn't supported over the /common or /consumers endpoints. Please use the /organizations or \
                   tenant-specific endpoint.",
        wording: Wording::Entra,
        cause: "The URL contains `common` or `consumers` instead of a tenant",
        remedy: "use the tenant id instead",
        ..request(9001023, "a specific tenant is required", DOCUMENTED)
    },
    Entry {
        symbol: Some("InvalidRequest"),
        error: Some("invalid_request"),
        template: "Invalid request. Request is malformed or invalid.",
        wording: Wording::Entra,
        cause: "Entra could not parse the body of the request as a form",
        remedy: "send the fields form-encoded, with `Content-Type: application/x-www-form-urlencoded`",
        ..request(9002313, "the request is malformed", DOCUMENTED)
    },
    Entry {
        status: Some(400),
        error: Some("invalid_request"),
        template: "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: \
                   '{origin}'.",
        wording: Wording::Entra,
        cause: "The request has an `Origin` header, as each request of a web page has. Entra trades no ID token \
                for a page",
        remedy: "send the request from the job or a server; `azure-oidc exchange` and `azure-oidc serve` send no `Origin`",
        ..request(9002326, "a web page asked for the token", DOCUMENTED)
    },
];
