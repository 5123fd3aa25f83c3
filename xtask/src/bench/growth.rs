//! `cargo xtask bench growth`: how the time of a check grows with the credentials and with the token,
//! and that of an exchange with the scopes. Prints tables in Markdown.

use anyhow::Result;

use super::claims::Questions;
use super::turns::{self, Contender};
use super::{Trade, machine};
use crate::build;
use crate::emulator::Emulator;

/// Numbers of credentials. The component takes 1,000 at most; an application of Entra's has 20.
const CREDENTIALS: [usize; 4] = [1, 20, 200, 1_000];
/// Bytes that a token has beyond a usual one. The component takes tokens of 64 KiB at most.
const BYTES: [usize; 4] = [0, 4_000, 16_000, 40_000];
const SCOPES: [&str; 4] =
    ["arm", "arm,graph", "arm,graph,storage,keyvault", "arm,graph,storage,keyvault,sql,acr,devops,aks"];
const TURNS: usize = 10;
const RUNS: usize = 50;

pub(crate) fn run() -> Result<()> {
    let built = build::everything()?;
    let questions = Questions::new(&built)?;
    println!("\n{}\n", machine::description());
    heading(["credentials, usual token", "native", "component", "ratio"]);
    for count in CREDENTIALS {
        questions.ask(count, 0)?;
        row(&count.to_string(), questions.times(TURNS)?);
    }
    heading(["bytes more in the token, 20 credentials", "native", "component", "ratio"]);
    for bytes in BYTES {
        questions.ask(20, bytes)?;
        row(&bytes.to_string(), questions.times(TURNS)?);
    }

    let folder = tempfile::tempdir()?;
    let emulator = Emulator::start(&built.emulator, folder.path())?;
    let trade = Trade { emulator: &emulator, token: emulator.mint("harness", &[])?, folder: folder.path().to_owned() };
    let mut contenders = SCOPES.map(|scopes| {
        let mut command = trade.host(&built.host);
        command.env("PLUGIN_SCOPE", scopes);
        Contender::own(&scopes.split(',').count().to_string(), command)
    });
    turns::run(&mut contenders, RUNS, |command| trade.quiet(command))?;
    println!("\n| scopes of one exchange, whole process | median | beside one scope |\n|---|---|---|");
    let [one, ..] = &contenders;
    for contender in &contenders {
        let [_, ratio, _] = turns::ratios(contender, one);
        println!("| {} | {:.2} ms | {ratio:.2} |", contender.name(), contender.median().as_secs_f64() * 1000.0);
    }
    Ok(())
}

fn heading(names: [&str; 4]) {
    println!("\n| {} |\n|---|---|---|---|", names.join(" | "));
}

fn row(name: &str, [native, component]: [f64; 2]) {
    println!("| {name} | {native:.0} us | {component:.0} us | {:.2} |", component / native);
}
