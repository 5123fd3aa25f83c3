//! `cargo xtask bench`: how long and how large one exchange is, as ratios beside peers in the same run.
//!
//! What is measured is the program that a release has for this machine, and where it has none, the one built here.
//!
//! The peers make the same trade against the same emulator: `curl`, and the floor, a bare Rust program that does the POST and
//! nothing else. Runs alternate, so that whatever else the machine does touches all alike.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::build::{self, Built};
use crate::dist;
use crate::emulator::Emulator;
use crate::shell;

pub(crate) mod claims;

const RUNS: usize = 200;
const TENANT: &str = "contoso.example";
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";

pub(crate) fn run() -> Result<()> {
    let mut built = build::everything()?;
    if let Some(released) = dist::released(&built)? {
        built.host = released;
    }
    shell::run(&mut shell::cargo(&["build", "--release", "--locked", "--package", "azure-oidc-floor"]))?;
    let floor = build::target_folder().join("release").join("azure-oidc-floor");
    let folder = tempfile::tempdir()?;
    let emulator = Emulator::start(&built.emulator, folder.path())?;
    let trade = Trade { emulator: &emulator, token: emulator.mint("harness", &[])?, folder: folder.path().to_owned() };

    sizes(&built)?;
    times(&built, &floor, &trade)?;
    phases(&built, &trade)?;
    let before = emulator.token_requests()?.len();
    trade.quiet(&mut trade.host(&built.host))?;
    println!("HTTP requests for one scope: {}", emulator.token_requests()?.len() - before);
    Ok(())
}

/// Sizes in the last release, in KiB, as `cargo xtask bench` printed them; nothing has been released yet.
const LAST_RELEASE: Option<Sizes> = None;

struct Sizes {
    component: u64,
    host: u64,
}

fn sizes(built: &Built) -> Result<()> {
    const KIB: u64 = 1024;
    let last = LAST_RELEASE.map(|sizes| [sizes.component, sizes.host]);
    for (index, (what, path, limit)) in
        [("azure_oidc.wasm", &built.component, 700), ("host", &built.host, 8 * KIB)].into_iter().enumerate()
    {
        let size = std::fs::metadata(path)?.len() / KIB;
        let before = last
            .map_or("no release before this".to_owned(), |sizes| format!("{} KiB in the last release", sizes[index]));
        println!("{what}: {size} KiB, {} % of the {limit} KiB it should have; {before}", size * 100 / limit);
    }
    Ok(())
}

fn times(built: &Built, floor: &Path, trade: &Trade<'_>) -> Result<()> {
    let mut contenders = [
        Contender { name: "azure-oidc", command: trade.host(&built.host), times: Vec::new() },
        Contender { name: "floor", command: trade.host(floor), times: Vec::new() },
        Contender { name: "curl", command: trade.curl(), times: Vec::new() },
    ];
    for _ in 0..RUNS {
        for contender in &mut contenders {
            let start = Instant::now();
            trade.quiet(&mut contender.command)?;
            contender.times.push(start.elapsed());
        }
    }
    let medians = contenders.each_mut().map(Contender::median);
    println!("\n{RUNS} whole processes each, taking turns; median (and 95th of 100):");
    for (contender, median) in contenders.iter().zip(medians) {
        println!("  {:<11}{:6.2} ms ({:.2})", contender.name, millis(median), millis(contender.times[RUNS * 95 / 100]));
    }
    let [host, floor, curl] = medians.map(|median| median.as_secs_f64());
    println!("  azure-oidc / floor: {:.2}   azure-oidc / curl: {:.2}", host / floor, host / curl);
    Ok(())
}

struct Contender {
    name: &'static str,
    command: Command,
    times: Vec<Duration>,
}

impl Contender {
    fn median(&mut self) -> Duration {
        self.times.sort_unstable();
        self.times[self.times.len() / 2]
    }
}

/// What the host says of itself, as the median of some runs.
fn phases(built: &Built, trade: &Trade<'_>) -> Result<()> {
    let mut reports = Vec::new();
    for _ in 0..21 {
        let output = trade.host(&built.host).arg("exchange").arg("--timings").output()?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = stderr.lines().find(|line| line.starts_with('{')).context("no timings")?;
        reports.push(serde_json::from_str::<Value>(line)?);
    }
    let mut numbers = Vec::new();
    for name in numeric_members("", &reports[0]) {
        let mut values: Vec<_> = reports.iter().filter_map(|report| report.pointer(&name)?.as_f64()).collect();
        values.sort_by(f64::total_cmp);
        numbers.push(format!("{} {:.0}", name.trim_start_matches('/').replace('/', "."), values[values.len() / 2]));
    }
    println!("\nphases of azure-oidc, medians: {}", numbers.join(", "));
    Ok(())
}

fn numeric_members(path: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Number(_) => vec![path.to_owned()],
        Value::Object(members) => {
            members.iter().flat_map(|(name, value)| numeric_members(&format!("{path}/{name}"), value)).collect()
        }
        _ => Vec::new(),
    }
}

struct Trade<'a> {
    emulator: &'a Emulator,
    token: String,
    folder: PathBuf,
}

impl Trade<'_> {
    /// The host, or the floor: both read the plugin's variables.
    fn host(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PLUGIN_TENANT_ID", TENANT)
            .env("PLUGIN_CLIENT_ID", CLIENT)
            .env("PLUGIN_OIDC_TOKEN_ID", &self.token)
            .env("PLUGIN_AZURE_AUTHORITY_HOST", &self.emulator.url)
            .env("HARNESS_OUTPUT_SECRET_FILE", self.folder.join("secrets.env"))
            .env("SSL_CERT_FILE", &self.emulator.ca_file);
        command
    }

    fn curl(&self) -> Command {
        let mut command = Command::new("curl");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.args(["--silent", "--show-error", "--fail", "--cacert"]).arg(&self.emulator.ca_file);
        for (name, value) in [
            ("client_id", CLIENT),
            ("grant_type", "client_credentials"),
            ("scope", "https://management.azure.com/.default"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &self.token),
        ] {
            command.arg("--data-urlencode").arg(format!("{name}={value}"));
        }
        command.arg("--output").arg(self.folder.join("curl.json"));
        command.arg(format!("{}/{TENANT}/oauth2/v2.0/token", self.emulator.url));
        command
    }

    fn quiet(&self, command: &mut Command) -> Result<()> {
        let output =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?.wait_with_output()?;
        ensure!(
            output.status.success(),
            "{:?} failed: {}",
            command.get_program(),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
