//! Snapshots of the help and of the most frequent failures: exit code, standard output and standard
//! error.

use azure_oidc_emulator::injections::Kind;
use azure_oidc_emulator::{Injection, Order};
use azure_oidc_tests::{Job, Ran, Stage};
use insta::{Settings, assert_snapshot};

#[test]
fn help() {
    shown("help", &Job::host(&["--help"]).run());
}

#[test]
fn help_of_exchange() {
    shown("help-exchange", &Job::host(&["exchange", "--help"]).run());
}

#[test]
fn help_of_check() {
    shown("help-check", &Job::host(&["check", "--help"]).run());
}

#[test]
fn help_of_serve() {
    shown("help-serve", &Job::host(&["serve", "--help"]).run());
}

#[test]
fn a_job_with_nothing_set() {
    shown("nothing-set", &Job::host(&[]).run());
}

#[test]
fn a_missing_tenant() {
    let stage = Stage::new();
    shown("missing-tenant", &stage.harness(&stage.id_token()).env("PLUGIN_TENANT_ID", "").run());
}

#[test]
fn a_missing_token() {
    let stage = Stage::new();
    shown("missing-token", &stage.harness("").run());
}

#[test]
fn an_expired_token() {
    let stage = Stage::new();
    let order = Order { age_seconds: Some(2 * 3600), lifetime_seconds: Some(3600), ..Order::of("harness") };
    shown("expired-token", &stage.harness(&stage.mint(&order)).run());
}

#[test]
fn a_subject_that_no_credential_has() {
    let stage = Stage::new();
    let subject = "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/Payments";
    shown("no-such-subject", &stage.harness(&stage.mint(&Order::of("harness").claim("sub", subject))).run());
}

#[test]
fn credentials_that_differ_in_one_letter() {
    let stage = Stage::new();
    let credentials = r#"[{
        "name": "payments",
        "issuer": "https://app.harness.io/ng/api/oidc/account/Hue1lBsaSx2APlXjzVEPIg",
        "subject": "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/oidc_Test",
        "audiences": ["api://AzureADTokenExchange"]
    }]"#;
    shown(
        "credential-differs",
        &stage.harness(&stage.id_token()).args(&["--credential", "-"]).input(credentials).run(),
    );
}

#[test]
fn an_untrusted_certificate() {
    let stage = Stage::new();
    shown("untrusted-certificate", &stage.harness(&stage.id_token()).without("SSL_CERT_FILE").run());
}

#[test]
fn a_page_of_a_proxy() {
    let stage = Stage::new();
    stage.inject(Injection::new(Kind::Html));
    shown("page-of-a-proxy", &stage.harness(&stage.id_token()).run());
}

#[test]
fn an_output_file_that_is_not_named() {
    let stage = Stage::new();
    shown("output-not-named", &stage.harness(&stage.id_token()).without("HARNESS_OUTPUT_SECRET_FILE").run());
}

#[test]
fn a_success() {
    let stage = Stage::new();
    shown("success", &stage.harness(&stage.id_token()).run());
}

/// Compares with the snapshot after replacing what differs from run to run.
fn shown(name: &str, ran: &Ran) {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"localhost:\d+", "localhost:PORT");
    settings.add_filter(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z", "TIME");
    settings.add_filter(r"((?:[Tt]race|[Cc]orrelation) (?:ID|id): )[0-9a-f-]{36}", "${1}ID");
    settings.add_filter(r"expired 1 hour( \d+ \w+)? ago", "expired 1 hour ago");
    settings.bind(|| {
        assert_snapshot!(name, format!("exit code {}\n--- stdout\n{}--- stderr\n{}", ran.code, ran.stdout, ran.stderr));
    });
}
