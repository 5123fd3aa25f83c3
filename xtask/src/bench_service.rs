//! `cargo xtask bench service`: measures the service's requests per second and its memory.
//!
//! The request is `/v1/check` with a token and 20 credentials. The service is compared with the
//! stock `wasmtime serve`, with the component's code compiled natively behind hyper, and with
//! itself with a new instance for each request. They take turns, so that other load on the machine
//! affects all of them alike. The load comes from this process, on the same processors.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::build::{self, Built};
use crate::{shell, tools};
use load::{Times, Until};

pub(crate) mod load;

const TURNS: usize = 5;
const TURN: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 8;
const CREDENTIALS: usize = 20;
/// The number of requests after which memory must not have grown.
const MANY: usize = 200_000;
/// The requests per second that the component should reach, as a share of the native program's.
const GOAL: f64 = 0.6;

pub(crate) fn run() -> Result<()> {
    let built = build::everything()?;
    let wasmtime = tools::wasmtime()?;
    shell::run(&mut shell::cargo(&["build", "--profile", "native", "--locked", "--package", "azure-oidc-peer"]))?;
    let peer = build::target_folder().join("native").join("azure-oidc-peer");
    let request = request()?;
    let contenders = [native(&peer)?, own(&built, &[])?, stock(&wasmtime, &built)?, own(&built, &["--isolate"])?];
    compare(&contenders, &request)?;
    memory(&contenders[1], &request)
}

/// A server under load.
pub(crate) struct Contender {
    name: &'static str,
    pub(crate) child: Child,
    pub(crate) address: String,
}

impl Contender {
    /// Starts a server that prints its address in a line with `http://`.
    pub(crate) fn start(name: &'static str, command: &mut Command, on_stderr: bool) -> Result<Self> {
        command.stdin(Stdio::null());
        let (stdout, stderr) =
            if on_stderr { (Stdio::null(), Stdio::piped()) } else { (Stdio::piped(), Stdio::null()) };
        let mut child =
            command.stdout(stdout).stderr(stderr).spawn().with_context(|| format!("{name} cannot start"))?;
        let mut line = String::new();
        match (child.stdout.take(), child.stderr.take()) {
            (Some(stdout), _) => BufReader::new(stdout).read_line(&mut line)?,
            (_, Some(stderr)) => BufReader::new(stderr).read_line(&mut line)?,
            (None, None) => 0,
        };
        let (_, url) = line.split_once("http://").with_context(|| format!("{name} does not listen: {line}"))?;
        let address = url.split([';', '/', ' ', '"', '\n']).next().unwrap_or_default().to_owned();
        Ok(Self { name, child, address })
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn native(peer: &Path) -> Result<Contender> {
    Contender::start("native", &mut Command::new(peer), false)
}

fn own(built: &Built, options: &[&str]) -> Result<Contender> {
    let mut command = Command::new(&built.host);
    command.args(["serve", "--listen", "127.0.0.1:0", "--output", "json"]).args(options).env_clear();
    let name = if options.is_empty() { "azure-oidc serve" } else { "the same, isolated" };
    Contender::start(name, &mut command, true)
}

fn stock(wasmtime: &Path, built: &Built) -> Result<Contender> {
    let mut command = Command::new(wasmtime);
    command.args(["serve", "-S", "cli", "--addr", "127.0.0.1:0"]).arg(&built.component);
    Contender::start("wasmtime serve", &mut command, true)
}

/// The request. The last credential matches, so all of them are compared.
pub(crate) fn request() -> Result<Vec<u8>> {
    let cases: Value = serde_json::from_reader(File::open(shell::root().join("tests/conformance/service.json"))?)?;
    let credential = |number: usize| {
        let branch = if number + 1 == CREDENTIALS { "main".to_owned() } else { format!("release-{number}") };
        json!({
            "name": format!("credential-{number}"),
            "issuer": "https://gitlab.com",
            "subject": format!("project_path:my-group/my-project:ref_type:branch:ref:{branch}"),
            "audiences": ["api://AzureADTokenExchange"],
        })
    };
    let body = json!({
        "token": cases["tokens"]["gitlab-main"],
        "credentials": (0..CREDENTIALS).map(credential).collect::<Vec<_>>(),
        "now": 1_760_000_100,
    })
    .to_string();
    let head = "POST /v1/check HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    Ok(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

fn compare(contenders: &[Contender], request: &[u8]) -> Result<()> {
    let mut times: Vec<Times> = contenders.iter().map(|_| Times::new()).collect();
    // The first turn warms up and does not count.
    for turn in 0..=TURNS {
        for (contender, times) in contenders.iter().zip(&mut times) {
            let more = load::run(&contender.address, request, CONNECTIONS, Until::Elapsed(TURN))
                .with_context(|| contender.name)?;
            if turn > 0 {
                times.extend(more);
            }
        }
    }
    println!(
        "\n/v1/check with a token and {CREDENTIALS} credentials, {CONNECTIONS} connections, {TURNS} turns of {TURN:?}:"
    );
    let mut rates = Vec::new();
    for (contender, times) in contenders.iter().zip(&mut times) {
        times.sort_unstable();
        let rate = times.len() as f64 / (TURN.as_secs_f64() * TURNS as f64);
        let micros = |share: usize| times[times.len() * share / 100].as_micros();
        println!("  {:<18}{rate:8.0} requests/s, p50 {:5} us, p99 {:5} us", contender.name, micros(50), micros(99));
        rates.push(rate);
    }
    let (own, stock) = (rates[1] / rates[0], rates[1] / rates[2]);
    println!("  azure-oidc serve / native: {own:.2} (goal {GOAL})   azure-oidc serve / wasmtime serve: {stock:.1}");
    Ok(())
}

/// Measures memory before and after many requests.
fn memory(contender: &Contender, request: &[u8]) -> Result<()> {
    let send = |count: usize| load::run(&contender.address, request, CONNECTIONS, Until::Sent(count / CONNECTIONS));
    let before = resident(contender)?;
    let mut seen = Vec::new();
    for _ in 0..4 {
        send(MANY / 4)?;
        seen.push(resident(contender)?);
    }
    println!("memory of azure-oidc serve: {before} KiB, then {seen:?} KiB after each quarter of {MANY} requests");
    let after = seen.last().copied().unwrap_or_default();
    ensure!(after <= before + before / 10, "memory grows: {before} KiB before, {after} KiB after");
    Ok(())
}

fn resident(contender: &Contender) -> Result<u64> {
    memory_of(contender, "VmRSS:")
}

/// A line of the process's memory, in KiB: `VmRSS:` for now, `VmHWM:` for the peak.
pub(crate) fn memory_of(contender: &Contender, name: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", contender.child.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("this needs Linux")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
