//! `cargo xtask bench attack [SECONDS]`: measures what good callers of the service notice of nine
//! floods, and what each flood leaves in memory.
//!
//! Fifty good callers ask for the health, for checks, explanations and exchanges, each with a pause
//! between two requests. One flood after the other runs beside them, each for 30 seconds by default.
//! The service and the emulator listen on loopback, and everything ends with this command. The
//! floods have a low priority: a real attacker computes elsewhere.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::bench_service::{self, Contender};
use crate::build;
use crate::emulator::Emulator;
use floods::{FLOODS, Target};
use good::Seen;

mod floods;
mod good;

const SECONDS: u64 = 30;
const TENANT: &str = "contoso.example";
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
/// The time in which nearly all good requests should be answered.
const GOAL: Duration = Duration::from_millis(100);
/// How much more memory than at the start the service may have after a flood, in KiB.
const MORE_MEMORY: u64 = 2 << 10;
/// How long the memory may take to come back.
const SETTLE: Duration = Duration::from_secs(10);

/// Runs all floods, each for so many seconds.
pub(crate) fn run(seconds: Option<&str>) -> Result<()> {
    let seconds = seconds.map_or(Ok(SECONDS), str::parse).context("the time is not a number of seconds")?;
    let time = Duration::from_secs(seconds);
    let built = build::everything()?;
    let folder = tempfile::tempdir()?;
    let emulator = Emulator::start(&built.emulator, folder.path())?;
    let token = emulator.mint("local", &["--lifetime", "86400"])?;
    let issuer = claims(&token)?["iss"].as_str().context("the token has no issuer")?.to_owned();
    let mut command = Command::new(&built.host);
    command.args(["serve", "--listen", "127.0.0.1:0", "--output", "json", "--grace", "10s"]).env_clear();
    command.args(["--allow-host", "127.0.0.1", "--allow-host", "localhost"]);
    for (name, value) in [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_AUTHORITY_HOST", &emulator.url),
        ("AZURE_OIDC_ALLOWED_ISSUERS", &issuer),
        ("AZURE_OIDC_VERIFY", "discover"),
    ] {
        command.env(name, value);
    }
    command.env("SSL_CERT_FILE", &emulator.ca_file);
    let service = Contender::start("azure-oidc serve", &mut command, true)?;
    let good = Arc::new(good::Requests::new(&service.address, &token)?);
    let target = Target { address: service.address.clone(), token };

    println!("{} good callers beside each flood, {seconds} s each; memory in KiB", good::CALLERS);
    println!(
        "{:<18}{:>8}{:>8}{:>10}{:>10}{:>10}{:>10}{:>10}",
        "flood", "good", "failed", "p50 ms", "p99 ms", "max ms", "peak", "after"
    );
    // The first requests of all kinds take more memory once, for code and buffers.
    good::run(&good, Duration::from_secs(3));
    let start = settled(&service, 0)?;
    let mut missed = Vec::new();
    missed.extend(beside(&service, &good, None, start, time)?);
    for (name, _) in FLOODS {
        missed.extend(beside(&service, &good, Some((name, &target)), start, time)?);
    }
    println!("memory at the start: {start} KiB");
    end(service)?;
    ensure!(missed.is_empty(), "missed: {}", missed.join("; "));
    Ok(())
}

/// One flood: runs in a process of its own, started by [`run`].
pub(crate) fn flood(name: &str, address: &str, seconds: &str) -> Result<()> {
    let Some((_, flood)) = FLOODS.iter().find(|(known, _)| *known == name) else { bail!("there is no flood {name}") };
    let until = Instant::now() + Duration::from_secs(seconds.parse()?);
    let token = std::env::var("TOKEN").context("there is no TOKEN")?;
    flood(&Target { address: address.to_owned(), token }, until);
    Ok(())
}

/// Prints what good callers see beside a flood, and returns what is not as wanted.
fn beside(
    service: &Contender,
    good: &Arc<good::Requests>,
    flood: Option<(&str, &Target)>,
    start: u64,
    time: Duration,
) -> Result<Vec<String>> {
    let name = flood.map_or("none", |(name, _)| name);
    let flood = flood.map(|(name, target)| spawn(name, target, time)).transpose()?;
    std::fs::write(format!("/proc/{}/clear_refs", service.child.id()), "5").ok();
    let Seen { mut times, failed, reasons } = good::run(good, time);
    if let Some(mut flood) = flood {
        ensure!(flood.wait()?.success(), "the flood {name} failed");
    }
    let peak = bench_service::memory_of(service, "VmHWM:")?;
    let after = settled(service, start + MORE_MEMORY)?;
    times.sort_unstable();
    ensure!(!times.is_empty(), "no good request was answered");
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    let (p50, p99, max) = (at(50), at(99), at(100));
    println!(
        "{name:<18}{:>8}{failed:>8}{:>10.1}{:>10.1}{:>10.1}{peak:>10}{after:>10}",
        times.len(),
        millis(p50),
        millis(p99),
        millis(max)
    );
    for reason in reasons {
        println!("  {reason}");
    }
    let mut missed = Vec::new();
    if failed > 0 {
        missed.push(format!("{name}: {failed} failed"));
    }
    if p99 > GOAL {
        missed.push(format!("{name}: p99 {:.0} ms", millis(p99)));
    }
    if after > start + MORE_MEMORY {
        missed.push(format!("{name}: {after} KiB afterwards"));
    }
    Ok(missed)
}

fn spawn(name: &str, target: &Target, time: Duration) -> Result<Child> {
    let mut command = Command::new("nice");
    command.args(["-n", "10"]).arg(std::env::current_exe()?).args(["bench", "flood", name, &target.address]);
    command.arg(time.as_secs().to_string()).env("TOKEN", &target.token).stdin(Stdio::null());
    command.spawn().context("the flood cannot start")
}

/// The memory of the service when it is at most this, or after [`SETTLE`].
fn settled(service: &Contender, wanted: u64) -> Result<u64> {
    let since = Instant::now();
    loop {
        // Idle instances are dropped after a second or so.
        thread::sleep(Duration::from_secs(2));
        let memory = bench_service::memory_of(service, "VmRSS:")?;
        if memory <= wanted || since.elapsed() > SETTLE {
            return Ok(memory);
        }
    }
}

/// Ends the service with SIGTERM, and prints how long that takes.
fn end(mut service: Contender) -> Result<()> {
    let since = Instant::now();
    crate::shell::run(Command::new("kill").arg("-TERM").arg(service.child.id().to_string()))?;
    let status = service.child.wait()?;
    println!("SIGTERM to the end: {:.2} s, {status}", since.elapsed().as_secs_f64());
    ensure!(status.success(), "the service failed: {status}");
    Ok(())
}

fn claims(token: &str) -> Result<Value> {
    let payload = token.split('.').nth(1).context("not a token")?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(payload).ok().context("not a token")?;
    Ok(serde_json::from_slice(&claims)?)
}
