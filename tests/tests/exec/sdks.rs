//! The SDKs of Azure within `exec`: their managed identity and their default chain find the broker.

use std::path::Path;

use azure_oidc_tests::{Job, Stage, tokens};

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

/// Each credential got both tokens, and each token was exchanged once.
#[track_caller]
fn assert_tokens(stage: &Stage, job: Job) {
    let ran = job.run().expect(0);
    let audiences: Vec<_> = ran.stdout.lines().map(|token| tokens::claims(token)["aud"].clone()).collect();
    assert_eq!(audiences, ["https://vault.azure.net", "https://storage.azure.com"].repeat(2), "{}", ran.stderr);
    let posts: Vec<_> = stage.requests().into_iter().filter(|request| request.method == "POST").collect();
    assert_eq!(posts.len(), 3, "one for each scope, and that of the start: {posts:?}");
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
