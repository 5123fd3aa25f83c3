//! An emulator of Entra and the CI systems, with a folder for the files of a job.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_emulator::client::Client;
use azure_oidc_emulator::log::Entry;
use azure_oidc_emulator::{Config, Emulator, Injection, Order, Running, config};
use tempfile::TempDir;

use crate::Job;

/// The tenant of the default configuration.
pub const TENANT: &str = "11111111-1111-4111-8111-111111111111";
/// The application of that tenant. It has credentials for most platforms.
pub const APPLICATION: &str = "22222222-2222-4222-8222-222222222222";
/// A verified domain of the tenant.
pub const DOMAIN: &str = "contoso.example";
/// Azure Resource Manager of the public cloud.
pub const ARM: &str = "https://management.azure.com/.default";
/// Microsoft Graph of the public cloud.
pub const GRAPH: &str = "https://graph.microsoft.com/.default";

/// An emulator and a folder. Both are removed when this is dropped.
pub struct Stage {
    /// The emulator.
    pub emulator: Running,
    folder: TempDir,
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

impl Stage {
    /// Starts an emulator with the default configuration.
    pub fn new() -> Self {
        Self::with_config(config::DEFAULT)
    }

    /// Starts an emulator with this configuration.
    pub fn with_config(toml: &str) -> Self {
        Self::of(Config::parse(toml, "".as_ref()).unwrap_or_else(|fault| panic!("{fault}")))
    }

    /// Starts an emulator with a configuration that was read already.
    pub fn of(config: Config) -> Self {
        let emulator = Emulator::start(config).unwrap_or_else(|fault| panic!("{fault}"));
        Self { emulator, folder: tempfile::tempdir().expect("there is a temporary folder") }
    }

    /// Mints an ID token.
    pub fn mint(&self, order: &Order) -> String {
        self.emulator.mint(order).unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// The ID token of a Harness step. It matches one of the credentials.
    pub fn id_token(&self) -> String {
        self.mint(&Order::of("harness"))
    }

    /// The `iss` of an issuer's tokens.
    pub fn issuer(&self, name: &str) -> &str {
        self.emulator.issuer(name).unwrap_or_else(|| panic!("there is no issuer {name}"))
    }

    /// Injects a failure into the next requests.
    pub fn inject(&self, injection: Injection) {
        self.emulator.inject(injection).unwrap_or_else(|fault| panic!("{fault}"));
    }

    /// The path of a file in the folder. The file need not exist.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file in the folder and returns its path.
    pub fn write(&self, name: &str, contents: &str) -> String {
        let path = self.path(name);
        fs::write(&path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path.to_str().expect("temporary folders have plain names").to_owned()
    }

    /// The contents of a file in the folder; empty if it does not exist.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The contents of the new file for the job's shell; empty if there is none.
    pub fn shell_file(&self) -> String {
        let is_for_shell = |name: &str| name.starts_with("azure-oidc-") && name.ends_with(".sh");
        self.names().into_iter().filter(|name| is_for_shell(name)).map(|name| self.read(&name)).collect()
    }

    /// The names of the files in the folder, hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).unwrap_or_else(|error| panic!("the folder is gone: {error}"));
        let mut names: Vec<_> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The value of a name in an output file with lines `NAME=value`.
    pub fn output(&self, file: &str, name: &str) -> Option<String> {
        let text = self.read(file);
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(ToOwned::to_owned))
    }

    /// A job that signs in at the emulator and trusts its certificate. Of the variables it has only
    /// the one that names a temporary folder: this stage's.
    pub fn job(&self, arguments: &[&str]) -> Job {
        Job::host(arguments)
            .env("TMPDIR", self.folder())
            .args(&["--authority-host", self.emulator.url(), "--ca-file"])
            .args(&[self.emulator.ca_file()])
    }

    /// A step of Harness as the plugin's documentation describes it: `PLUGIN_*` as input, output
    /// files, and no arguments.
    pub fn harness(&self, id_token: &str) -> Job {
        Job::host(&[])
            .env("PLUGIN_OIDC_TOKEN_ID", id_token)
            .env("PLUGIN_TENANT_ID", TENANT)
            .env("PLUGIN_CLIENT_ID", APPLICATION)
            .env("PLUGIN_AZURE_AUTHORITY_HOST", self.emulator.url())
            .env("SSL_CERT_FILE", self.emulator.ca_file())
            .env("HARNESS_OUTPUT_SECRET_FILE", self.path("secrets"))
    }

    /// Gets a document from the emulator.
    pub fn get(&self, url: &str) -> String {
        let client = Client::trusting(self.emulator.ca_file()).unwrap_or_else(|error| panic!("{error}"));
        let request = http::Request::get(url).body(String::new()).unwrap_or_else(|error| panic!("{url}: {error}"));
        let answer = client.send(request).unwrap_or_else(|error| panic!("{url}: {error}"));
        String::from_utf8_lossy(answer.body()).into_owned()
    }

    /// The requests that the emulator received.
    pub fn requests(&self) -> Vec<Entry> {
        self.emulator.requests()
    }

    /// The only request that the emulator received.
    #[track_caller]
    pub fn only_request(&self) -> Entry {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    /// Waits until the emulator receives a request.
    pub fn wait_for_a_request(&self) {
        const TIME_LIMIT: Duration = Duration::from_secs(60);
        let since = Instant::now();
        while self.requests().is_empty() {
            assert!(since.elapsed() < TIME_LIMIT, "no request arrives");
            thread::yield_now();
        }
    }
}
