//! `cargo xtask conformance`: runs the same component under all hosts on this machine and prints a
//! table of hosts and cases.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::build::Built;
use crate::{build, shell, tools};

/// Builds everything, prints the table and writes it as Markdown. Fails if a cell differs.
pub(crate) fn run() -> Result<()> {
    let built = build::everything()?;
    let table = build::target_folder().join("conformance.md");
    let mut command = shell::cargo(&["run", "--locked", "--package", "azure-oidc-tests", "--bin", "conformance"]);
    command.arg("--").arg(&table).envs(variables(&built, &tools::wasmtime()?)?);
    shell::run(&mut command)?;
    println!("{}", table.display());
    Ok(())
}

/// The engines in `examples`. They link wasmtime's compiler, so they need cargo commands of their
/// own; each names both, so that cargo builds what they share once.
const ENGINES: [&str; 4] = ["--package", "azure-oidc-embed", "--package", "azure-oidc-ci-engine"];

/// Runs the tests of the engines in `examples`.
pub(crate) fn test(built: &Built, wasmtime: &Path) -> Result<()> {
    let mut command = shell::cargo(&["test", "--locked"]);
    command.args(ENGINES);
    command.env("AZURE_OIDC_CI_STEPS", build::example("azure-oidc-ci-steps", &["--bins", "--examples"])?);
    shell::run(command.envs(of_the_build(built, wasmtime)))
}

/// The variables with the paths of all hosts.
pub(crate) fn variables(built: &Built, wasmtime: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
    shell::run(shell::cargo(&["build", "--locked", "--example", "answers"]).args(ENGINES))?;
    let mut variables = of_the_build(built, wasmtime);
    variables.push(("AZURE_OIDC_EMBED", build::target_folder().join("debug/examples/answers")));
    variables.push(("AZURE_OIDC_SETTINGS", build::settings("")?));
    variables.push(("AZURE_OIDC_SETTINGS_SPIN", build::settings("spin")?));
    variables.push(("JCO", tools::jco()?));
    Ok(variables)
}

fn of_the_build(built: &Built, wasmtime: &Path) -> Vec<(&'static str, PathBuf)> {
    vec![
        ("AZURE_OIDC_BIN", built.host.clone()),
        ("AZURE_OIDC_EMULATOR_BIN", built.emulator.clone()),
        ("AZURE_OIDC_WASM", built.component.clone()),
        ("WASMTIME", wasmtime.to_owned()),
    ]
}
