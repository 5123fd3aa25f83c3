//! `cargo xtask bench broker`: how fast the endpoints of `exec` and `broker` answer from memory, and
//! what `exec` adds to a command.
//!
//! The load comes from this process, on the same processors. With N connections that ask again at
//! once, an answer takes N times as long as one call needs the processor, so the limit of p99 is for
//! up to 16. The processor time of the broker tells how many calls one core could answer, whatever
//! else the machine does.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::bench::Figure;
use crate::bench_service::load::{self, Until};
use crate::emulator::Emulator;
use crate::{build, dist};

/// How many connections ask at the same time.
const CONNECTIONS: [usize; 3] = [1, 16, 64];
const TURN: Duration = Duration::from_secs(4);
/// How often each command is run.
const RUNS: usize = 60;
/// The longest start.
const START: Duration = Duration::from_secs(30);
/// Ticks of the processor time in /proc, each second. It is 100 on every Linux.
const TICKS: f64 = 100.0;
const SCOPE: &str = "https://management.azure.com/.default";

pub(crate) fn run() -> Result<()> {
    let mut built = build::everything()?;
    if let Some(released) = dist::released(&built)? {
        built.host = released;
    }
    let folder = tempfile::tempdir()?;
    let emulator = Emulator::start(&built.emulator, folder.path())?;
    let signing_in = SigningIn {
        host: built.host,
        emulator: &emulator,
        token: emulator.mint("harness", &[])?,
        folder: folder.path(),
    };
    let mut figures = answers(&signing_in)?;
    figures.push(added(&signing_in)?);
    println!();
    figures.iter().for_each(Figure::print);
    Ok(())
}

/// The host with what it needs for an exchange.
struct SigningIn<'a> {
    host: PathBuf,
    emulator: &'a Emulator,
    token: String,
    folder: &'a Path,
}

impl SigningIn<'_> {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.host);
        command.args(words).args(["--scope", SCOPE, "--id-token-env", "T", "--tenant-id", crate::bench::TENANT]);
        command.args(["--client-id", crate::bench::CLIENT, "--authority-host", &self.emulator.url, "--ca-file"]);
        command.arg(&self.emulator.ca_file).env_clear().env("T", &self.token).current_dir(self.folder);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// A broker in the foreground.
struct Broker(Child);

impl Drop for Broker {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Broker {
    /// Starts a broker. Returns it with its address and the request of an SDK.
    fn start(signing_in: &SigningIn<'_>) -> Result<(Self, String, Vec<u8>)> {
        let file = signing_in.folder.join("azure.json");
        let mut broker = Self(signing_in.command(&["broker", "--ready-file", "azure.json"]).spawn()?);
        let since = Instant::now();
        while !file.exists() {
            ensure!(broker.0.try_wait()?.is_none() && since.elapsed() < START, "the broker does not start");
            thread::sleep(Duration::from_millis(5));
        }
        let ready: Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let variable = |name: &str| ready["env"][name].as_str().with_context(|| format!("no {name} in {ready}"));
        let url = variable("IDENTITY_ENDPOINT")?.strip_prefix("http://").context("it is not http")?;
        let (address, path) = url.split_once('/').context("it has no path")?;
        let request = format!(
            "GET /{path}?api-version=2019-08-01&resource=https://management.azure.com HTTP/1.1\r\nhost: {address}\r\n\
             x-identity-header: {}\r\naccept: */*\r\nuser-agent: azsdk-python-identity/1.27.0\r\n\r\n",
            variable("IDENTITY_HEADER")?
        );
        Ok((broker, address.to_owned(), request.into_bytes()))
    }

    /// The processor time so far.
    fn processor_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).context("this needs Linux")?;
        let (_, fields) = stat.rsplit_once(") ").context("it has a name")?;
        let ticks = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u32>().ok());
        Ok(Duration::from_secs_f64(f64::from(ticks.sum::<u32>()) / TICKS))
    }
}

fn answers(signing_in: &SigningIn<'_>) -> Result<Vec<Figure>> {
    let (broker, address, request) = Broker::start(signing_in)?;
    let exchanges = signing_in.emulator.token_requests()?.len();
    let mut figures = Vec::new();
    println!("\nanswers from memory, {TURN:?} each:");
    for connections in CONNECTIONS {
        load::run(&address, &request, connections, Until::Elapsed(TURN / 8))?;
        let before = broker.processor_time()?;
        let mut times = load::run(&address, &request, connections, Until::Elapsed(TURN))?;
        let used = (broker.processor_time()? - before).as_secs_f64();
        times.sort_unstable();
        let millis = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1000.0;
        let count = times.len() as f64;
        println!(
            "  {connections:2} connections: {:6.0}/s, p50 {:6.3} ms, p99 {:6.3} ms; {:.1} us of processor time each, so \
             {:.0}/s on one core",
            count / TURN.as_secs_f64(),
            millis(50),
            millis(99),
            used / count * 1e6,
            count / used
        );
        match connections {
            1 => figures.push(Figure { what: "p99 with 1 connection", value: millis(99), limit: 5.0, unit: "ms" }),
            16 => figures.extend([
                Figure { what: "p99 with 16 connections", value: millis(99), limit: 5.0, unit: "ms" },
                // 10,000 calls a second.
                Figure { what: "processor time of a call", value: used / count * 1e6, limit: 100.0, unit: "us" },
            ]),
            _ => {}
        }
    }
    ensure!(signing_in.emulator.token_requests()?.len() == exchanges, "there was another exchange");
    Ok(figures)
}

/// What `exec -- true` takes beyond an exchange and `true`.
fn added(signing_in: &SigningIn<'_>) -> Result<Figure> {
    let exec = || {
        let mut command = signing_in.command(&["exec"]);
        command.args(["--", "true"]);
        command
    };
    let exchange = || signing_in.command(&["exchange", "--output", "json"]);
    let plain = || {
        let mut command = Command::new("true");
        command.stdin(Stdio::null());
        command
    };
    let contenders: [(&str, &dyn Fn() -> Command); 3] =
        [("exec -- true", &exec), ("exchange", &exchange), ("true", &plain)];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..RUNS {
        for ((name, command), times) in contenders.iter().zip(&mut times) {
            let since = Instant::now();
            ensure!(command().status()?.success(), "{name} failed");
            times.push(since.elapsed());
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1000.0
    });
    let [exec, exchange, plain] = medians;
    println!(
        "\n{RUNS} processes each, alternating; medians: exec -- true {exec:.2} ms, exchange {exchange:.2} ms, true {plain:.2} ms"
    );
    Ok(Figure {
        what: "added by exec beyond exchange and command",
        value: exec - exchange - plain,
        limit: 10.0,
        unit: "ms",
    })
}
