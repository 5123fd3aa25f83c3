//! Tests missing and wrong settings: the fault names variable and option before anything is sent.

use azure_oidc_tests::Stage;

use crate::case::{Case, STEP};

#[test]
fn a_missing_or_wrong_setting_is_named_before_anything_is_sent() {
    for case in CASES {
        case.check();
    }
}

#[test]
fn unused_variables_are_ignored() {
    let stage = Stage::new();
    for (name, value) in UNUSED {
        stage.harness(&stage.id_token()).env(name, value).run().expect(0);
    }
    assert_eq!(stage.requests().len(), UNUSED.len());
}

const UNUSED: &[(&str, &str)] = &[
    ("DRONE_BUILD_NUMBER", ""),
    ("DRONE_REPO_PRIVATE", "maybe"),
    ("PLUGIN_SCOPE", ""),
    ("PLUGIN_LOG_LEVEL", "shout"),
    ("PLUGIN_UNKNOWN", "\u{7}"),
    ("AZURE_TENANT_ID", "not a tenant, and not looked at"),
    ("AZURE_CLIENT_SECRET", "not looked at either"),
    ("GITHUB_ACTIONS", "true"),
    ("RUST_LOG", "trace"),
    ("RUST_BACKTRACE", "full"),
];

const ALL_TENANTS: &[&str] = &["--tenant-id", "PLUGIN_TENANT_ID", "AZURE_TENANT_ID", "ARM_TENANT_ID"];
const ALL_CLIENTS: &[&str] = &["--client-id", "PLUGIN_CLIENT_ID", "AZURE_CLIENT_ID", "ARM_CLIENT_ID"];
const USAGE: Case = Case { exit: 2, ..STEP };

const CASES: &[Case] = &[
    Case {
        name: "an empty tenant counts as absent",
        set: &[("PLUGIN_TENANT_ID", "")],
        code: "tenant-id-missing",
        names: ALL_TENANTS,
        ..USAGE
    },
    Case {
        name: "an empty client counts as absent",
        set: &[("PLUGIN_CLIENT_ID", ""), ("AZURE_CLIENT_ID", "")],
        code: "client-id-missing",
        names: ALL_CLIENTS,
        ..USAGE
    },
    Case {
        name: "an empty token counts as absent",
        set: &[("PLUGIN_OIDC_TOKEN_ID", "")],
        code: "id-token-missing",
        names: &["PLUGIN_OIDC_TOKEN_ID", "--id-token-env"],
        exit: 3,
        ..STEP
    },
    Case {
        name: "a variable named for the token that is not set",
        args: &["--id-token-env", "NO_SUCH_VARIABLE"],
        code: "id-token-missing",
        names: &["NO_SUCH_VARIABLE"],
        exit: 3,
        ..STEP
    },
    Case {
        name: "a tenant with a letter that no GUID has",
        set: &[("PLUGIN_TENANT_ID", "1111111g-1111-4111-8111-111111111111")],
        code: "tenant-id-invalid",
        names: &["PLUGIN_TENANT_ID", "character 8 is `g`"],
        ..USAGE
    },
    Case {
        name: "a placeholder in the form of a GUID",
        set: &[("PLUGIN_CLIENT_ID", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")],
        code: "client-id-invalid",
        names: &["PLUGIN_CLIENT_ID"],
        ..USAGE
    },
    Case {
        name: "a client by its name",
        args: &["--client-id", "deployer"],
        code: "client-id-invalid",
        names: &["--client-id", "GUID"],
        ..USAGE
    },
    Case {
        name: "an expression that was not replaced",
        set: &[("PLUGIN_TENANT_ID", "<+secrets.getValue(\"tenant\")>")],
        code: "tenant-id-invalid",
        names: &["PLUGIN_TENANT_ID", "placeholder"],
        ..USAGE
    },
    Case {
        name: "a tenant that is none in particular",
        args: &["--tenant-id", "common"],
        code: "tenant-id-invalid",
        names: &["--tenant-id", "common"],
        ..USAGE
    },
    Case {
        name: "an unknown cloud",
        args: &["--cloud", "mars"],
        code: "cloud-unknown",
        names: &["--cloud", "mars", "usgov"],
        ..USAGE
    },
    Case {
        name: "a cloud and an authority of another",
        set: &[("PLUGIN_AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us")],
        args: &["--cloud", "china"],
        code: "cloud-and-authority-differ",
        names: &["--cloud", "PLUGIN_AZURE_AUTHORITY_HOST"],
        ..USAGE
    },
    Case {
        name: "a scope without its ending",
        set: &[("PLUGIN_SCOPE", "https://management.azure.com")],
        code: "scope-invalid",
        names: &["PLUGIN_SCOPE", "`https://management.azure.com/.default`"],
        ..USAGE
    },
    Case {
        name: "one wrong scope among good ones",
        args: &["--scope", "https://management.azure.com/.default,https://graph.microsoft.com/User.Read"],
        code: "scope-invalid",
        names: &["--scope", "User.Read"],
        ..USAGE
    },
    Case {
        name: "an authority over plain http",
        set: &[("PLUGIN_AZURE_AUTHORITY_HOST", "http://login.microsoftonline.com")],
        code: "authority-invalid",
        names: &["PLUGIN_AZURE_AUTHORITY_HOST", "unencrypted"],
        ..USAGE
    },
    Case {
        name: "an authority with a path",
        set: &[("PLUGIN_AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/tenant")],
        code: "authority-invalid",
        names: &["PLUGIN_AZURE_AUTHORITY_HOST", "path"],
        ..USAGE
    },
    Case {
        name: "a name that no variable can have",
        args: &["--output-name", "AZURE-TOKEN"],
        code: "output-name-invalid",
        names: &["--output-name", "AZURE-TOKEN"],
        ..USAGE
    },
    Case {
        name: "more names than scopes",
        args: &["--output-name", "ONE,TWO"],
        code: "output-names-do-not-fit",
        names: &["--output-name"],
        ..USAGE
    },
    Case { name: "an unknown flag", args: &["--tenant", "x"], code: "usage", names: &["--tenant"], ..USAGE },
    Case {
        name: "an unknown platform",
        args: &["--platform", "travis"],
        code: "usage",
        names: &["--platform", "harness"],
        ..USAGE
    },
    Case { name: "a time that is none", args: &["--timeout", "soon"], code: "usage", names: &["--timeout"], ..USAGE },
    Case {
        name: "credentials that cannot be read",
        args: &["--credential", "/nonexistent/fics.json"],
        code: "file-unreadable",
        names: &["--credential", "/nonexistent/fics.json"],
        ..USAGE
    },
    Case {
        name: "a CA file that is not there",
        args: &["--ca-file", "/nonexistent/ca.pem"],
        code: "ca-file-unusable",
        names: &["--ca-file", "/nonexistent/ca.pem"],
        ..USAGE
    },
    Case {
        name: "a destination that is none",
        args: &["--allow-host", "https://example.com/x"],
        code: "allow-host-malformed",
        names: &["--allow-host"],
        ..USAGE
    },
];
