//! `cargo xtask fuzz [seconds]`: searches with libFuzzer for inputs that break the properties in
//! `fuzz/src/lib.rs`.
//!
//! It needs nightly Rust. Findings are written to `fuzz/libfuzzer/artifacts`. Copy them to
//! `fuzz/corpus`, which `cargo xtask test` replays. Inputs that only reach new code are kept in
//! `target/fuzz`.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{build, shell, tools};

/// The default time for each target, in seconds.
const SECONDS: u64 = 60;

/// Runs each target for this time. Fails at the end if one of them found something.
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
        // The variables of this cargo must not reach the nightly cargo.
        command.current_dir(shell::root()).env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
        if let Err(error) = shell::run(&mut command) {
            eprintln!("{error}");
            failed.push(target);
        }
    }
    let advice =
        "copy the findings from `fuzz/libfuzzer/artifacts/TARGET/` to `fuzz/corpus/TARGET`, and fix the defect";
    ensure!(failed.is_empty(), "broken: {}; {advice}", failed.join(", "));
    Ok(())
}

/// The targets. Each has a corpus with the same name.
fn names(corpora: &std::path::Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(corpora).with_context(|| format!("{} cannot be read", corpora.display()))?;
    let mut names: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}
