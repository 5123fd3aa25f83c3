//! The requests to each SDK, and what it must return.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use azure_oidc_core::token::Token;
use azure_oidc_emulator::log::Fingerprint;
use azure_oidc_emulator::{Config, Emulator, Order, Running};
use serde_json::{Value, json};

use super::{HERE, install};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const DEPLOYER: &str = "22222222-2222-4222-8222-222222222222";
const SCOPE: &str = "https://vault.azure.net/.default";

fn emulator() -> Running {
    Emulator::start(Config::sample().unwrap()).unwrap()
}

fn python(emulator: &Running, request: &Value) -> Value {
    let mut command = Command::new(install::python());
    command.env("REQUESTS_CA_BUNDLE", emulator.ca_file()).env("NO_PROXY", "localhost");
    ask(&mut command, "get_token.py", request)
}

fn node(emulator: &Running, request: &Value) -> Value {
    let mut command = Command::new("node");
    command.current_dir(install::node()).env("NODE_EXTRA_CA_CERTS", emulator.ca_file()).env("NO_PROXY", "localhost");
    ask(&mut command, "get_token.mjs", request)
}

fn request(emulator: &Running, order: &Order) -> Value {
    json!({
        "authority": emulator.url(),
        "tenant": TENANT,
        "client": DEPLOYER,
        "scope": SCOPE,
        "token": emulator.mint(order).unwrap(),
    })
}

/// Checks an exchange, the access token, and a refusal with Entra's text. Returns the paths that
/// the SDK requested before.
fn gets_tokens_and_refusals(sdk: impl Fn(&Running, &Value) -> Value) -> Vec<String> {
    let emulator = emulator();
    let granted = request(&emulator, &Order::of("github"));
    let answer = sdk(&emulator, &granted);
    let token = Token::parse(answer["token"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap();
    assert_eq!(token.claims().aud, ["https://vault.azure.net"]);
    let (expires_on, exp) = (answer["expires_on"].as_i64().unwrap(), token.claims().exp.unwrap());
    assert!((exp - expires_on).abs() <= 30, "{expires_on} {exp}");

    let requests = emulator.requests();
    let (post, discovery) = requests.split_last().unwrap();
    assert_eq!(post.path, format!("/{TENANT}/oauth2/v2.0/token"));
    assert!(discovery.iter().all(|entry| entry.status == Some(200)), "{discovery:?}");
    assert_eq!(post.assertion, Some(Fingerprint::of(granted["token"].as_str().unwrap())), "the ID token, unchanged");

    let refused = sdk(
        &emulator,
        &request(&emulator, &Order::of("gitlab").claim("sub", "project_path:a/b:ref_type:branch:ref:main")),
    );
    let message = refused["refused"].as_str().unwrap_or_else(|| panic!("{refused}"));
    assert!(
        message.contains("AADSTS700213") && message.contains("project_path:a/b:ref_type:branch:ref:main"),
        "{message}"
    );
    discovery.iter().map(|entry| entry.path.clone()).collect()
}

/// Checks an exchange with the token in a file, as on Kubernetes.
fn reads_the_token_from_a_file(sdk: impl Fn(&Running, &Value) -> Value) {
    let emulator = emulator();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, emulator.mint(&Order::of("github")).unwrap()).unwrap();
    let mut request = request(&emulator, &Order::of("github"));
    request["token_file"] = file.to_str().unwrap().into();
    let answer = sdk(&emulator, &request);
    assert!(answer["token"].is_string(), "{answer}");
}

#[test]
fn azure_identity_for_python_gets_tokens_and_refusals() {
    gets_tokens_and_refusals(python);
}

#[test]
fn azure_identity_for_python_reads_the_token_from_a_file() {
    reads_the_token_from_a_file(python);
}

#[test]
fn azure_identity_for_node_gets_tokens_and_refusals() {
    let asked = gets_tokens_and_refusals(node);
    assert_eq!(asked, [format!("/{TENANT}/v2.0/.well-known/openid-configuration")]);
}

#[test]
fn azure_identity_for_node_reads_the_token_from_a_file() {
    reads_the_token_from_a_file(node);
}

/// Runs a script of this directory with a request on stdin, and returns what it prints.
fn ask(command: &mut Command, script: &str, request: &serde_json::Value) -> serde_json::Value {
    let command =
        command.arg(Path::new(HERE).join(script)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} ended with {}: {errors}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}
