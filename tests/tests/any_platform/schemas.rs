//! Checks each JSON output with its schema.

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::Order;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, schema};
use serde_json::{Value, json};

const JSON: [&str; 2] = ["--output", "json"];

#[test]
fn exchange_is_valid_for_its_schema() {
    let stage = Stage::new();
    for issuer in ["harness", "kubernetes"] {
        let application = if issuer == "kubernetes" { "55555555-5555-4555-8555-555555555555" } else { APPLICATION };
        let job = stage.job(&[
            "--tenant-id",
            TENANT,
            "--client-id",
            application,
            "--cloud",
            "public",
            "--scope",
            "arm,graph",
        ]);
        let ran = job.args(&JSON).env("ARM_OIDC_TOKEN", stage.mint(&Order::of(issuer))).run().expect(0);
        schema::assert_valid("exchange", &ran.json());
    }
}

#[test]
fn id_token_is_valid_for_its_schema() {
    let stage = Stage::new();
    for issuer in ["gitlab", "kubernetes"] {
        let job = Job::host(&["id-token", "--id-token-env", "T"]).args(&JSON);
        let ran = job.env("T", stage.mint(&Order::of(issuer))).run().expect(0);
        schema::assert_valid("id-token", &ran.json());
    }
    let refused = Job::host(&["id-token", "--id-token-env", "T"]).args(&JSON).env("T", "no token").run().expect(3);
    schema::assert_valid("error", &refused.json());
}

#[test]
fn check_is_valid_for_its_schema_with_each_verdict() {
    let stage = Stage::new();
    let good =
        ["--issuer", stage.issuer("gitlab"), "--subject", "project_path:my-group/my-project:ref_type:branch:ref:main"];
    let cases = [
        (Order::of("gitlab"), "match"),
        (Order::of("gitlab").claim("sub", "another"), "no-match"),
        (Order::of("kubernetes"), "no-match"),
        (Order { age_seconds: Some(9000), ..Order::of("gitlab") }, "no-match"),
        (Order::of("gitlab").header("alg", "HS256"), "invalid-token"),
    ];
    for (order, verdict) in cases {
        let answer =
            Job::host(&["check"]).args(&good).args(&JSON).env("ARM_OIDC_TOKEN", stage.mint(&order)).run().json();
        schema::assert_valid("check", &answer);
        assert_eq!(answer["verdict"], verdict, "{order:?}");
    }
}

#[test]
fn verify_is_valid_for_its_schema_with_each_answer() {
    let stage = Stage::new();
    for key in ["ci-1", "stray", "none", "garbled", "ec-1"] {
        let id_token = stage.mint(&Order { sign_with: Some(key.into()), ..Order::of("local") });
        let job = Job::host(&["verify", "--discover", "--allow-host", "localhost"])
            .args(&JSON)
            .env("ARM_OIDC_TOKEN", id_token);
        schema::assert_valid("verify", &job.env("SSL_CERT_FILE", stage.emulator.ca_file()).run().json());
    }
}

#[test]
fn inspect_is_valid_for_its_schema_for_each_platform() {
    let stage = Stage::new();
    for issuer in ["harness", "circleci", "pulumi", "azure-pipelines", "gitlab", "github", "kubernetes", "local"] {
        let ran =
            Job::host(&["inspect"]).args(&JSON).env("ARM_OIDC_TOKEN", stage.mint(&Order::of(issuer))).run().expect(0);
        schema::assert_valid("inspect", &ran.json());
        let platform = if issuer == "local" { Value::Null } else { issuer.into() };
        assert_eq!(ran.json()["platform"], platform);
        let parts = ran.json()["subject_parts"].as_array().unwrap().len();
        assert!(issuer == "local" || parts > 0, "{issuer}");
    }
    let bare = stage.mint(
        &["iss", "sub", "aud", "exp", "iat", "nbf"]
            .iter()
            .fold(Order::of("local"), |order, name| order.claim(*name, Value::Null)),
    );
    schema::assert_valid(
        "inspect",
        &Job::host(&["inspect"]).args(&JSON).env("ARM_OIDC_TOKEN", bare).run().expect(0).json(),
    );
}

#[test]
fn explain_is_valid_for_its_schema_with_and_without_a_token() {
    let stage = Stage::new();
    for text in
        ["700213", "AADSTS99999999", "AADSTS70021: x AADSTS700024: y Trace ID: 0f0f0f0f-0000-4000-8000-000000000000"]
    {
        let bare = Job::host(&["explain", text]).args(&JSON).run().expect(0).json();
        let job = Job::host(&["explain", text, "--id-token-env", "T"]).args(&JSON).env("T", stage.id_token());
        for answer in [bare, job.run().expect(0).json()] {
            schema::assert_valid("explain", &answer);
        }
    }
    let log = "az login failed: AADSTS700213: No matching federated identity record found for presented assertion subject 'x'.";
    let answer = Job::host(&["explain", "-"]).args(&JSON).input(log).run().expect(0).json();
    schema::assert_valid("explain", &answer);
    assert_eq!(answer["explanations"][0]["facts"]["subject"], "x");
}

#[test]
fn audit_is_valid_for_its_schema_with_and_without_findings() {
    let one = |issuer: &str| {
        json!([{ "name": "main", "issuer": issuer, "subject": "project_path:g/p:ref_type:branch:ref:main",
            "audiences": ["api://AzureADTokenExchange"] }])
    };
    for (issuer, code, verdict) in [("https://gitlab.com", 0, "pass"), ("https://gitlab.com/", 1, "fail")] {
        let job = Job::host(&["audit", "--credential", "-", "--write"]).args(&JSON).input(one(issuer).to_string());
        let answer = job.run().expect(code).json();
        schema::assert_valid("audit", &answer);
        assert_eq!(answer["verdict"], verdict, "{answer:#}");
    }
}

#[test]
fn doctor_is_valid_for_its_schema_with_and_without_problems() {
    let stage = Stage::new();
    let ill = stage.job(&["doctor"]).args(&JSON).run().expect(1).json();
    let well = stage.harness(&stage.id_token()).args(&["doctor"]).args(&JSON).run().expect(0).json();
    for (answer, healthy) in [(ill, false), (well, true)] {
        schema::assert_valid("doctor", &answer);
        assert_eq!(answer["healthy"], healthy, "{answer:#}");
    }
}

#[test]
fn each_kind_of_failure_is_valid_for_the_schema_of_errors() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let step = || stage.harness(&id_token).args(&JSON);
    stage.inject(Injection { times: Some(1), code: Some(53003), ..Injection::new(Kind::EntraError) });
    let failures = [
        (step(), 4),
        (step().env("PLUGIN_TENANT_ID", ""), 2),
        (step().env("PLUGIN_OIDC_TOKEN_ID", "x"), 3),
        (step().env("PLUGIN_AZURE_AUTHORITY_HOST", "https://localhost:1").args(&["--retries", "0"]), 5),
        (Job::host(&["check"]).args(&JSON), 2),
        (Job::host(&["inspect"]).args(&JSON), 3),
        (Job::host(&["verify", "--jwks", "/nonexistent"]).args(&JSON).env("ARM_OIDC_TOKEN", &id_token), 2),
        (Job::host(&["explain", "nothing"]).args(&JSON), 2),
    ];
    for (job, code) in failures {
        let ran = job.run().expect(code);
        schema::assert_valid("error", &ran.json());
        assert!(!ran.stderr.contains("error: "), "{}", ran.stderr);
    }
}
