//! `cargo xtask bench`: measures time, memory and size of one exchange and prints them with their
//! limits, and the machine that measured.
//!
//! The host is the program that a release has for this machine, or the one built here if a release
//! has none.
//!
//! It is compared with `curl`, with `xtask/floor`, a minimal Rust program that only sends the POST,
//! and with each `--peer`. All use the same emulator. They take turns in a random order, so that other
//! load on the machine affects all of them alike; where there is much of it, nothing is compared.

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::build::{self, Built};
use crate::emulator::Emulator;
use crate::{dist, shell, web};

pub(crate) mod claims;
pub(crate) mod growth;
mod machine;
mod turns;

use machine::Watch;
use turns::Contender;

const RUNS: usize = 200;
// Not its domain: other tools accept only a GUID.
pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const CLIENT: &str = "22222222-2222-4222-8222-222222222222";

/// What is asked for on the command line.
#[derive(Default)]
struct Options {
    /// Other tools, each a command of a shell.
    peers: Vec<String>,
    /// Whether a busy machine compares too.
    anyway: bool,
}

impl Options {
    fn read(words: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--anyway" => options.anyway = true,
                "--peer" => options.peers.push((*words.next().context("--peer names a command")?).to_owned()),
                other => bail!("unknown: {other}\nusage: cargo xtask bench [--peer 'CMD']... [--anyway]"),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(options: &[&str]) -> Result<()> {
    let options = Options::read(options)?;
    let mut built = build::everything()?;
    if let Some(released) = dist::released(&built)? {
        built.host = released;
    }
    shell::run(&mut shell::cargo(&["build", "--release", "--locked", "--package", "azure-oidc-floor"]))?;
    let floor = build::target_folder().join("release").join("azure-oidc-floor");
    let folder = tempfile::tempdir()?;
    let emulator = Emulator::start(&built.emulator, folder.path())?;
    let trade = Trade { emulator: &emulator, token: emulator.mint("harness", &[])?, folder: folder.path().to_owned() };

    let mut figures = sizes(&built)?;
    figures.push(times(&built, &floor, &trade, &options)?);
    figures.extend(phases(&built, &trade)?);
    let before = emulator.token_requests()?.len();
    trade.quiet(&mut trade.host(&built.host))?;
    #[expect(clippy::cast_precision_loss, reason = "one exchange makes a handful of requests")]
    let requests = (emulator.token_requests()?.len() - before) as f64;
    figures.push(Figure { what: "HTTP requests for one scope", value: requests, limit: 1.0, unit: "" });
    figures.push(claims::check(&built)?);

    println!();
    for figure in &figures {
        figure.print();
    }
    Ok(())
}

/// Prints how long each job takes for the largest inputs, which strangers repeat to make it slow.
pub(crate) fn inputs() -> Result<()> {
    let job = ["test", "--release", "--locked", "--package", "azure-oidc-jobs", "--test", "hostile", "--"];
    shell::run(shell::cargo(&job).args(["--ignored", "--nocapture"]))
}

/// A measured value and its limit.
pub(crate) struct Figure {
    pub(crate) what: &'static str,
    pub(crate) value: f64,
    pub(crate) limit: f64,
    pub(crate) unit: &'static str,
}

impl Figure {
    pub(crate) fn print(&self) {
        let Self { what, value, limit, unit } = self;
        let decimals = if *limit < 100.0 { 2 } else { 0 };
        let verdict = if value <= limit { "" } else { "   MISSED" };
        println!("{what:<44}{value:9.decimals$} {unit:<5}  limit {limit}{verdict}");
    }
}

fn sizes(built: &Built) -> Result<Vec<Figure>> {
    let component = std::fs::read(&built.component)?;
    let host = std::fs::metadata(&built.host)?.len();
    let page = web::page(built)?;
    let sizes = [
        ("azure_oidc.wasm", component.len() as u64, 1638.0),
        ("azure_oidc.wasm, gzip", gzip(&component)?, 600.0),
        ("host", host, 9216.0),
        ("page, all files, gzip", compressed(&page)?, 650.0),
    ];
    #[expect(clippy::cast_precision_loss, reason = "files are far smaller than 2^53 bytes")]
    let figure = |(what, bytes, limit)| Figure { what, value: bytes as f64 / 1024.0, limit, unit: "KiB" };
    Ok(sizes.map(figure).into())
}

fn gzip(bytes: &[u8]) -> Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

/// The size of the files that a server sends to a browser that accepts gzip. The page's build
/// writes them beside the others.
fn compressed(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.is_dir() {
            bytes += compressed(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

fn times(built: &Built, floor: &Path, trade: &Trade<'_>, options: &Options) -> Result<Figure> {
    let mut contenders = vec![
        Contender::own("azure-oidc", trade.host(&built.host)),
        Contender::own("floor", trade.host(floor)),
        Contender::installed("curl", trade.curl()),
    ];
    for peer in &options.peers {
        contenders.push(Contender::installed(peer, trade.peer(peer)?));
    }
    println!("\n{}", machine::description());
    let watch = Watch::start(vec![trade.emulator.process()])?;
    turns::run(&mut contenders, RUNS, |command| trade.quiet(command))?;
    println!("{RUNS} processes each, in a random order; median (5th to 95th percentile), ratios of pairs (quartiles):");
    watch.judge(options.anyway)?;
    turns::print(&contenders);
    let [_, ratio, _] = turns::ratios(&contenders[0], &contenders[1]);
    Ok(Figure { what: "one exchange / floor", value: ratio, limit: 1.4, unit: "times" })
}

/// The medians of the phases that the host reports.
fn phases(built: &Built, trade: &Trade<'_>) -> Result<[Figure; 2]> {
    let mut reports = Vec::new();
    for _ in 0..21 {
        let output = trade.host(&built.host).arg("exchange").arg("--timings").output()?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = stderr.lines().find(|line| line.starts_with('{')).context("no timings")?;
        reports.push(serde_json::from_str::<Value>(line)?);
    }
    let median = |name: &str| {
        let mut values: Vec<_> = reports.iter().filter_map(|report| report.pointer(name)?.as_f64()).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let numbers = numeric_members("", &reports[0]).into_iter().map(|name| {
        let value = median(&name);
        format!("{} {value:.0}", name.trim_start_matches("/timings/"))
    });
    println!("\nphases of azure-oidc, medians: {}", numbers.collect::<Vec<_>>().join(", "));
    let start = median("/timings/image_load_us") + median("/timings/instantiate_us");
    Ok([
        Figure { what: "loading and instantiating the component", value: start / 1000.0, limit: 1.2, unit: "ms" },
        Figure {
            what: "peak memory of one exchange",
            value: median("/timings/peak_memory_kib"),
            limit: 7168.0,
            unit: "KiB",
        },
    ])
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
    /// The host or the floor. Both read the plugin's variables.
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

    /// Another tool. Its words are split at spaces. It finds the settings in the variables of the plugin
    /// and of the Azure SDKs, and the ID token in a file too.
    fn peer(&self, command: &str) -> Result<Command> {
        let mut words = command.split_whitespace();
        let mut command = self.host(Path::new(words.next().context("--peer names a command")?));
        let file = self.folder.join("id-token");
        std::fs::write(&file, &self.token)?;
        for name in ["PATH", "HOME"] {
            std::env::var_os(name).map(|value| command.env(name, value));
        }
        command
            .args(words)
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", CLIENT)
            .env("AZURE_AUTHORITY_HOST", &self.emulator.url)
            .env("AZURE_FEDERATED_TOKEN_FILE", file);
        Ok(command)
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
