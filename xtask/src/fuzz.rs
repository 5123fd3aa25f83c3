//! `cargo xtask fuzz [SECONDS]`: searches with libFuzzer for inputs that break the properties in
//! `fuzz/src`, or that take too long.
//!
//! The programs are built without a sanitizer, so the stable toolchain can build them: the code
//! that they run is safe Rust. Each target gets the same time, three quarters of it for short
//! inputs and a quarter for inputs of full size. Findings are written to `fuzz/libfuzzer/artifacts`.
//! Copy them to `fuzz/corpus`, which `cargo xtask test` replays. Inputs that only reach new code
//! are kept in `target/fuzz`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::{build, shell, tools};

mod report;

use report::Round;

/// The default time for each target, in seconds.
const SECONDS: u64 = 60;
/// Short inputs are up to 4 KiB: thousands of them fit into a second.
const SHORT: &str = "-max_len=4096";
/// Time for one input after which libFuzzer ends the program, in seconds. The programs themselves
/// refuse an input much earlier, when it ends.
const HANGS: &str = "-timeout=60";

/// Runs each target for this time. Fails at the end if one of them found something.
pub(crate) fn run(seconds: Option<&str>) -> Result<()> {
    let seconds: u64 =
        seconds.map_or(Ok(SECONDS), str::parse).context("`cargo xtask fuzz` takes a number of seconds")?;
    ensure!(seconds > 0, "`cargo xtask fuzz 0` would never end");
    let programs = Programs::build()?;
    let mut rounds = Vec::new();
    for target in names(&corpora())? {
        let folder = build::target_folder().join("fuzz").join(&target);
        let short = [folder.join("found"), corpora().join(&target)];
        let full = [folder.join("full-size")];
        programs.write_full_size(&target, &full[0], seconds / 4)?;
        fs::create_dir_all(&short[0])?;
        rounds.push(programs.run(&target, "short", seconds - seconds / 4, &[SHORT], &short, &folder)?);
        rounds.push(programs.run(&target, "full size", (seconds / 4).max(1), &["-len_control=0"], &full, &folder)?);
    }
    println!("{}", report::table(&rounds));
    let broken: Vec<_> = rounds.iter().filter(|round| round.is_broken()).map(ToString::to_string).collect();
    let advice =
        "copy the findings from `fuzz/libfuzzer/artifacts/TARGET/` to `fuzz/corpus/TARGET`, and fix the defect";
    ensure!(broken.is_empty(), "broken: {}; {advice}", broken.join(", "));
    Ok(())
}

/// The built fuzzers.
struct Programs(PathBuf);

impl Programs {
    fn build() -> Result<Self> {
        let folder = build::target_folder().join("fuzz-build");
        let mut command = Command::new(tools::fuzz()?);
        command.args(["build", "--fuzz-dir", "fuzz/libfuzzer", "--sanitizer", "none", "--target-dir"]).arg(&folder);
        command.current_dir(shell::root());
        shell::run(shell::without_own_variables(&mut command))?;
        let host = shell::output(Command::new("rustc").args(["--print", "host-tuple"]).current_dir(shell::root()))?;
        Ok(Self(folder.join(host.trim()).join("release")))
    }

    /// Runs a target on these corpora. New inputs are kept in the first.
    fn run(
        &self,
        target: &str,
        inputs: &'static str,
        seconds: u64,
        options: &[&str],
        corpora: &[PathBuf],
        folder: &Path,
    ) -> Result<Round> {
        let artifacts = shell::root().join("fuzz/libfuzzer/artifacts").join(target);
        fs::create_dir_all(&artifacts)?;
        eprintln!("\u{2022} {target}, {inputs} inputs, {seconds} s");
        let log = folder.join(format!("{}.log", inputs.replace(' ', "-")));
        let mut command = Command::new(self.0.join(target));
        command.args(options).args([HANGS, "-print_final_stats=1"]).arg(format!("-max_total_time={seconds}"));
        command.arg(format!("-artifact_prefix={}/", artifacts.display())).args(corpora);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?).status()?;
        let printed = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let round = Round::read(target, inputs, seconds, status.success(), &printed);
        if round.is_broken() {
            eprintln!("{}\n  the whole log: {}", round.finding(&printed), log.display());
        }
        Ok(round)
    }

    /// Writes inputs of full size for a target into an empty folder. libFuzzer runs each of them before
    /// it looks at the time, so there is one for each second, and at least four.
    fn write_full_size(&self, target: &str, folder: &Path, seconds: u64) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let mut command =
            shell::cargo(&["run", "--quiet", "--locked", "--package", "azure-oidc-fuzz", "--bin", "full-size"]);
        shell::run(command.arg("--").arg(target).arg(folder).arg(seconds.max(4).to_string()))
    }
}

fn corpora() -> PathBuf {
    shell::root().join("fuzz/corpus")
}

/// The targets. Each has a corpus with the same name.
fn names(corpora: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(corpora).with_context(|| format!("{} cannot be read", corpora.display()))?;
    let mut names: Vec<_> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}
