//! The SDKs of Azure within `exec`: their managed identity and their default chain find the broker.

use std::path::Path;

use azure_oidc_tests::{Job, Stage, programs, tokens};
use serde_json::Value;

use crate::ARM_SCOPE;
use crate::{install, job};

const PYTHON: &str = r#"
import sys
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
for credential in [ManagedIdentityCredential(), DefaultAzureCredential()]:
    print(credential.get_token("https://vault.azure.net/.default").token)
    print(credential.get_token("https://storage.azure.com/.default").token)
"#;

const NODE: &str = r#"
import { createRequire } from "node:module";
const require = createRequire(process.env.SDKS + "/");
const { DefaultAzureCredential, ManagedIdentityCredential } = require("@azure/identity");
for (const credential of [new ManagedIdentityCredential(), new DefaultAzureCredential()]) {
  console.log((await credential.getToken("https://vault.azure.net/.default")).token);
  console.log((await credential.getToken("https://storage.azure.com/.default")).token);
}
"#;

/// The audiences of tokens, a line each.
fn audiences(tokens: &str) -> Vec<Value> {
    tokens.lines().map(|token| tokens::claims(token)["aud"].clone()).collect()
}

/// How often the authority was asked for a token.
fn posts(stage: &Stage) -> usize {
    stage.requests().iter().filter(|request| request.method == "POST").count()
}

/// Each credential got both tokens, and each token was exchanged once.
#[track_caller]
fn assert_tokens(stage: &Stage, job: Job) {
    let ran = job.run().expect(0);
    let twice = ["https://vault.azure.net", "https://storage.azure.com"].repeat(2);
    assert_eq!(audiences(&ran.stdout), twice, "{}", ran.stderr);
    assert_eq!(posts(stage), 3, "one for each scope, and that of the start");
}

/// Runs a script with proxy variables, which must not matter.
fn script(stage: &Stage, program: &Path, name: &str, text: &str) -> Job {
    let path = stage.write(name, text);
    job(stage, &["exec", "--scope", ARM_SCOPE])
        .args(&["--".as_ref(), program.as_os_str(), path.as_ref()])
        .env("NO_PROXY", "localhost")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
}

#[test]
fn azure_identity_for_python() {
    let stage = Stage::new();
    assert_tokens(&stage, script(&stage, &install::python(), "sdk.py", PYTHON));
}

#[test]
fn azure_identity_for_node() {
    let stage = Stage::new();
    let sdks = install::node();
    assert_tokens(&stage, script(&stage, Path::new("node"), "sdk.mjs", NODE).env("SDKS", sdks));
}

/// A program with azure_identity, which asks for the tokens of two resources.
fn rust(stage: &Stage, identity: &str, options: &[&str]) -> Job {
    job(stage, &["exec", "--scope", ARM_SCOPE])
        .args(options)
        .args(&["--".as_ref(), programs::azure_identity().as_os_str()])
        .args(&[identity, "https://vault.azure.net/.default", "https://storage.azure.com/.default"])
        .env("NO_PROXY", "localhost")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
}

#[test]
fn a_managed_identity_of_azure_identity_for_rust() {
    let stage = Stage::new();
    let ran = rust(&stage, "managed", &[]).run().expect(0);
    assert_eq!(audiences(&ran.stdout), ["https://vault.azure.net", "https://storage.azure.com"], "{}", ran.stderr);
    assert_eq!(posts(&stage), 3, "one for each scope, and that of the start");
}

#[test]
fn a_workload_identity_of_azure_identity_for_rust() {
    let stage = Stage::new();
    let ran = rust(&stage, "workload", &["--federated-token-file"]).env("SSL_CERT_FILE", stage.emulator.ca_file());
    let ran = ran.run().expect(0);
    assert_eq!(audiences(&ran.stdout), ["https://vault.azure.net", "https://storage.azure.com"], "{}", ran.stderr);
    assert_eq!(posts(&stage), 3, "the SDK sends its own, with the ID token in the file");
}
