//! Defects of the plugin that this one replaces (harness-community/drone-azure-oidc at 32d4d3b).
//! Each test proves that one of them is absent here.

use std::os::unix::fs::PermissionsExt;

use azure_oidc_emulator::injections::Kind;
use azure_oidc_emulator::{Change, Injection, Order, config};
use azure_oidc_tests::proxy::Proxy;
use azure_oidc_tests::stage::{ARM, DOMAIN, GRAPH};
use azure_oidc_tests::{APPLICATION, Job, Stage, secrets, tokens};
use serde_json::json;

const ONCE: [&str; 2] = ["--replication-wait", "0s"];

// 1. It cuts descriptions at 200 bytes, even in a subject or a character, and drops the ids.

#[test]
fn a_long_refusal_is_shown_whole_with_its_ids() {
    let stage = Stage::new();
    let subject = format!("account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/{}", "größer_".repeat(40));
    let job = stage.harness(&stage.mint(&Order::of("harness").claim("sub", subject.as_str())));
    let ran = job.args(&ONCE).run().expect(4);
    let said = ran.stderr.lines().next().unwrap();
    assert!(said.contains("AADSTS700213") && said.contains(&format!("'{subject}'")), "{said}");
    let tail = said.split_once(&subject).unwrap().1;
    for part in ["Trace ID: ", "Correlation ID: ", "Timestamp: "] {
        assert!(tail.contains(part), "{part} is missing after the subject: {said}");
    }
    let correlation = &stage.only_request().headers["client-request-id"];
    assert!(ran.stderr.contains(&format!("correlation id: {correlation}")), "{}", ran.stderr);
    assert!(ran.stderr.contains("trace id: "), "{}", ran.stderr);
}

#[test]
fn a_refusal_in_json_has_code_and_ids_as_members() {
    let stage = Stage::new();
    let id_token =
        stage.mint(&Order::of("harness").claim("sub", "account/Hue1lBsaSx2APlXjzVEPIg:org/other:project/OIDC_Test"));
    let error = stage.harness(&id_token).args(&ONCE).args(&["--output", "json"]).run().expect(4).error();
    assert_eq!(error["code"], "entra-refused");
    assert_eq!(error["aadsts"], "AADSTS700213");
    assert_eq!(error["correlation_id"], stage.only_request().headers["client-request-id"].as_str());
    assert_eq!(error["trace_id"].as_str().map(str::len), Some(36));
}

// 2. It never checks the ID token.

#[test]
fn an_expired_token_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    let ran = stage.harness(&stage.mint(&Order { age_seconds: Some(9000), ..Order::of("harness") })).run().expect(3);
    assert!(ran.stderr.contains("expired") && ran.stderr.contains("AADSTS700024"), "{}", ran.stderr);
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn a_refusal_names_the_claims_and_the_command_that_corrects_the_credential() {
    let stage = Stage::new();
    let subject = "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/OIDC_test";
    let ran = stage.harness(&stage.mint(&Order::of("harness").claim("sub", subject))).args(&ONCE).run().expect(4);
    assert!(ran.stderr.contains(&format!("subject `{subject}`")), "{}", ran.stderr);
    let command = format!("az ad app federated-credential create --id {APPLICATION} ");
    assert!(ran.stderr.lines().any(|line| line.contains(&command) && line.contains(subject)), "{}", ran.stderr);
}

// 3. It does not retry.

#[test]
fn a_transient_failure_is_retried() {
    let stage = Stage::new();
    let at_once = |kind| Injection { retry_after: Some("0".into()), ..Injection::new(kind) };
    for injection in
        [at_once(Kind::Throttle), at_once(Kind::ServerError), Injection::new(Kind::Cut), Injection::new(Kind::CutBody)]
    {
        stage.emulator.clear_requests();
        stage.inject(injection.clone());
        stage.harness(&stage.id_token()).run().expect(0);
        assert_eq!(stage.requests().len(), 2, "{injection:?}");
    }
}

#[test]
fn a_new_credential_is_found_after_a_short_wait() {
    let subject = "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/New";
    for (arguments, code, requests) in [(&ONCE[..], 4, 1), (&[][..], 0, 2), (&["--replication-wait", "2s"][..], 0, 2)] {
        let stage = Stage::new();
        let credentials = json!([{
            "name": "new",
            "issuer": stage.issuer("harness"),
            "subject": subject,
            "audiences": ["api://AzureADTokenExchange"],
        }]);
        let made = Change {
            client_id: APPLICATION.into(),
            credentials,
            replication_delay_requests: Some(1),
            ..Change::default()
        };
        stage.emulator.set_credentials(&made).unwrap();
        stage.harness(&stage.mint(&Order::of("harness").claim("sub", subject))).args(arguments).run().expect(code);
        assert_eq!(stage.requests().len(), requests, "{arguments:?}");
    }
}

// 4. It publishes an empty token.

#[test]
fn an_answer_without_a_usable_token_is_a_failure_and_publishes_nothing() {
    let stage = Stage::new();
    for kind in [Kind::EmptyToken, Kind::NoToken] {
        stage.inject(Injection::new(kind));
        let ran = stage.harness(&stage.id_token()).run().expect(5);
        assert!(ran.stderr.contains("without a usable token"), "{}", ran.stderr);
        assert!(!stage.path("secrets").exists(), "{}", stage.read("secrets"));
    }
}

// 5. It notices only after the exchange that it has no output file, and has no other output.

#[test]
fn a_missing_output_file_is_found_before_anything_is_sent() {
    let stage = Stage::new();
    for job in
        [stage.harness(&stage.id_token()).without(SECRET_FILE), stage.harness(&stage.id_token()).env(SECRET_FILE, "")]
    {
        let ran = job.run().expect(6);
        assert!(ran.stderr.contains(SECRET_FILE) && ran.stderr.contains("--output json"), "{}", ran.stderr);
    }
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn a_step_without_an_output_file_can_take_the_token_from_stdout() {
    let stage = Stage::new();
    let ran = stage.harness(&stage.id_token()).without(SECRET_FILE).args(&["--output", "json"]).run().expect(0);
    assert_eq!(ran.json()["tokens"][0]["token_type"], "Bearer");
    let ran = stage.harness(&stage.id_token()).without(SECRET_FILE).args(&["--output", "text"]).run().expect(0);
    assert_eq!(ran.stdout.lines().count(), 1);
}

// 6. It supports only one scope, one output name and one format, and no expiry.

#[test]
fn several_scopes_are_published_under_names_of_their_own() {
    let stage = Stage::new();
    let scopes = format!("{ARM},{GRAPH}");
    let job = stage.harness(&stage.id_token()).env("PLUGIN_SCOPE", &scopes).env("DRONE_OUTPUT", stage.path("plain"));
    job.args(&["--output-name", "ARM_TOKEN,GRAPH_TOKEN"]).run().expect(0);
    for (name, audience) in
        [("ARM_TOKEN", "https://management.azure.com"), ("GRAPH_TOKEN", "https://graph.microsoft.com")]
    {
        let token = stage.output("secrets", name).unwrap();
        assert_eq!(tokens::claims(&token)["aud"], audience);
        assert!(stage.output("plain", &format!("{name}_EXPIRES_ON")).is_some());
    }
    assert_eq!(stage.requests().len(), 2);
}

#[test]
fn one_name_for_several_scopes_gets_a_suffix_for_each_but_the_first() {
    let stage = Stage::new();
    stage
        .harness(&stage.id_token())
        .args(&["--cloud", "public", "--scope", "arm,graph,api://my-api/.default"])
        .run()
        .expect(0);
    let text = stage.read("secrets");
    let names: Vec<_> = text.lines().map(|line| line.split('=').next().unwrap()).collect();
    assert_eq!(names, ["AZURE_ACCESS_TOKEN", "AZURE_ACCESS_TOKEN_GRAPH", "AZURE_ACCESS_TOKEN_3"]);
}

// 7. It follows redirects with the assertion, accepts http, and puts any tenant into the URL.

#[test]
fn a_redirect_is_not_followed() {
    let stage = Stage::new();
    for status in [301, 302, 303, 307, 308] {
        stage.emulator.clear_requests();
        stage.inject(Injection { status: Some(status), ..Injection::new(Kind::Redirect) });
        let ran = stage.harness(&stage.id_token()).run().expect(5);
        assert!(ran.stderr.contains("redirects to") && ran.stderr.contains("was not sent there"), "{}", ran.stderr);
        assert!(!stage.only_request().path.starts_with("/elsewhere"), "{status}");
    }
}

#[test]
fn a_plain_http_authority_is_refused() {
    let stage = Stage::new();
    let ran =
        stage.harness(&stage.id_token()).env("PLUGIN_AZURE_AUTHORITY_HOST", "http://login.example.com").run().expect(2);
    assert!(ran.stderr.contains("PLUGIN_AZURE_AUTHORITY_HOST") && ran.stderr.contains("unencrypted"), "{}", ran.stderr);
}

#[test]
fn a_tenant_is_a_guid_or_a_domain_and_cannot_change_the_url() {
    let stage = Stage::new();
    stage.harness(&stage.id_token()).env("PLUGIN_TENANT_ID", DOMAIN).run().expect(0);
    assert_eq!(stage.only_request().path, format!("/{DOMAIN}/oauth2/v2.0/token"));
    stage.emulator.clear_requests();
    for tenant in
        ["contoso.example/../x", "contoso.example?x", "contoso.example#x", "contoso%2eexample", "a b.example", "x/y"]
    {
        let ran = stage.harness(&stage.id_token()).env("PLUGIN_TENANT_ID", tenant).run().expect(2);
        assert!(ran.stderr.contains("PLUGIN_TENANT_ID"), "{tenant}: {}", ran.stderr);
    }
    assert_eq!(stage.requests().len(), 0);
}

// 8. It fails because of an empty variable that it does not use.

#[test]
fn unused_variables_may_have_any_value() {
    let stage = Stage::new();
    for value in ["", "not a number", "{\"json\":", "\u{1F4A5}"] {
        let mut job = stage.harness(&stage.id_token());
        for name in [
            "DRONE_BUILD_NUMBER",
            "DRONE_REPO_PRIVATE",
            "DRONE_BUILD_CREATED",
            "DRONE_STAGE_NUMBER",
            "PLUGIN_LOG_LEVEL",
        ] {
            job = job.env(name, value);
        }
        job.run().expect(0);
    }
}

// 9. A second run adds a line for the same name, and everybody can read the file.

#[test]
fn a_second_run_appends_its_line_and_harness_uses_the_last() {
    let stage = Stage::new();
    stage.harness(&stage.id_token()).run().expect(0);
    let first = stage.read("secrets");
    stage.harness(&stage.id_token()).run().expect(0);
    let both = stage.read("secrets");
    // Other programs may have written lines, so none is removed. The reader uses the last line.
    assert!(both.starts_with(&first));
    assert_eq!(both.lines().filter(|line| line.starts_with("AZURE_ACCESS_TOKEN=")).count(), 2);
    let mode = std::fs::metadata(stage.path("secrets")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

// 10. It uses the default scope of the public cloud in every cloud.

#[test]
fn the_default_scope_belongs_to_the_cloud_of_the_authority() {
    let toml = config::DEFAULT
        .replace("# hostnames = [\"localhost\"]", "hostnames = [\"localhost\", \"login.microsoftonline.us\"]")
        .replace("# cloud = \"public\"", "cloud = \"usgov\"")
        .replace("api://AzureADTokenExchange", "api://AzureADTokenExchangeUSGov");
    let stage = Stage::with_config(&toml);
    let proxy = Proxy::leading_to(stage.emulator.url());
    let order = Order { audience: Some("api://AzureADTokenExchangeUSGov".into()), ..Order::of("harness") };
    let job = stage.harness(&stage.mint(&order)).env("HTTPS_PROXY", proxy.url());
    job.env("PLUGIN_AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us").run().expect(0);
    assert_eq!(stage.only_request().form["scope"], "https://management.usgovcloudapi.net/.default");
}

// 11. Its README is wrong about wildcards, managed identities and two error codes.

#[test]
fn a_subject_with_a_wildcard_is_reported() {
    let stage = Stage::new();
    let credentials = json!([{
        "name": "pipelines",
        "issuer": stage.issuer("harness"),
        "subject": "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/*",
        "audiences": ["api://AzureADTokenExchange"],
    }]);
    let file = stage.write("fics.json", &credentials.to_string());
    let ran = stage.harness(&stage.id_token()).args(&["--credential", &file]).run().expect(3);
    assert!(ran.stderr.contains("has wildcards") && ran.stderr.contains("az ad app"), "{}", ran.stderr);
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn a_managed_identity_works_like_an_application() {
    let stage = Stage::new();
    let identity = "55555555-5555-4555-8555-555555555555";
    stage.harness(&stage.mint(&Order::of("kubernetes"))).env("PLUGIN_CLIENT_ID", identity).run().expect(0);
    let token = stage.output("secrets", "AZURE_ACCESS_TOKEN").unwrap();
    assert_eq!(tokens::claims(&token)["appid"], identity);
}

#[test]
fn the_two_codes_mean_an_unknown_application_and_a_token_outside_its_time() {
    for (code, words) in [("AADSTS700016", ["application", "not"]), ("AADSTS700024", ["expired", "token"])] {
        let ran = Job::host(&["explain", code]).run().expect(0);
        let text = ran.stdout.to_lowercase();
        assert!(words.iter().all(|word| text.contains(word)), "{}", ran.stdout);
    }
}

// 12. It does not support an own CA, signals, `--version` and `--help`.

#[test]
fn a_private_ca_can_be_named_in_two_ways_and_is_needed() {
    let stage = Stage::new();
    let step = || stage.harness(&stage.id_token()).without("SSL_CERT_FILE");
    step().args(&["--ca-file"]).args(&[stage.emulator.ca_file()]).run().expect(0);
    step().env("SSL_CERT_FILE", stage.emulator.ca_file()).run().expect(0);
    let ran = step().run().expect(5);
    assert!(ran.stderr.contains("--ca-file") && ran.stderr.contains("SSL_CERT_FILE"), "{}", ran.stderr);
}

#[test]
fn after_a_signal_nothing_is_published() {
    let stage = Stage::new();
    stage.inject(Injection { times: Some(0), ..Injection::new(Kind::Hang) });
    let id_token = stage.id_token();
    let running = stage.harness(&id_token).args(&["--timeout", "10m"]).start();
    stage.wait_for_a_request();
    let ran = running.terminate();
    assert_ne!(ran.code, 0);
    assert_eq!(stage.read("secrets"), "");
    secrets::assert_none_printed(&ran, &id_token);
}

#[test]
fn help_and_version_need_no_settings() {
    assert!(Job::host(&["--help"]).run().expect(0).stdout.contains("Usage: azure-oidc"));
    let version = Job::host(&["--version"]).run().expect(0).stdout;
    assert!(version.starts_with(&format!("azure-oidc {}\n", env!("CARGO_PKG_VERSION"))), "{version}");
    let digest = Job::host(&["component", "--digest"]).run().expect(0).stdout;
    assert!(version.contains(digest.trim()), "{version}");
}

const SECRET_FILE: &str = "HARNESS_OUTPUT_SECRET_FILE";
