//! Runs the commands of `examples/wasmtime/README.md` as they are written there.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use azure_oidc_tests::relay::Relay;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, programs};
use serde_json::json;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/wasmtime/README.md");

#[test]
fn each_command_for_wasmtime_works_as_written() {
    let said: Vec<_> = blocks().iter().map(|block| run(block)).collect();
    assert_eq!(said.len(), 5, "one for each block");
    assert!(said[0].starts_with("AADSTS700213: "), "{}", said[0]);
    assert!(said[1].contains("main"), "{}", said[1]);
    assert_eq!(said[2], "", "the token is redirected");
    assert!(said[3].contains("aadsts: 700213"), "{}", said[3]);
    assert!(said[4].contains("\"status\":\"ok\"") && said[4].contains("AADSTS700213"), "{}", said[4]);
}

fn blocks() -> Vec<String> {
    let text = fs::read_to_string(README).expect("the stage is set");
    text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// Runs a block in a folder with the component, for a job whose ID token matches a credential.
fn run(block: &str) -> String {
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    fs::copy(programs::component(), stage.path("azure_oidc.wasm")).expect("the stage is set");
    let id_token = stage.id_token();
    let claims = azure_oidc_tests::tokens::claims(&id_token);
    let credentials = json!([{
        "name": "main", "issuer": claims["iss"], "subject": claims["sub"], "audiences": [claims["aud"]],
    }]);
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("the stage is set").port();
    let wasmtime = programs::wasmtime();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", wasmtime.parent().unwrap_or(Path::new("/")).display());
    let job = Job::program("/bin/sh".as_ref()).args(&["-euc", block]).within(stage.folder()).env("PATH", path);
    let job = job.env("HOME", std::env::var_os("HOME").unwrap_or_default()).env("ID_TOKEN", &id_token);
    let job = job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION).env("PORT", port.to_string());
    let job = job.env("AZURE_AUTHORITY_HOST", relay.url()).env("SCOPE", azure_oidc_tests::stage::ARM);
    let ran = job.env("CREDENTIALS", credentials.to_string()).run().expect(0);
    assert!(!ran.printed().contains(&id_token), "{block}");
    ran.stdout
}
