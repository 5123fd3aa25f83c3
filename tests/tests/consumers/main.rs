//! Tests the commands by which other tools get their credentials, with those tools: the real host,
//! the real component, and the emulator over TLS under the names of Azure's services.
#![cfg(unix)]

mod docker;
mod git;
mod git_server;
mod https_server;
mod id_token;
#[cfg(test)]
#[path = "../../../crates/emulator/tests/sdk/install.rs"]
mod install;
mod kubernetes;
mod login;
mod nested;
mod recipes;

use std::path::{Path, PathBuf};

use azure_oidc_emulator::config;
use azure_oidc_tests::clients::PATH;
use azure_oidc_tests::proxy::Proxy;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, programs};

/// Where the pinned versions of Python's packages stand.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/emulator/tests/sdk");

/// The names of Azure's services that the emulator has a certificate for.
const HOSTS: &str = r#"["localhost", "contoso.azurecr.io", "contoso.azurecr.us", "fabrikam.azurecr.io", "dev.azure.com",
    "login.microsoftonline.com"]"#;

/// Helm, which a package of Python carries for Linux amd64. None, with a line that says so, elsewhere.
fn helm() -> Option<PathBuf> {
    let helm = install::python().with_file_name("helm");
    let is_there = helm.is_file();
    if !is_there {
        println!("not tested: its package has no helm for this system");
    }
    is_there.then_some(helm)
}

/// A job of GitHub Actions that reaches the emulator under the names of Azure's services.
struct Place {
    stage: Stage,
    proxy: Proxy,
}

impl Place {
    fn new() -> Self {
        Self::with("")
    }

    fn with(toml: &str) -> Self {
        let stage = Stage::with_config(&format!("hostnames = {HOSTS}\n{}\n{toml}", config::DEFAULT));
        let proxy = Proxy::leading_to(stage.emulator.url());
        std::fs::create_dir(stage.path("bin")).expect("the folder is new");
        Job::host(&["link", "--dir"]).args(&[stage.path("bin")]).run().expect(0);
        std::os::unix::fs::symlink(programs::host(), stage.path("bin").join("azure-oidc")).expect("the folder is new");
        Self { stage, proxy }
    }

    /// The variables of the job.
    fn variables(&self) -> Vec<(String, String)> {
        let ready = self.stage.emulator.ready();
        let own = ready["jobs"]["github"].as_object().expect("the issuer has jobs").clone();
        let text = |path: PathBuf| path.to_str().expect("temporary folders have plain names").to_owned();
        let mut variables: Vec<_> =
            own.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect();
        for (name, value) in [
            ("AZURE_TENANT_ID", TENANT.to_owned()),
            ("AZURE_CLIENT_ID", APPLICATION.to_owned()),
            ("AZURE_AUTHORITY_HOST", self.stage.emulator.url().to_owned()),
            ("SSL_CERT_FILE", text(self.stage.emulator.ca_file().to_owned())),
            ("HTTPS_PROXY", self.proxy.url()),
            ("https_proxy", self.proxy.url()),
            ("NO_PROXY", "localhost,127.0.0.1".to_owned()),
            ("no_proxy", "localhost,127.0.0.1".to_owned()),
            ("PATH", format!("{}:{PATH}", text(self.stage.path("bin")))),
            ("HOME", text(self.stage.folder().to_owned())),
            ("TMPDIR", text(self.stage.folder().to_owned())),
        ] {
            variables.push((name.to_owned(), value));
        }
        variables
    }

    /// A program in the job.
    fn job(&self, program: &Path) -> Job {
        let job = Job::program(program).within(self.stage.folder());
        self.variables().into_iter().fold(job, |job, (name, value)| job.env(&name, value))
    }

    /// azure-oidc in the job.
    fn own(&self, arguments: &[&str]) -> Job {
        self.job(&programs::host()).args(arguments)
    }

    /// The paths of the requests so far.
    fn asked(&self) -> Vec<String> {
        self.stage.requests().into_iter().map(|request| request.path).collect()
    }

    /// Leaves the application without a credential for the job.
    fn refuse(&self) {
        let change = serde_json::json!({ "client_id": APPLICATION, "credentials": [] });
        let change = serde_json::from_value(change).expect("it is a change");
        self.stage.emulator.set_credentials(&change).unwrap_or_else(|fault| panic!("{fault}"));
    }
}
