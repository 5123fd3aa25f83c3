//! The environment of the command: what is set, and what is removed.

use azure_oidc_tests::{APPLICATION, Stage, TENANT, secrets};

use crate::exec;

fn value<'a>(output: &'a str, name: &str) -> Option<&'a str> {
    output.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn the_command_finds_the_endpoints() {
    let stage = Stage::new();
    let output = exec(&stage, &[], "env").run().expect(0).stdout;
    let endpoint = value(&output, "IDENTITY_ENDPOINT").expect("it is set");
    assert!(endpoint.starts_with("http://127.0.0.1:") && !endpoint.contains(['?', '@']), "{endpoint}");
    let request = value(&output, "ARM_OIDC_REQUEST_URL").expect("it is set");
    assert!(request.starts_with("http://127.0.0.1:") && request.contains("?audience="), "{request}");
    let secrets = ["IDENTITY_HEADER", "ARM_OIDC_REQUEST_TOKEN"].map(|name| value(&output, name).expect("it is set"));
    assert!(secrets[0] != secrets[1] && secrets.iter().all(|secret| secret.len() >= 32), "{secrets:?}");
    for (name, expected) in [
        ("ARM_USE_OIDC", "true"),
        ("ARM_CLIENT_ID", APPLICATION),
        ("AZURE_CLIENT_ID", APPLICATION),
        ("ARM_TENANT_ID", TENANT),
        ("AZURE_TENANT_ID", TENANT),
    ] {
        assert_eq!(value(&output, name), Some(expected), "{name}");
    }
    let other = exec(&stage, &[], "env").run().expect(0).stdout;
    assert_ne!(value(&other, "IDENTITY_HEADER"), Some(secrets[0]), "each run has its own secrets");
}

#[test]
fn other_credentials_are_removed_and_named_without_their_values() {
    let stage = Stage::new();
    let token = stage.id_token();
    let mut job = exec(&stage, &[], "env").env("MY_TOKEN", &token).env("A_COPY", &token).env("KEPT", "kept");
    let names = [
        "AZURE_CLIENT_SECRET",
        "AZURE_USERNAME",
        "AZURE_PASSWORD",
        "AZURE_TOKEN_CREDENTIALS",
        "MSI_ENDPOINT",
        "MSI_SECRET",
        "IMDS_ENDPOINT",
        "IDENTITY_SERVER_THUMBPRINT",
        "ACC_CLOUD",
        "ARM_CLIENT_SECRET",
        "ARM_OIDC_TOKEN",
        "ARM_USE_MSI",
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    ];
    for name in names {
        job = job.env(name, "the-old-value");
    }
    // Empty counts as set for some SDKs.
    let ran = job.env("AZURE_CLIENT_CERTIFICATE_PATH", "").run().expect(0);
    for name in names.iter().chain(&["AZURE_CLIENT_CERTIFICATE_PATH", "MY_TOKEN", "A_COPY"]) {
        assert_eq!(value(&ran.stdout, name), None, "{name}");
    }
    assert_eq!(value(&ran.stdout, "KEPT"), Some("kept"));
    for name in names.iter().chain(&["MY_TOKEN", "A_COPY"]) {
        assert!(ran.stderr.contains(name), "{name} is not named: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("the-old-value"), "{}", ran.stderr);
    secrets::assert_none_printed(&ran, &token);
}

#[test]
fn the_id_token_stays_where_it_is_asked_for() {
    let stage = Stage::new();
    let token = stage.id_token();
    let ran = exec(&stage, &["--keep-id-token"], "env").env("MY_TOKEN", &token).run().expect(0);
    assert_eq!(value(&ran.stdout, "MY_TOKEN"), Some(&*token));
}

#[test]
fn a_proxy_is_never_used_for_the_endpoints() {
    let stage = Stage::new();
    let ran = exec(&stage, &[], "env")
        .env("http_proxy", "http://127.0.0.1:1")
        .env("NO_PROXY", "localhost,example.com")
        .run()
        .expect(0);
    for name in ["NO_PROXY", "no_proxy"] {
        let list = value(&ran.stdout, name).unwrap_or_default();
        assert!(list.split(',').any(|entry| entry == "127.0.0.1"), "{name}: {list}");
    }
    assert!(value(&ran.stdout, "NO_PROXY").expect("it is set").contains("example.com"));
}
