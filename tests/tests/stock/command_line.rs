//! Compares `wasmtime run` with the native host: the same output for the same input, with exit code
//! 0 or 1.

use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::thread;

use azure_oidc_emulator::Order;
use azure_oidc_tests::http::Message;
use azure_oidc_tests::relay::Relay;
use azure_oidc_tests::stage::{ARM, GRAPH};
use azure_oidc_tests::{APPLICATION, Job, Ran, Stage, TENANT, schema, secrets, stock, tokens};
use serde_json::{Value, json};

/// Offline commands. `T` contains the token, standard input a list of credentials.
const COMMANDS: &[&[&str]] = &[
    &["inspect", "--id-token-env", "T"],
    &["inspect", "--id-token-env", "T", "--output", "json"],
    &["check", "--id-token-env", "T", "--credential", "-", "--now", "1800000000"],
    &["check", "--id-token-env", "T", "--credential", "-", "--now", "1800000000", "--output", "json"],
    &[
        "check",
        "--id-token-env",
        "T",
        "--issuer",
        "https://gitlab.com",
        "--subject",
        "x",
        "--now",
        "2026-11-20T17:00:00Z",
    ],
    &["credential", "--id-token-env", "T"],
    &["credential", "--id-token-env", "T", "--format", "arm"],
    &["credential", "--id-token-env", "T", "--format", "az"],
    &["credential", "--id-token-env", "T", "--format", "az-identity"],
    &["credential", "--id-token-env", "T", "--format", "terraform"],
    &["credential", "--id-token-env", "T", "--format", "bicep"],
    &["credential", "--issuer", "https://gitlab.com", "--subject", "project_path:g/p:ref_type:branch:ref:main"],
    &["explain", "700213"],
    &["explain", "AADSTS700016", "--output", "json"],
    &["explain", "700213", "--id-token-env", "T", "--output", "json"],
    &["explain", "nothing", "--output", "json"],
    &["check", "--output", "json"],
    &["audit", "--credential", "-"],
    &["audit", "--credential", "-", "--output", "json"],
    &["audit", "--credential", "-", "--cloud", "china", "--write", "--format", "terraform"],
    &["exchange", "--tenant-id", "x", "--client-id", "x", "--output", "json"],
    &["docker-credential", "list"],
    &["docker-credential", "version"],
    &["docker-credential", "get"],
    &["docker-credential", "store"],
    &["docker-credential", "fetch"],
    &["git-credential", "capability"],
    &["git-credential", "get"],
    &["kubernetes-credential", "--tenant-id", "x", "--client-id", "x"],
    &["id-token", "--id-token-env", "T", "--audience", "x", "--output", "gcp-executable"],
    &["--help"],
    &["exchange", "--help"],
];

#[test]
fn both_hosts_print_the_same() {
    let stage = Stage::new();
    // Texts without times: they are shown relative to the present.
    let order = ["iat", "exp", "nbf"].iter().fold(Order::of("gitlab"), |order, name| order.claim(*name, Value::Null));
    let id_token = stage.mint(&order);
    let credentials = json!([{
        "name": "main",
        "issuer": "https://gitlab.com",
        "subject": "project_path:my-group/my-project:ref_type:branch:ref:main",
        "audiences": ["api://AzureADTokenExchange"],
    }]);
    for command in COMMANDS {
        let native = Job::host(command).env("T", &id_token).input(credentials.to_string()).run();
        let stock = stock::run(&[("T", &id_token)], command).input(credentials.to_string()).run();
        assert_eq!(stock.stdout, native.stdout, "{command:?}: {}", stock.stderr);
        assert_eq!(stock.code, i32::from(native.code != 0), "{command:?}: {}", stock.printed());
        secrets::assert_none_printed(&stock, &id_token);
    }
}

#[test]
fn an_id_token_is_handed_over_by_both_hosts_alike() {
    let id_token = Stage::new().mint(&Order::of("gitlab"));
    for form in ["text", "json", "gcp-executable"] {
        let command = ["id-token", "--id-token-env", "T", "--output", form];
        let native = Job::host(&command).env("T", &id_token).run().expect(0);
        assert_eq!(stock::run(&[("T", &id_token)], &command).run().expect(0), native, "{form}");
    }
    let refused = stock::run(&[("T", &id_token)], &["id-token", "--id-token-env", "T", "--output", "file:t"]).run();
    assert!(refused.stderr.contains("This host writes no files"), "{refused:?}");
}

#[test]
fn a_client_of_kubernetes_gets_its_token() {
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    let id_token = stage.id_token();
    let variables = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_AUTHORITY_HOST", relay.url()),
        ("ARM_OIDC_TOKEN", id_token.as_str()),
    ];
    let ran = stock::run(&variables, &["kubernetes-credential"]).run().expect(0);
    assert_eq!(ran.json()["kind"], "ExecCredential");
}

#[test]
fn a_token_is_traded_and_printed_for_the_shell_to_redirect() {
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    let ran = exchange(&stage, &relay, &["--output", "json", "--scope", &format!("{ARM},{GRAPH}")]).expect(0);
    schema::assert_valid("exchange", &ran.json());
    assert_eq!(stage.requests().len(), 2);

    let ran = exchange(&stage, &relay, &["--output", "text"]).expect(0);
    assert_eq!(tokens::claims(ran.stdout.trim_end())["aud"], "https://management.azure.com");

    let ran = exchange(&stage, &relay, &["--output", "env"]).expect(0);
    assert!(ran.stdout.starts_with("AZURE_ACCESS_TOKEN='eyJ"), "{}", ran.stdout.len());
}

#[test]
fn the_lines_of_a_platform_are_printed_instead_of_written() {
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    let id_token = stage.id_token();
    let secrets = stage.path("secrets");
    let step = [
        ("PLUGIN_OIDC_TOKEN_ID", &*id_token),
        ("PLUGIN_TENANT_ID", TENANT),
        ("PLUGIN_CLIENT_ID", APPLICATION),
        ("PLUGIN_AZURE_AUTHORITY_HOST", relay.url()),
        ("HARNESS_OUTPUT_SECRET_FILE", secrets.to_str().unwrap()),
    ];
    // Nothing is printed unless it is asked for.
    let refused = stock::run(&step, &[]).run().expect(1);
    assert!(refused.stdout.is_empty() && refused.stderr.contains("add `--output harness`"), "{}", refused.printed());
    let ran = stock::run(&step, &["--output", "harness"]).run().expect(0);
    assert!(ran.stdout.starts_with("AZURE_ACCESS_TOKEN=eyJ") && ran.stdout.lines().count() == 1);
    assert!(!secrets.exists(), "it has no files");
}

#[test]
fn a_refusal_is_reported_as_by_the_native_host() {
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    let id_token = stage.mint(&Order::of("harness").claim("sub", "another"));
    let ran = trade(&id_token, relay.url(), &["--output", "json"]).expect(1);
    schema::assert_valid("error", &ran.json());
    assert_eq!((&ran.error()["code"], &ran.error()["aadsts"]), (&json!("entra-refused"), &json!("AADSTS700213")));
    secrets::assert_none_printed(&ran, &id_token);
}

/// wasmtime's client reports both as a breach of HTTP. What came before the end tells them apart.
#[test]
fn an_answer_that_breaks_off_is_reported_as_cut() {
    let stage = Stage::new();
    for (sent, code) in [("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{", "answer-cut"), ("", "authority-failed")] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                Message::read(&mut BufReader::new(&stream)).unwrap();
                stream.write_all(sent.as_bytes()).unwrap();
            }
        });
        let ran = trade(&stage.id_token(), &url, &["--retries", "0", "--output", "json"]).expect(1);
        assert_eq!(ran.error()["code"], code, "{}", ran.printed());
    }
}

#[test]
fn unsupported_features_are_reported_with_an_alternative() {
    let missing = stock::run(&[], &["exchange", "--client-id", APPLICATION]).run().expect(1);
    assert!(missing.stderr.contains("--env NAME"), "{}", missing.stderr);
    let unseen = stock::run(&[], &["inspect", "--id-token-env", "T"]).run().expect(1);
    assert!(unseen.stderr.contains("--env T"), "{}", unseen.stderr);
    let file = stock::run(&[], &["inspect", "--id-token-file", "/token"]).run().expect(1);
    assert!(file.stderr.contains("gives the component no files"), "{}", file.stderr);
    let component = stock::run(&[], &["component", "--digest"]).run().expect(1);
    assert!(component.stderr.contains("sha256sum"), "{}", component.stderr);
}

#[test]
fn an_untrusted_authority_is_refused_here_too() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let job = stock::run(&[("T", &id_token)], &["--id-token-env", "T", "--authority-host", stage.emulator.url()]);
    let ran = job
        .args(&["--tenant-id", TENANT, "--client-id", APPLICATION, "--retries", "0", "--output", "json"])
        .run()
        .expect(1);
    assert!(
        ["certificate-untrusted", "certificate-unusable", "tls-failed", "authority-failed", "authority-unreachable"]
            .map(Value::from)
            .contains(&ran.error()["code"]),
        "{}",
        ran.printed()
    );
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn standard_input_that_never_ends_is_told_within_the_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let arguments =
        ["exchange", "--output=text", "--id-token-file=-", "--timeout=1s", "--tenant-id", TENANT, "--client-id"];
    let job = stock::run(&[], &arguments).args(&[APPLICATION]).within(folder.path());
    let ran = job.through_a_shell("mkfifo fifo; exec 3<>fifo; exec \"$0\" \"$@\" <&3").run().expect(1);
    assert!(ran.stderr.contains("standard input, named by `--id-token-file`, did not end within 1s"), "{}", ran.stderr);
}

fn exchange(stage: &Stage, relay: &Relay, arguments: &[&str]) -> Ran {
    trade(&stage.id_token(), relay.url(), arguments)
}

fn trade(id_token: &str, authority: &str, arguments: &[&str]) -> Ran {
    let job = stock::run(
        &[("MY_TOKEN", id_token)],
        &["exchange", "--id-token-env", "MY_TOKEN", "--authority-host", authority],
    );
    job.args(&["--tenant-id", TENANT, "--client-id", APPLICATION]).args(arguments).run()
}
