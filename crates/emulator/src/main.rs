//! The command line of the emulator.

use std::io::{self, IsTerminal, Read, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;
use azure_oidc_emulator::client::Client;
use azure_oidc_emulator::{Config, Emulator, Order, Running, config};
use clap::{Args, Parser, Subcommand};
use http::{Method, Request};
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Runtime;

mod child;
mod signals;

use crate::signals::Signals;

/// A local Microsoft Entra and CI token issuers, for tests
#[derive(Parser)]
#[command(name = "azure-oidc-emulator", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the emulator; when it is ready, print one line of JSON with URLs and the CA file (on a
    /// terminal, text for people)
    Serve(Serve),
    /// Run a command with the variables of a job that signs in at an emulator of its own
    Run(Run),
    /// Get an ID token from a running emulator and print it
    Mint(Mint),
    /// Print the default configuration, with every key explained
    Config,
}

/// What to emulate.
#[derive(Args)]
struct Emulated {
    /// The configuration; without it, the default one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The port, instead of the configuration's; 0 lets the system pick one [default: 8443, or
    /// another one where that is taken]
    #[arg(long)]
    port: Option<u16>,
    /// The address to listen on, instead of the configuration's [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// Seconds from issue to expiry of every ID token, instead of the platforms' and the
    /// configuration's; with short ones, clocks may differ by a tenth of that at most
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(1..))]
    id_token_life: Option<i64>,
    /// The same of every access token
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(1..))]
    access_token_life: Option<i64>,
}

#[derive(Args)]
struct Run {
    /// What to emulate.
    #[command(flatten)]
    emulated: Emulated,
    /// Whose job the command is: github, azure-pipelines, harness, or the name of an issuer in the
    /// configuration with one of these platforms, buildkite or google-cloud
    #[arg(long, value_name = "NAME", default_value = "github")]
    job: String,
    /// Where to write the files of the job, its results among them, and to keep them
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print a line per request on stderr
    #[arg(long, short)]
    verbose: bool,
    /// How long the command may run after SIGHUP, SIGINT or SIGTERM, which it gets too; then it and
    /// what it started are killed
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    grace: u64,
    /// The command with its arguments. Variables of an outer CI job and settings of azure-oidc are
    /// removed; to set one, write `env NAME=VALUE` before the command
    #[arg(value_name = "CMD", last = true, required = true)]
    command: Vec<String>,
}

#[derive(Args)]
struct Serve {
    /// What to emulate.
    #[command(flatten)]
    emulated: Emulated,
    /// Where to write `ca.pem`, instead of a temporary directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Also write the line of JSON to this file
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// End when stdin closes, so that the emulator ends with the test that started it
    #[arg(long)]
    until_stdin_closes: bool,
    /// Do not print a line per request on stderr
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Args)]
struct Mint {
    /// A file with the line of JSON that `serve` printed
    #[arg(long, value_name = "FILE", required_unless_present = "url", conflicts_with_all = ["url", "ca_file"])]
    ready_file: Option<PathBuf>,
    /// `url` or `control` of that line
    #[arg(long, requires = "ca_file")]
    url: Option<String>,
    /// `ca_file` of that line
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The issuer, by its name in the configuration
    #[arg(long)]
    issuer: String,
    /// `aud`, instead of the platform's
    #[arg(long)]
    audience: Option<String>,
    /// A claim, as JSON or plain text; `null` removes it. Repeatable
    #[arg(long = "claim", value_name = "NAME=VALUE", value_parser = member)]
    claims: Vec<(String, Value)>,
    /// A member of the header, as JSON or plain text; `null` removes it. Repeatable
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = member)]
    header: Vec<(String, Value)>,
    /// Seconds from issue to expiry
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    lifetime: Option<i64>,
    /// How many seconds ago it was issued
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    age: Option<i64>,
    /// ci-1, ci-2, stray, ec-1, none, garbled
    #[arg(long, value_name = "KEY")]
    sign_with: Option<String>,
}

fn main() -> ExitCode {
    let done = match CommandLine::parse().command {
        Command::Serve(options) => serve(options).map(|()| 0),
        Command::Run(options) => run(options),
        Command::Mint(options) => mint(options).map(|()| 0),
        Command::Config => print(config::DEFAULT).map(|()| 0),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(fault) => {
            eprintln!("error: {}", fault.message);
            for hint in &fault.hints {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(fault.category.exit_code())
        }
    }
}

/// The port that is taken unless somebody chooses another: the one that people write down.
const USUAL_PORT: u16 = 8443;

/// Starts what the options describe. `made` is called again when the usual port is taken.
fn start(options: &Emulated, made: impl Fn(Config) -> Emulator) -> Result<Running, Fault> {
    let mut config = match &options.config {
        Some(file) => Config::load(file)?,
        None => Config::sample()?,
    };
    config.listen = options.listen.unwrap_or(config.listen);
    config.set_lives(options.id_token_life, options.access_token_life);
    if options.port.is_none() && config.port == 0 {
        let usual = Config { port: USUAL_PORT, ..config.clone() };
        if let Ok(running) = made(usual).run() {
            return Ok(running);
        }
    }
    config.port = options.port.unwrap_or(config.port);
    made(config).run()
}

/// Tells a request on stderr. The emulator continues if nobody reads it.
fn told(emulator: Emulator) -> Emulator {
    emulator.observer(|entry| drop(writeln!(io::stderr(), "{}", entry.line())))
}

/// Runs a command beside an emulator, and returns the command's exit code.
fn run(options: Run) -> Result<u8, Fault> {
    let (runtime, mut signals) = Signals::catch()?;
    let made = |config| {
        let emulator = Emulator::new(config);
        let emulator = if options.verbose { told(emulator) } else { emulator };
        match &options.dir {
            // The job may run in another one.
            Some(directory) => emulator.directory(std::path::absolute(directory).unwrap_or(directory.clone())),
            None => emulator,
        }
    };
    let running = start(&options.emulated, made)?;
    let variables = running.variables(&options.job)?;
    // Nobody must need to look for what a step hands on.
    let results = running.results(&options.job)?.into_iter().map(|(name, path)| format!(" {name}={path}"));
    let kept = if options.dir.is_some() { "" } else { ", until it ends" };
    eprintln!("azure-oidc-emulator: the job has{}{kept}", results.collect::<String>());
    runtime.block_on(child::run(&options.command, variables, &mut signals, Duration::from_secs(options.grace)))
}

fn serve(options: Serve) -> Result<(), Fault> {
    let (runtime, signals) = Signals::catch()?;
    let made = |config| {
        let emulator = Emulator::new(config);
        let emulator = if options.quiet { emulator } else { told(emulator) };
        match &options.dir {
            Some(directory) => emulator.directory(directory),
            None => emulator,
        }
    };
    let running = start(&options.emulated, made)?;
    let line = format!("{}\n", running.ready());
    if let Some(file) = &options.ready_file {
        std::fs::write(file, &line)
            .map_err(|error| failed(format!("`{}` can't be written: {error}", file.display())))?;
    }
    if io::stdout().is_terminal() {
        print(&running.for_people())?;
    } else {
        print(&line)?;
    }
    wait(&runtime, signals, options.until_stdin_closes);
    Ok(())
}

/// Waits for a signal that asks this process to end, and with `for_stdin` for the end of stdin.
fn wait(runtime: &Runtime, mut signals: Signals, for_stdin: bool) {
    let (closed, on_close) = tokio::sync::oneshot::channel::<()>();
    // The emulator runs until the thread that reads stdin, or this function, drops `closed`.
    let _open = if for_stdin {
        std::thread::spawn(move || {
            let mut ignored = [0; 256];
            while matches!(io::stdin().read(&mut ignored), Ok(count) if count > 0) {}
            drop(closed);
        });
        None
    } else {
        Some(closed)
    };
    runtime.block_on(async {
        tokio::select! {
            _ = signals.next() => {}
            _ = on_close => {}
        }
    });
}

fn mint(options: Mint) -> Result<(), Fault> {
    let Ready { url, ca_file } = emulator_of(&options)?;
    let order = Order {
        issuer: options.issuer,
        audience: options.audience,
        claims: options.claims.into_iter().collect(),
        header: options.header.into_iter().collect(),
        lifetime_seconds: options.lifetime,
        age_seconds: options.age,
        sign_with: options.sign_with,
    };
    let base = url.trim_end_matches('/').trim_end_matches("/_emulator");
    let body = serde_json::to_string(&order).map_err(|error| failed(error.to_string()))?;
    let request = Request::builder().method(Method::POST).uri(format!("{base}/_emulator/mint")).body(body);
    let request = request.map_err(|error| failed(format!("`{url}` is no URL: {error}")))?;
    let unreachable = |error: io::Error| failed(format!("no answer from the emulator at {url}: {error}"));
    let answer = Client::trusting(&ca_file).and_then(|client| client.send(request)).map_err(unreachable)?;
    let answer: Value =
        serde_json::from_slice(answer.body()).map_err(|error| failed(format!("no answer in JSON: {error}")))?;
    if let Some(token) = answer["token"].as_str() {
        return print(&format!("{token}\n"));
    }
    let text = |name: &str| answer["error"][name].as_str().map(str::to_owned);
    let fault = failed(text("message").unwrap_or_else(|| "the emulator refused and gave no reason".to_owned()));
    Err(text("hint").into_iter().fold(fault, Fault::hint))
}

/// Where a running emulator is: the part of its ready line that a client needs.
#[derive(Deserialize)]
struct Ready {
    url: String,
    ca_file: PathBuf,
}

fn emulator_of(options: &Mint) -> Result<Ready, Fault> {
    if let (Some(url), Some(ca_file)) = (options.url.clone(), options.ca_file.clone()) {
        return Ok(Ready { url, ca_file });
    }
    let file = options.ready_file.clone().unwrap_or_default();
    let named = file.display();
    let hint = "name the file that `serve --ready-file FILE` wrote";
    let json = std::fs::read(&file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed(format!("`{named}` does not exist")).hint(hint),
        _ => failed(format!("`{named}` can't be read: {error}")).hint(hint),
    })?;
    serde_json::from_slice(&json)
        .map_err(|error| failed(format!("`{named}` is not what `serve` printed: {error}")).hint(hint))
}

/// Reads `NAME=VALUE`. A value that is not JSON is text, so subjects need no quotes.
fn member(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

/// Prints to stdout. If nobody reads it, that is an error.
fn print(text: &str) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| failed(format!("stdout can't be written: {error}")))
}

fn failed(message: String) -> Fault {
    Fault::new(Category::Usage, "failed", message)
}
