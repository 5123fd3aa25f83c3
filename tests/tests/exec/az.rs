//! az within `exec`: `az login --identity` and what follows, each a process of its own.

use std::path::PathBuf;

use azure_oidc_tests::{Job, Stage, TENANT, tokens};
use serde_json::Value;

use crate::{ARM_SCOPE, job};

/// The variable with the folder of `az`.
const FOLDER: &str = "AZURE_OIDC_AZ";

/// The folder of `az`; none where it could not be installed, and a line says so.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    if folder.is_none() {
        println!("not tested: there is no az; `cargo xtask test` installs it where pip is to be had");
    }
    folder
}

/// A script in `exec` on a platform with one ID token, with az as a user has it whose cloud is the
/// emulator's.
fn within(stage: &Stage, az: &std::path::Path, options: &[&str], script: &str) -> Job {
    let url = stage.emulator.url();
    let home = stage.path("home");
    std::fs::create_dir(&home).expect("it is new");
    stage.write("home/config", "[cloud]\nname = emulator\n[core]\ncollect_telemetry = no\noutput = json\n");
    stage.write(
        "home/clouds.config",
        &format!(
            "[emulator]
endpoint_management = {url}
endpoint_resource_manager = {url}
endpoint_active_directory = {url}
endpoint_active_directory_resource_id = https://management.core.windows.net/
endpoint_active_directory_graph_resource_id = https://graph.windows.net/
endpoint_microsoft_graph_resource_id = https://graph.microsoft.com/
"
        ),
    );
    job(stage, &["exec", "--scope", ARM_SCOPE])
        .args(options)
        .args(&["--", "/bin/bash", "-euc", script])
        .env("PATH", format!("{}:{}", az.display(), crate::PATH))
        .env("HOME", &home)
        .env("AZURE_CONFIG_DIR", &home)
        .env("REQUESTS_CA_BUNDLE", stage.emulator.ca_file())
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
}

#[test]
fn az_signs_in_lists_and_hands_out_tokens() {
    let Some(az) = folder() else { return };
    let stage = Stage::new();
    let script = "az login --identity > login
        az account get-access-token > arm
        az account get-access-token --resource https://vault.azure.net > vault
        az rest --url '/subscriptions/{subscriptionId}/resourcegroups?api-version=2022-09-01' > groups";
    let ran = within(&stage, &az, &[], script).run().expect(0);
    let json = |name: &str| -> Value {
        serde_json::from_str(&stage.read(name)).unwrap_or_else(|error| panic!("{name}: {error}: {}", ran.printed()))
    };
    assert_eq!(json("login")[0]["tenantId"], TENANT, "{}", json("login"));
    assert_eq!(json("login")[0]["user"]["name"], "systemAssignedIdentity");
    for (name, audience) in [("arm", "https://management.azure.com"), ("vault", "https://vault.azure.net")] {
        let answer = json(name);
        let claims = tokens::claims(answer["accessToken"].as_str().expect("it is text"));
        assert_eq!((&claims["aud"], &answer["tenant"]), (&audience.into(), &TENANT.into()), "{name}");
        assert_eq!(claims["exp"].as_i64(), answer["expires_on"].as_i64(), "{name}");
    }
    assert_eq!(json("groups")["value"], serde_json::json!([]));
    let posts = stage.requests().into_iter().filter(|request| request.method == "POST").count();
    assert_eq!(posts, 2, "az asks for Resource Manager by another name than the SDKs, and gets the same token");
}

#[test]
fn az_says_why_there_is_no_token() {
    let Some(az) = folder() else { return };
    let stage = Stage::new();
    let script = "az login --identity --output none; az account get-access-token --resource https://nobody.example";
    let ran = within(&stage, &az, &[], script).run().expect(1);
    assert!(ran.stderr.contains("AADSTS500011"), "{}", ran.stderr);
}
