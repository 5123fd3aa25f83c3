//! Tests the sources of settings and of the token.

use azure_oidc_emulator::log::Fingerprint;
use azure_oidc_tests::stage::DOMAIN;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, secrets};

/// Arguments and variables.
type Given<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);

const ANOTHER: &str = "99999999-9999-4999-8999-999999999999";

#[test]
fn tenant_and_client_come_from_a_flag_or_the_first_nonempty_of_three_variables() {
    let stage = Stage::new();
    let cases: &[Given<'_>] = &[
        (&["--tenant-id", TENANT, "--client-id", APPLICATION], &[]),
        (&[], &[("PLUGIN_TENANT_ID", TENANT), ("PLUGIN_CLIENT_ID", APPLICATION)]),
        (&[], &[("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", APPLICATION)]),
        (&[], &[("ARM_TENANT_ID", TENANT), ("ARM_CLIENT_ID", APPLICATION)]),
        (&[], &[("AZURE_TENANT_ID", TENANT), ("ARM_TENANT_ID", ANOTHER), ("ARM_CLIENT_ID", APPLICATION)]),
        (
            &[],
            &[
                ("PLUGIN_TENANT_ID", ""),
                ("AZURE_TENANT_ID", TENANT),
                ("AZURE_CLIENT_ID", ""),
                ("ARM_CLIENT_ID", APPLICATION),
            ],
        ),
        (
            &["--tenant-id", TENANT],
            &[("PLUGIN_TENANT_ID", ANOTHER), ("PLUGIN_CLIENT_ID", APPLICATION), ("AZURE_CLIENT_ID", ANOTHER)],
        ),
    ];
    for (arguments, variables) in cases {
        stage.emulator.clear_requests();
        let job = variables.iter().fold(stage.job(arguments), |job, (name, value)| job.env(name, value));
        job.env("ARM_OIDC_TOKEN", stage.id_token()).run().expect(0);
        let request = stage.only_request();
        assert_eq!(request.path, format!("/{TENANT}/oauth2/v2.0/token"), "{arguments:?} {variables:?}");
        assert_eq!(request.form["client_id"], APPLICATION, "{arguments:?} {variables:?}");
    }
}

#[test]
fn the_authority_has_one_flag_and_two_variables() {
    let stage = Stage::new();
    let nowhere = "https://localhost:1";
    let url = stage.emulator.url();
    let cases: &[Given<'_>] = &[
        (&["--authority-host", url], &[("PLUGIN_AZURE_AUTHORITY_HOST", nowhere)]),
        (&[], &[("PLUGIN_AZURE_AUTHORITY_HOST", url), ("AZURE_AUTHORITY_HOST", nowhere)]),
        (&[], &[("AZURE_AUTHORITY_HOST", url)]),
    ];
    for (arguments, variables) in cases {
        let job = variables.iter().fold(signing_in(&stage, arguments), |job, (name, value)| job.env(name, value));
        job.run().expect(0);
    }
    assert_eq!(stage.requests().len(), cases.len());
}

#[test]
fn a_token_comes_from_a_variable_a_file_or_standard_input_byte_for_byte() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let file = stage.write("token", &id_token);
    let with_line_end = stage.write("token-line", &format!("{id_token}\r\n"));
    let jobs = [
        exchange(&stage, &["--id-token-env", "MY_TOKEN"]).env("MY_TOKEN", &id_token),
        exchange(&stage, &["--id-token-file", &file]),
        exchange(&stage, &["--id-token-file", &with_line_end]),
        exchange(&stage, &["--id-token", "-"]).input(id_token.clone()),
        exchange(&stage, &["--id-token", "-"]).input(format!("{id_token}\n")),
        exchange(&stage, &[]).env("ARM_OIDC_TOKEN", &id_token),
        exchange(&stage, &[]).env("ARM_OIDC_TOKEN_FILE_PATH", &file),
        exchange(&stage, &[]).env("AZURE_FEDERATED_TOKEN_FILE", &file),
    ];
    for job in jobs {
        stage.emulator.clear_requests();
        job.run().expect(0);
        assert_eq!(stage.only_request().assertion, Some(Fingerprint::of(&id_token)));
    }
}

#[test]
fn options_take_precedence_over_the_detected_platform() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let job = exchange(&stage, &["--id-token-env", "MINE", "--output", "json"]).env("MINE", &id_token);
    let ran = job.env("PLUGIN_OIDC_TOKEN_ID", "not looked at").run().expect(0);
    assert_eq!(ran.json()["platform"], "harness");
    assert_eq!(stage.only_request().assertion, Some(Fingerprint::of(&id_token)));
}

#[test]
fn a_platform_without_a_token_does_not_matter_if_the_token_is_given() {
    let stage = Stage::new();
    // A Shell Script step of Harness. It has a file for results, and its token is in a variable of
    // the user's choice.
    let job = exchange(&stage, &["--id-token-env", "MY_IDENTITY"]).env("MY_IDENTITY", stage.id_token());
    job.env("HARNESS_OUTPUT_SECRET_FILE", stage.path("secrets")).run().expect(0);
    assert!(stage.output("secrets", "AZURE_ACCESS_TOKEN").is_some());
}

#[test]
fn two_sources_of_the_token_are_refused() {
    let stage = Stage::new();
    let ran = exchange(&stage, &["--id-token-env", "A", "--id-token-file", "b"]).run().expect(2);
    assert!(ran.stderr.contains("--id-token-env") && ran.stderr.contains("--id-token-file"), "{}", ran.stderr);
}

#[test]
fn a_token_on_the_command_line_is_refused_and_not_repeated() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    for arguments in [
        &["--id-token", &*id_token][..],
        &[&*format!("--id-token={id_token}")],
        &[&*id_token],
        &["--id-token-env", &*id_token],
        &["--id-token-file", &*id_token],
        &["--scope", &*id_token],
        &["--tenant-id", &*id_token],
        &["--platform", &*id_token],
        &["--output", &*id_token],
    ] {
        for form in [&[][..], &["--output", "json"]] {
            let ran = exchange(&stage, arguments).args(form).run();
            assert!([2, 3].contains(&ran.code), "{}", ran.printed());
            let shown = ran.printed();
            assert!(!shown.contains(id_token.rsplit('.').next().unwrap()), "{:?}: {shown}", &arguments[0][..6]);
        }
    }
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn a_tenant_may_be_named_by_its_domain() {
    let stage = Stage::new();
    let job = stage.job(&["--tenant-id", DOMAIN, "--client-id", APPLICATION, "--output", "json"]);
    let ran = job.env("ARM_OIDC_TOKEN", stage.id_token()).run().expect(0);
    assert_eq!(ran.json()["tenant_id"], DOMAIN);
}

#[test]
fn the_token_alone_is_printed_when_it_is_asked_for() {
    let stage = Stage::new();
    let ran = exchange(&stage, &["--output", "text"]).env("ARM_OIDC_TOKEN", stage.id_token()).run().expect(0);
    assert_eq!(ran.stdout.lines().count(), 1);
    assert!(ran.stdout.starts_with("eyJ"), "for `$(azure-oidc --output text)`");
    secrets::assert_none(&ran.stderr, "");
}

fn exchange(stage: &Stage, arguments: &[&str]) -> Job {
    stage.job(&[]).env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION).args(arguments)
}

fn signing_in(stage: &Stage, arguments: &[&str]) -> Job {
    let job =
        Job::host(arguments).env("SSL_CERT_FILE", stage.emulator.ca_file()).env("ARM_OIDC_TOKEN", stage.id_token());
    job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION).env("TMPDIR", stage.folder())
}
