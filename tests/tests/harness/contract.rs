//! Tests the contract of a step: settings, the single request, output files.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use azure_oidc_emulator::config;
use azure_oidc_emulator::log::Fingerprint;
use azure_oidc_tests::proxy::Proxy;
use azure_oidc_tests::stage::{ARM, GRAPH};
use azure_oidc_tests::{APPLICATION, Stage, TENANT, secrets, tokens};

/// The authority when a step does not set `PLUGIN_AZURE_AUTHORITY_HOST`.
const PUBLIC_AUTHORITY: &str = "login.microsoftonline.com";

#[test]
fn a_step_with_only_the_plugins_settings_gets_its_token() {
    let stage = Stage::with_config(
        &config::DEFAULT
            .replace("# hostnames = [\"localhost\"]", "hostnames = [\"localhost\", \"login.microsoftonline.com\"]"),
    );
    // The authority is the public cloud's. The proxy connects to the emulator instead.
    let proxy = Proxy::leading_to(stage.emulator.url());
    let job = stage.harness(&stage.id_token()).without("PLUGIN_AZURE_AUTHORITY_HOST").env("HTTPS_PROXY", proxy.url());
    let ran = job.run().expect(0);
    assert_eq!(proxy.opened(), [format!("{PUBLIC_AUTHORITY}:443")]);
    assert_eq!(ran.stdout, "");
    assert!(stage.output("secrets", "AZURE_ACCESS_TOKEN").is_some());
    assert_eq!(
        stage.only_request().form["scope"],
        ARM,
        "the default scope is Azure Resource Manager of the public cloud"
    );
}

#[test]
fn one_scope_is_one_request_with_the_five_fields_and_headers_that_entra_documents() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    stage.harness(&id_token).run().expect(0);

    let request = stage.only_request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", &*format!("/{TENANT}/oauth2/v2.0/token")));
    assert_eq!(request.status, Some(200));
    let names: Vec<_> = request.form.keys().map(String::as_str).collect();
    assert_eq!(names, ["client_assertion", "client_assertion_type", "client_id", "grant_type", "scope"]);
    assert_eq!(request.form["client_id"], APPLICATION);
    assert_eq!(request.form["grant_type"], "client_credentials");
    assert_eq!(request.form["scope"], ARM);
    assert_eq!(request.form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    assert_eq!(request.assertion, Some(Fingerprint::of(&id_token)), "the ID token arrives byte for byte");
    assert!(request.query.is_empty(), "{:?}", request.query);
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(request.headers["accept"], "application/json");
    assert_eq!(request.headers["user-agent"], format!("azure-oidc/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(request.headers["client-request-id"].len(), 36);
    assert_eq!(request.headers["return-client-request-id"], "true");
    for header in ["authorization", "cookie", "origin", "referer"] {
        assert!(!request.headers.contains_key(header), "{header}");
    }
}

#[test]
fn every_request_has_an_id_of_its_own() {
    let stage = Stage::new();
    for _ in 0..3 {
        stage.harness(&stage.id_token()).run().expect(0);
    }
    let ids: BTreeSet<_> =
        stage.requests().iter().map(|request| request.headers["client-request-id"].clone()).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
}

#[test]
fn the_secret_file_gets_one_line_and_only_its_owner_can_read_it() {
    let stage = Stage::new();
    stage.harness(&stage.id_token()).run().expect(0);
    let text = stage.read("secrets");
    assert_eq!(text.lines().count(), 1);
    assert!(text.ends_with('\n'));
    let token = stage.output("secrets", "AZURE_ACCESS_TOKEN").unwrap();
    assert_eq!(tokens::claims(&token)["aud"], "https://management.azure.com");
    assert_eq!(mode(&stage, "secrets"), 0o600);
}

#[test]
fn an_existing_output_file_keeps_its_lines_and_its_mode() {
    let stage = Stage::new();
    for (before, after) in
        [("EARLIER=1\n", "EARLIER=1\nAZURE_ACCESS_TOKEN="), ("OPEN=1", "OPEN=1\nAZURE_ACCESS_TOKEN=")]
    {
        let path = stage.write("secrets", before);
        fs::set_permissions(path, fs::Permissions::from_mode(0o664)).unwrap();
        stage.harness(&stage.id_token()).run().expect(0);
        assert!(stage.read("secrets").starts_with(after), "{}", stage.read("secrets"));
        assert_eq!(mode(&stage, "secrets"), 0o664);
    }
}

#[test]
fn expiry_and_scope_go_to_the_plain_outputs_if_the_step_has_them() {
    let stage = Stage::new();
    stage.harness(&stage.id_token()).env("DRONE_OUTPUT", stage.path("plain")).run().expect(0);
    let plain = stage.read("plain");
    assert_eq!(plain.lines().count(), 2, "{plain}");
    assert_eq!(stage.output("plain", "AZURE_ACCESS_TOKEN_SCOPE").as_deref(), Some(ARM));
    let expires = stage.output("plain", "AZURE_ACCESS_TOKEN_EXPIRES_ON").unwrap();
    assert!(expires.len() == 20 && expires.ends_with('Z'), "{expires}");
    secrets::assert_none(&plain, "");
}

#[test]
fn a_step_without_plain_outputs_gets_only_the_secret_one() {
    let stage = Stage::new();
    stage.harness(&stage.id_token()).env("DRONE_OUTPUT", "").run().expect(0);
    let files: Vec<_> = fs::read_dir(stage.folder()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(files, ["secrets"]);
}

#[test]
fn no_secret_is_printed_and_stdout_stays_empty() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    for level in ["", "debug", "trace"] {
        let ran = stage.harness(&id_token).env("PLUGIN_LOG_LEVEL", level).run().expect(0);
        assert_eq!(ran.stdout, "");
        secrets::assert_none_printed(&ran, &id_token);
    }
    let ran = stage.harness(&id_token).run().expect(0);
    assert!(
        ran.stderr.contains("published AZURE_ACCESS_TOKEN") && ran.stderr.contains("HARNESS_OUTPUT_SECRET_FILE"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_plugins_settings_reach_the_request() {
    let stage = Stage::new();
    let cases = [
        ("PLUGIN_SCOPE", GRAPH, GRAPH),
        ("PLUGIN_SCOPE", "", ARM),
        ("PLUGIN_SCOPE", "api://my-api/.default", "api://my-api/.default"),
    ];
    for (name, value, scope) in cases {
        stage.emulator.clear_requests();
        stage.harness(&stage.id_token()).env(name, value).run().expect(0);
        assert_eq!(stage.only_request().form["scope"], scope, "{name}={value:?}");
    }
}

#[test]
fn a_trailing_slash_of_the_authority_host_does_not_matter() {
    let stage = Stage::new();
    let host = format!("{}/", stage.emulator.url());
    stage.harness(&stage.id_token()).env("PLUGIN_AZURE_AUTHORITY_HOST", host).run().expect(0);
    assert_eq!(stage.only_request().path, format!("/{TENANT}/oauth2/v2.0/token"));
}

fn mode(stage: &Stage, file: &str) -> u32 {
    fs::metadata(stage.path(file)).expect("it is there").permissions().mode() & 0o777
}
