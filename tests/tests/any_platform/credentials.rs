//! Tests credentials that are checked before the exchange, and credentials that are written for a
//! pipeline.

use azure_oidc_emulator::{Change, Order};
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT};
use serde_json::{Value, json};

const HARNESS: &str = "https://app.harness.io/ng/api/oidc/account/Hue1lBsaSx2APlXjzVEPIg";
const SUBJECT: &str = "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/OIDC_Test";

#[test]
fn an_exchange_with_matching_credentials_succeeds() {
    let stage = Stage::new();
    let file = stage.write("fics.json", &list(SUBJECT).to_string());
    exchange(&stage, &["--credential", &file]).run().expect(0);
    exchange(&stage, &["--credential", "-"]).input(list(SUBJECT).to_string()).run().expect(0);
    assert_eq!(stage.requests().len(), 2);
}

#[test]
fn credentials_that_do_not_match_are_explained_before_anything_is_sent() {
    let stage = Stage::new();
    let file =
        stage.write("fics.json", &list("account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/OIDC_test").to_string());
    let ran = exchange(&stage, &["--credential", &file]).run().expect(3);
    for part in ["case", "expected: ", "actual: ", "AADSTS7002138", "az ad app federated-credential", APPLICATION] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn without_preflight_credentials_are_not_compared() {
    let stage = Stage::new();
    let file = stage.write("fics.json", &list("another").to_string());
    exchange(&stage, &["--credential", &file, "--no-preflight"]).run().expect(0);
}

#[test]
fn credentials_that_cannot_be_read_are_named() {
    let stage = Stage::new();
    for (contents, named) in [("", "empty"), ("{", "JSON"), ("\"x\"", "neither"), ("[{\"name\":\"x\"}]", "issuer")] {
        let file = stage.write("fics.json", contents);
        let ran = exchange(&stage, &["--credential", &file]).run().expect(2);
        assert!(ran.stderr.contains(named), "{contents}: {}", ran.stderr);
    }
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn check_answers_with_its_exit_code() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let check = |arguments: &[&str], token: &str| {
        Job::host(&["check", "--id-token-env", "T"]).args(arguments).env("T", token).run().code
    };
    let expired = stage.mint(&Order { age_seconds: Some(9000), ..Order::of("harness") });
    let unsigned = stage.mint(&Order::of("harness").header("alg", "none"));
    let given = ["--issuer", HARNESS, "--subject", SUBJECT];
    assert_eq!(check(&given, &id_token), 0);
    assert_eq!(check(&["--issuer", HARNESS, "--subject", "x"], &id_token), 1);
    assert_eq!(check(&given, &expired), 1);
    assert_eq!(check(&given, &unsigned), 1);
    assert_eq!(check(&[], &id_token), 2, "no credential to check against");
    assert_eq!(check(&given, "x"), 1, "what is no token is none that Entra accepts");
    assert_eq!(check(&given, ""), 3, "no token to check");
    let then = azure_oidc_tests::tokens::claims(&expired)["iat"].to_string();
    assert_eq!(check(&["--issuer", HARNESS, "--subject", SUBJECT, "--now", &then], &expired), 0, "at its own time");
}

/// `script` runs a command in a terminal.
#[test]
fn an_answer_on_a_terminal_is_coloured() {
    let id_token = Stage::new().id_token();
    for (at_terminal, variable, is_coloured) in [
        (true, "", true),
        (true, "NO_COLOR=1", false),
        (true, "TERM=dumb", false),
        (false, "", false),
        (false, "CLICOLOR_FORCE=1", true),
    ] {
        let check = ["check", "--id-token-env", "T", "--issuer", HARNESS, "--subject", SUBJECT, "--color", "auto"];
        let job = Job::host(&check).env("T", &id_token);
        let job = match variable.split_once('=') {
            Some((name, value)) => job.env(name, value),
            None => job,
        };
        let script = if at_terminal { r#"exec script -qec "$0 $*" /dev/null"# } else { r#"exec "$0" "$@""# };
        let ran = job.through_a_shell(script).run().expect(0);
        assert_eq!(ran.stdout.contains("\x1b["), is_coloured, "{variable}: {}", ran.stdout);
    }
}

/// The prediction of `check` and the answer of the emulator come from the same function. This test
/// proves that both use it.
#[test]
fn check_predicts_what_entra_answers() {
    let cases = [
        Order::of("harness"),
        Order::of("harness").claim("sub", "another"),
        Order::of("harness").claim("sub", SUBJECT.to_lowercase()),
        Order::of("harness").claim("iss", format!("{HARNESS}/")),
        Order { audience: Some("api://other".into()), ..Order::of("harness") },
        Order { age_seconds: Some(9000), ..Order::of("harness") },
        Order::of("harness").header("typ", "at+jwt"),
        Order::of("harness").header("kid", Value::Null),
        Order { sign_with: Some("ec-1".into()), ..Order::of("harness") },
    ];
    let stage = Stage::new();
    let credentials = list(SUBJECT);
    let change = Change { client_id: APPLICATION.into(), credentials: credentials.clone(), ..Change::default() };
    stage.emulator.set_credentials(&change).unwrap();
    let file = stage.write("fics.json", &credentials.to_string());
    for order in cases {
        let id_token = stage.mint(&order);
        let check = Job::host(&["check", "--id-token-env", "T", "--credential", &file, "--output", "json"])
            .env("T", &id_token)
            .run();
        stage.emulator.clear_requests();
        let job = stage.job(&["--no-preflight", "--id-token-env", "T", "--output", "json"]).env("T", &id_token);
        let ran = job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION).run();
        let answered = ran.json()["error"]["aadsts"].clone();
        assert_eq!(check.json()["predicted_error"], answered, "{order:?}");
        assert_eq!(check.code == 0, ran.code == 0, "{order:?}");
    }
}

#[test]
fn the_credential_written_for_a_token_accepts_it() {
    let stage = Stage::new();
    for issuer in ["harness", "gitlab", "github", "pulumi", "circleci", "azure-pipelines", "kubernetes"] {
        let id_token = stage.mint(&Order::of(issuer).claim("sub", format!("changed/{issuer}")));
        let written = Job::host(&["credential", "--id-token-env", "T"]).env("T", &id_token).run().expect(0).stdout;
        let credential: Value = serde_json::from_str(&written).unwrap();
        let change = Change { client_id: APPLICATION.into(), credentials: json!([credential]), ..Change::default() };
        stage.emulator.set_credentials(&change).unwrap();
        let job = stage.job(&["--id-token-env", "T", "--output", "json"]).env("T", &id_token);
        job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION).run().expect(0);
    }
}

#[test]
fn discovered_keys_verify_only_the_issuers_signatures() {
    let stage = Stage::new();
    let with = |key: &str| stage.mint(&Order { sign_with: Some(key.into()), ..Order::of("local") });
    for (id_token, code) in
        [(stage.mint(&Order::of("local")), 0), (with("garbled"), 1), (with("stray"), 1), (with("none"), 1)]
    {
        let here = ["--discover", "--allow-host", "localhost", "--id-token-env", "T"];
        let verify = Job::host(&["verify", "--output", "json"]).args(&here);
        let ran = verify.env("T", &id_token).env("SSL_CERT_FILE", stage.emulator.ca_file()).run().expect(code);
        assert_eq!(ran.json()["signature"], if code == 0 { "valid" } else { "invalid" });
        let issuer = stage.issuer("local");
        let check = Job::host(&["check", "--issuer", issuer, "--subject", "job:deploy"]).args(&here);
        check.env("T", &id_token).env("SSL_CERT_FILE", stage.emulator.ca_file()).run().expect(code);
    }
}

fn list(subject: &str) -> Value {
    json!({ "value": [
        { "name": "other", "issuer": "https://gitlab.com", "subject": "x", "audiences": ["api://AzureADTokenExchange"] },
        { "name": "own", "issuer": HARNESS, "subject": subject, "audiences": ["api://AzureADTokenExchange"] },
    ] })
}

fn exchange(stage: &Stage, arguments: &[&str]) -> Job {
    let job = stage.job(arguments).env("ARM_OIDC_TOKEN", stage.id_token());
    job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION)
}
