//! Tests `exec` and `broker` with the real host, the real component and the emulator over TLS: what
//! a command notices, who may ask, and what is left when somebody ends.
#![cfg(unix)]

mod az;
mod callers;
mod codes;
mod ending;
mod environment;
#[cfg(test)]
#[path = "../../../crates/emulator/tests/sdk/install.rs"]
mod install;
mod namespaces;
mod platforms;
mod ready;
mod sdks;
mod soak;
mod starting;
mod streams;
mod terraform;
mod unread;

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_tests::http::{self, Message};
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT};
use serde_json::Value;

/// Where the pinned versions of the SDKs stand.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/emulator/tests/sdk");

/// Azure Resource Manager, as the SDKs name it.
const ARM: &str = "https://management.azure.com";

/// The scope of Azure Resource Manager.
const ARM_SCOPE: &str = "https://management.azure.com/.default";

/// The path of the commands that scripts use.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A job with an ID token that cannot be had again.
fn job(stage: &Stage, options: &[&str]) -> Job {
    trusting(stage.emulator.ca_file(), stage, options)
}

/// The same with this `--ca-file`.
fn trusting(ca_file: &Path, stage: &Stage, options: &[&str]) -> Job {
    Job::host(options)
        .args(&["--authority-host", stage.emulator.url(), "--ca-file"])
        .args(&[ca_file])
        .args(&["--tenant-id", TENANT, "--client-id", APPLICATION, "--id-token-env", "MY_TOKEN"])
        .env("MY_TOKEN", stage.id_token())
        .env("PATH", PATH)
        .env("TMPDIR", stage.folder())
        .within(stage.folder())
}

/// `exec` of a shell script.
fn exec(stage: &Stage, options: &[&str], script: &str) -> Job {
    job(stage, &["exec"]).args(options).args(&["--", "/bin/sh", "-c", script])
}

/// A script that writes its environment, and runs until there is a file `stop`.
const UNTIL_STOP: &str = "env > env.new && mv env.new env && until [ -e stop ]; do sleep 0.05; done";

/// The environment that a script with [`UNTIL_STOP`] has written.
fn environment(stage: &Stage) -> BTreeMap<String, String> {
    wait_for(&stage.path("env"));
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    stage.read("env").lines().filter_map(pair).collect()
}

/// The environment of a ready file.
fn environment_of(ready: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(ready["env"].clone()).expect("names and values")
}

/// How often a token for this resource was requested from the authority.
fn exchanges(stage: &Stage, resource: &str) -> usize {
    let scope = format!("{resource}/.default");
    stage.requests().iter().filter(|request| request.form.get("scope") == Some(&scope)).count()
}

/// Asks for a token as the SDKs do.
fn ask(environment: &BTreeMap<String, String>, resource: &str) -> Message {
    ask_with(environment, resource, &[("x-identity-header", &environment["IDENTITY_HEADER"])])
}

fn ask_with(environment: &BTreeMap<String, String>, resource: &str, headers: &[(&str, &str)]) -> Message {
    let (address, path) = endpoint(environment);
    let target = format!("{path}?api-version=2019-08-01&resource={resource}");
    http::send(&address, "GET", &target, headers, "")
}

/// Address and path of `IDENTITY_ENDPOINT`.
fn endpoint(environment: &BTreeMap<String, String>) -> (String, String) {
    let url = environment["IDENTITY_ENDPOINT"].strip_prefix("http://").expect("it is plain HTTP");
    let (address, path) = url.split_once('/').expect("it has a path");
    (address.to_owned(), format!("/{path}"))
}

/// Waits until nobody listens on an address.
#[track_caller]
fn wait_until_closed(address: &str) {
    within(Duration::from_secs(10), || TcpStream::connect(address).is_err());
}

#[track_caller]
fn wait_for(path: &Path) {
    within(Duration::from_secs(60), || path.exists());
}

#[track_caller]
fn within(limit: Duration, is_so: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < limit, "it is not so within {limit:?}");
        thread::sleep(Duration::from_millis(10));
    }
}
