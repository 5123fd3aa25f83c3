//! Tests what the native host grants and denies the component: destinations, addresses, variables,
//! certificates.

use std::fs;

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::Order;
use azure_oidc_emulator::config;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_tests::proxy::Proxy;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, secrets};
use serde_json::json;
use sha2::{Digest, Sha256};

/// A token can choose a destination only through an issuer whose discovery document names keys
/// elsewhere.
#[test]
fn a_destination_that_the_command_does_not_need_is_refused_with_the_flag() {
    let stage = Stage::new();
    let id_token = leading_to("https://keys.example:8443/jwks", &stage);
    let ran = discover(&stage, &id_token, &[]).run().expect(5);
    assert!(ran.stderr.contains("a call to keys.example:8443 was refused"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--allow-host keys.example:8443"), "{}", ran.stderr);
    secrets::assert_none_printed(&ran, &id_token);
}

#[test]
fn keys_on_this_machine_are_refused_by_the_rule_for_issuers() {
    let (stage, elsewhere) = (Stage::new(), Stage::new());
    let id_token = leading_to(&keys_of(&elsewhere), &stage);
    let ran = discover(&stage, &id_token, &[]).run().expect(2);
    assert!(ran.stderr.contains("--allow-host localhost"), "{}", ran.stderr);
    assert_eq!(elsewhere.requests().len(), 0);
}

#[test]
fn an_allowed_destination_is_called() {
    let (stage, elsewhere) = (Stage::new(), Stage::new());
    let id_token = leading_to(&keys_of(&elsewhere), &stage);
    let address = elsewhere.emulator.url().trim_start_matches("https://").to_owned();
    let both = format!("{}{}", stage.emulator.ca_pem(), elsewhere.emulator.ca_pem());
    let both = stage.write("both.pem", &both);
    for allowed in [address.as_str(), "localhost"] {
        elsewhere.emulator.clear_requests();
        leading_to(&keys_of(&elsewhere), &stage);
        let job = discover(&stage, &id_token, &["--allow-host", allowed]).env("SSL_CERT_FILE", &both);
        assert!(job.run().expect(0).stdout.starts_with("valid"));
        assert_eq!(elsewhere.requests().len(), 1, "{allowed}");
    }
}

#[test]
fn another_port_or_a_longer_name_is_another_destination() {
    let stage = Stage::new();
    let id_token = leading_to("https://keys.example:8443/jwks", &stage);
    for allowed in ["keys.example:1", "keys.example.example", "127.0.0.1", "example"] {
        let ran = discover(&stage, &id_token, &["--allow-host", allowed]).run().expect(5);
        assert!(ran.stderr.contains("was refused"), "{allowed}: {}", ran.stderr);
    }
}

#[test]
fn a_metadata_service_is_never_called_however_it_is_written() {
    let stage = Stage::new();
    for address in [
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "169.254.1.1",
        "0.0.0.0",
    ] {
        for arguments in [&[][..], &["--allow-host", address]] {
            let job = stage.harness(&stage.id_token()).env("PLUGIN_AZURE_AUTHORITY_HOST", format!("https://{address}"));
            let ran = job.args(arguments).args(&["--retries", "0", "--timeout", "5s"]).run().expect(5);
            assert!(
                ran.stderr.contains("was refused") && ran.stderr.contains("no flag allows"),
                "{address}: {}",
                ran.stderr
            );
            assert!(ran.stderr.contains("does not allow requests"), "{address}: {}", ran.stderr);
        }
    }
}

#[test]
fn an_address_in_another_notation_is_recognised() {
    let stage = Stage::new();
    for address in ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"] {
        let job = stage.harness(&stage.id_token()).env("PLUGIN_AZURE_AUTHORITY_HOST", format!("https://{address}"));
        let ran = job.args(&["--retries", "0", "--timeout", "5s"]).run().expect(5);
        assert!(
            ran.stderr.contains("169.254.169.254") && ran.stderr.contains("was refused"),
            "{address}: {}",
            ran.stderr
        );
    }
}

#[test]
fn a_variable_that_is_not_named_is_not_readable() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let job = || Job::host(&["inspect"]).env("SOME_TOKEN", &id_token).env("PLUGIN_TOKEN", &id_token);
    let ran = job().run().expect(3);
    secrets::assert_none_printed(&ran, &id_token);
    job().env("ARM_OIDC_TOKEN", &id_token).run().expect(0);
    job().args(&["--id-token-env", "SOME_TOKEN"]).run().expect(0);
}

#[test]
fn doctor_prints_no_secret_of_the_environment() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let job = || {
        stage
            .harness(&id_token)
            .env("HTTPS_PROXY", "http://user:s3cr3t-of-the-proxy@127.0.0.1:9")
            .env("NO_PROXY", "localhost")
            .env("AZURE_CLIENT_SECRET", "s3cr3t-of-the-client")
            .env("HARNESS_WI_HANDLE", "s3cr3t-of-the-handle")
            .env("SYSTEM_ACCESSTOKEN", "s3cr3t-of-the-agent")
            .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "s3cr3t-of-the-runner")
    };
    for form in [&["doctor"][..], &["doctor", "--output", "json"]] {
        let ran = job().args(form).run().expect(0);
        assert!(!ran.printed().contains("s3cr3t"), "{}", ran.printed());
        secrets::assert_none_printed(&ran, &id_token);
    }
}

#[test]
fn requests_go_through_the_proxy_that_the_environment_names() {
    let stage = behind_a_name();
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let proxy = Proxy::leading_to(stage.emulator.url());
        far(&stage).env(name, proxy.url()).run().expect(0);
        assert_eq!(proxy.opened(), [format!("{NAME}:443")], "{name}");
    }
}

#[test]
fn a_destination_that_needs_no_proxy_is_called_directly() {
    let stage = behind_a_name();
    for (name, value) in [("NO_PROXY", NAME), ("no_proxy", "localhost,.example"), ("NO_PROXY", "*")] {
        let proxy = Proxy::leading_to(stage.emulator.url());
        // Only the proxy resolves this name.
        far(&stage).env("HTTPS_PROXY", proxy.url()).env(name, value).run().expect(5);
        assert_eq!(proxy.opened(), [] as [&str; 0], "{name}={value}");
    }
}

#[test]
fn this_machine_is_called_without_a_proxy() {
    let stage = Stage::new();
    let proxy = Proxy::start();
    stage.harness(&stage.id_token()).env("HTTPS_PROXY", proxy.url()).run().expect(0);
    assert_eq!(proxy.opened(), [] as [&str; 0]);
}

#[test]
fn a_proxy_does_not_widen_what_may_be_called() {
    let stage = Stage::new();
    let proxy = Proxy::leading_to(stage.emulator.url());
    let job = stage.harness(&stage.id_token()).env("HTTPS_PROXY", proxy.url());
    job.env("PLUGIN_AZURE_AUTHORITY_HOST", "https://169.254.169.254").args(&["--retries", "0"]).run().expect(5);
    assert_eq!(proxy.opened(), [] as [&str; 0]);
}

#[test]
fn a_proxy_that_is_gone_is_a_failure_and_not_a_way_around_it() {
    let stage = behind_a_name();
    let ran = far(&stage).env("HTTPS_PROXY", "http://127.0.0.1:9").run().expect(5);
    assert!(ran.stderr.contains("HTTPS_PROXY"), "{}", ran.stderr);
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn only_an_authority_whose_certificate_is_trusted_is_sent_anything() {
    let (stage, other) = (Stage::new(), Stage::new());
    let step = || stage.harness(&stage.id_token()).without("SSL_CERT_FILE").args(&["--retries", "0"]);
    let (own, foreign) = (stage.emulator.ca_file(), other.emulator.ca_file());
    step().env("SSL_CERT_FILE", own).run().expect(0);
    step().args(&["--ca-file"]).args(&[own]).run().expect(0);
    step().args(&["--ca-file"]).args(&[own]).env("SSL_CERT_FILE", foreign).run().expect(0);
    step().args(&["--ca-file"]).args(&[foreign]).env("SSL_CERT_FILE", own).run().expect(0);
    stage.emulator.clear_requests();
    for job in [step(), step().env("SSL_CERT_FILE", foreign), step().args(&["--ca-file"]).args(&[foreign])] {
        let ran = job.run().expect(5);
        assert!(ran.stderr.contains("certificate"), "{}", ran.stderr);
    }
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn a_file_that_is_too_large_is_refused() {
    let stage = Stage::new();
    let file = stage.write("large", &"x".repeat((1 << 20) + 1));
    let ran = Job::host(&["inspect", "--id-token-file", &file]).run().expect(3);
    assert!(ran.stderr.contains("larger than"), "{}", ran.stderr);
}

#[test]
fn timings_go_to_standard_error_without_secrets() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let ran = stage.harness(&id_token).args(&["--timings"]).run().expect(0);
    let line = ran.stderr.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{}", ran.stderr));
    assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object(), "{line}");
    assert_eq!(ran.stdout, "");
    secrets::assert_none_printed(&ran, &id_token);
}

#[test]
fn the_digest_is_that_of_the_component_that_is_written_out() {
    let stage = Stage::new();
    let file = stage.path("azure_oidc.wasm");
    Job::host(&["component", "--output"]).args(&[&file]).run().expect(0);
    let written = fs::read(&file).unwrap();
    assert_eq!(written[..4], *b"\0asm");
    let digest: String = Sha256::digest(&written).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(Job::host(&["component", "--digest"]).run().expect(0).stdout, format!("{digest}\n"));
    let tested = fs::read(azure_oidc_tests::programs::component()).unwrap();
    assert!(tested == written, "the component under test is not the one in the host: run `cargo xtask test`");
}

#[test]
fn a_component_that_cannot_be_written_is_a_failure() {
    let ran = Job::host(&["component", "--output", "/nonexistent/azure_oidc.wasm"]).run().expect(6);
    assert!(ran.stderr.contains("/nonexistent/azure_oidc.wasm"), "{}", ran.stderr);
}

/// A reserved name that no DNS server knows (RFC 2606 §2).
const NAME: &str = "login.example";

/// An emulator whose certificate is also valid for that name.
fn behind_a_name() -> Stage {
    let hostnames = format!("hostnames = [\"localhost\", \"{NAME}\"]");
    Stage::with_config(&config::DEFAULT.replace("# hostnames = [\"localhost\"]", &hostnames))
}

/// A step that signs in there.
fn far(stage: &Stage) -> Job {
    let job = stage.harness(&stage.id_token()).env("PLUGIN_AZURE_AUTHORITY_HOST", format!("https://{NAME}"));
    job.args(&["--retries", "0", "--timeout", "10s"])
}

/// A token whose issuer has a discovery document that names keys elsewhere.
fn leading_to(keys: &str, stage: &Stage) -> String {
    stage.emulator.clear_injections();
    let issuer = stage.issuer("local");
    stage.inject(Injection {
        path: Some("/issuers/local/.well-known/openid-configuration".into()),
        times: Some(0),
        body: Some(json!({ "issuer": issuer, "jwks_uri": keys }).to_string()),
        ..Injection::new(Kind::Answer)
    });
    stage.mint(&Order::of("local"))
}

fn keys_of(stage: &Stage) -> String {
    format!("{}/issuers/local/.well-known/jwks", stage.emulator.url())
}

/// Verifies a token of an issuer on this machine, which is allowed.
fn discover(stage: &Stage, id_token: &str, arguments: &[&str]) -> Job {
    let issuer = stage.emulator.url().trim_start_matches("https://");
    let job = Job::host(&["verify", "--discover", "--id-token-env", "T"]).args(arguments).env("T", id_token);
    job.args(&["--allow-host", issuer])
        .env("SSL_CERT_FILE", stage.emulator.ca_file())
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", APPLICATION)
}
