//! `cargo xtask fuzz [seconds]`: lets libFuzzer look for inputs that break what must hold of every parser (`fuzz/src/lib.rs`).
//!
//! It wants nightly Rust, which nothing else here does. What is found stays in `fuzz/libfuzzer/artifacts`; a copy of it in
//! `fuzz/corpus` is replayed by `cargo xtask test` from then on. Inputs that only reach new code are kept in `target/fuzz`.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{build, shell, tools};

/// How long each target runs when nothing is said, in seconds.
const SECONDS: u64 = 60;

/// Runs every target, each for so many seconds, and fails at the end when one of them found something.
pub(crate) fn run(seconds: Option<&str>) -> Result<()> {
    let seconds: u64 =
        seconds.map_or(Ok(SECONDS), str::parse).context("`cargo xtask fuzz` takes a number of seconds")?;
    let nightly = shell::output(Command::new("rustup").args(["run", "nightly", "rustc", "--version"]));
    nightly
        .context("nightly Rust is not installed; add it with `rustup toolchain install nightly --profile minimal`")?;
    let program = tools::fuzz()?;

    let mut failed = Vec::new();
    let corpora = shell::root().join("fuzz").join("corpus");
    for target in names(&corpora)? {
        let found = build::target_folder().join("fuzz").join(&target);
        std::fs::create_dir_all(&found)?;
        let mut command = Command::new("rustup");
        command.args(["run", "nightly"]).arg(&program).args(["run", "--fuzz-dir", "fuzz/libfuzzer", &target]);
        command.arg(&found).arg(corpora.join(&target));
        command.args(["--", &format!("-max_total_time={seconds}"), "-max_len=4096", "-print_final_stats=1"]);
        // The cargo that runs us is not the one that builds the target.
        command.current_dir(shell::root()).env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
        if let Err(error) = shell::run(&mut command) {
            eprintln!("{error}");
            failed.push(target);
        }
    }
    let advice =
        "keep what was found, `fuzz/libfuzzer/artifacts/TARGET/*`, in `fuzz/corpus/TARGET`, and mend what it shows";
    ensure!(failed.is_empty(), "broken: {}; {advice}", failed.join(", "));
    Ok(())
}

/// The targets: each has a corpus of its name.
fn names(corpora: &std::path::Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(corpora).with_context(|| format!("{} cannot be read", corpora.display()))?;
    let mut names: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}
