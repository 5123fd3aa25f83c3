//! `cargo xtask demo`: shows an exchange in a Harness step, with a local Entra and a signed token.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Result, ensure};

use crate::build::{self, Built};
use crate::emulator::Emulator;
use crate::shell;

/// Tenant and application of the emulator's default configuration.
const TENANT: &str = "contoso.example";
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";

pub(crate) fn run() -> Result<()> {
    let built = build::everything()?;
    let folder = tempfile::tempdir()?;
    let emulator = Emulator::start(&built.emulator, folder.path())?;
    let demo = Demo { built: &built, emulator: &emulator, folder: folder.path() };
    println!("\nA local Entra answers at {} under a certificate authority it made a moment ago.", emulator.url);
    demo.success()?;
    demo.refusal()?;
    own_tenant(&built);
    Ok(())
}

struct Demo<'a> {
    built: &'a Built,
    emulator: &'a Emulator,
    folder: &'a Path,
}

impl Demo<'_> {
    fn success(&self) -> Result<()> {
        title("1. What the CI system hands to the job: an ID token");
        let token = self.emulator.mint("harness", &[])?;
        let inspect = Command::new(&self.built.host)
            .args(["inspect", "--id-token-env", "TOKEN"])
            .env("TOKEN", &token)
            .output()?;
        show(&inspect);
        ensure!(inspect.status.success(), "inspect failed");

        title("2. The step: azure-oidc with the settings of plugins/azure-oidc");
        let secrets = self.folder.join("output-secrets.env");
        let output = self.step(&token, &secrets).output()?;
        println!("$ PLUGIN_TENANT_ID={TENANT} PLUGIN_CLIENT_ID={CLIENT} PLUGIN_OIDC_TOKEN_ID=*** azure-oidc");
        show(&output);
        ensure!(output.status.success(), "the exchange failed");

        title("3. What happened");
        let requests = self.emulator.token_requests()?;
        println!("Entra saw {} request: {}", requests.len(), requests.join("; "));
        ensure!(requests.len() == 1, "one scope is one request");
        let published = std::fs::read_to_string(&secrets)?;
        println!("The secret file now holds: {}", masked(&published));
        ensure!(published.starts_with("AZURE_ACCESS_TOKEN=ey"), "the token was not published");
        println!("Later steps read it as <+steps.STEP_ID.output.outputVariables.AZURE_ACCESS_TOKEN>.");
        Ok(())
    }

    fn refusal(&self) -> Result<()> {
        title("4. The same with a subject that no credential has");
        let token = self
            .emulator
            .mint("harness", &["--claim", "sub=account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/oidc_test"])?;
        let output = self.step(&token, &self.folder.join("never-written.env")).output()?;
        show(&output);
        ensure!(output.status.code() == Some(4), "a refusal by Entra ends with 4");
        println!("exit code 4: Entra refused. Nothing was published.");
        Ok(())
    }

    fn step(&self, token: &str, secrets: &Path) -> Command {
        let mut command = Command::new(&self.built.host);
        command
            .env("PLUGIN_TENANT_ID", TENANT)
            .env("PLUGIN_CLIENT_ID", CLIENT)
            .env("PLUGIN_OIDC_TOKEN_ID", token)
            .env("PLUGIN_AZURE_AUTHORITY_HOST", &self.emulator.url)
            .env("HARNESS_OUTPUT_SECRET_FILE", secrets)
            .env("SSL_CERT_FILE", &self.emulator.ca_file);
        command
    }
}

fn own_tenant(built: &Built) {
    title("Now with your own tenant, in a job of any CI system that gives an ID token");
    println!(
        "MY_TOKEN=... {} exchange --tenant-id TENANT --client-id CLIENT --id-token-env MY_TOKEN --output text\n",
        built.host.strip_prefix(shell::root()).unwrap_or(&built.host).display()
    );
}

fn title(text: &str) {
    println!("\n\u{2500}\u{2500} {text}\n");
}

fn show(output: &Output) {
    for stream in [&output.stdout, &output.stderr] {
        print!("{}", String::from_utf8_lossy(stream));
    }
}

/// A published line with a shortened token.
fn masked(line: &str) -> String {
    let token = line.trim_end();
    format!("{}\u{2026} ({} bytes)", token.chars().take(30).collect::<String>(), token.len())
}
