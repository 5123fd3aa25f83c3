//! `cargo xtask test` and `cargo xtask lint`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::{build, conformance, shell, tools, web};

/// The packages whose tests need neither the host's runtime nor its compiler.
const PLAIN: [&str; 9] = [
    "azure-oidc-core",
    "azure-oidc-jobs",
    "azure-oidc-token",
    "azure-oidc-cli",
    "azure-oidc-component",
    "azure-oidc-emulator",
    "azure-oidc-fuzz",
    "azure-oidc-release",
    "xtask",
];

/// Runs the unit and property tests, the host's own tests, and the end-to-end tests with the real
/// programs.
pub(crate) fn run() -> Result<()> {
    let built = build::everything()?;
    let wasmtime = tools::wasmtime()?;
    let az = tools::az();

    let mut plain = shell::cargo(&["test", "--locked"]);
    plain.args(PLAIN.iter().flat_map(|package| ["--package", package]));
    shell::run(&mut plain)?;
    shell::run(&mut shell::cargo(&["test", "--locked", "--release", "--package", "azure-oidc"]))?;
    shell::run(
        shell::cargo(&["test", "--locked", "--package", "azure-oidc-tests"])
            .envs(conformance::variables(&built, &wasmtime)?)
            .env("AZURE_OIDC_AZURE_IDENTITY", azure_identity()?)
            .envs(az.map(|az| ("AZURE_OIDC_AZ", az))),
    )?;
    conformance::test(&built, &wasmtime)?;
    // The other browsers take minutes: `cargo xtask web --test`.
    web::test_in_chromium(&built)
}

/// The program with the SDK for Rust. It shares its crates with the programs of the workspace where
/// the versions are the same.
fn azure_identity() -> Result<PathBuf> {
    let folder = shell::root().join("tests").join("azure-identity");
    let mut build = shell::cargo(&["build", "--locked", "--manifest-path"]);
    shell::run(build.arg(folder.join("Cargo.toml")).arg("--target-dir").arg(build::target_folder()))?;
    Ok(build::target_folder().join("debug").join("azure-oidc-azure-identity"))
}

/// Runs the soak of the broker for so many seconds, ten minutes by default, and prints its figures.
pub(crate) fn soak(seconds: Option<&str>) -> Result<()> {
    let built = build::everything()?;
    let test = ["test", "--locked", "--package", "azure-oidc-tests", "--test", "exec", "soak", "--", "--nocapture"];
    let mut soak = shell::cargo(&test);
    soak.env("AZURE_OIDC_SOAK", seconds.unwrap_or("600"));
    soak.env("AZURE_OIDC_BIN", &built.host).env("AZURE_OIDC_EMULATOR_BIN", &built.emulator);
    shell::run(soak.env("AZURE_OIDC_WASM", &built.component))
}

/// Renews `schemas/`: with this variable set, the test that compares the files writes them.
pub(crate) fn schemas() -> Result<()> {
    let mut test = shell::cargo(&["test", "--locked", "--package", "azure-oidc-component", "--test", "schemas"]);
    shell::run(test.env("UPDATE_SCHEMAS", "1"))
}

/// Checks formatting, clippy for both targets, and the licences and sources of dependencies.
pub(crate) fn lint() -> Result<()> {
    const DENY_WARNINGS: [&str; 3] = ["--", "--deny", "warnings"];
    build::target()?;
    first_lines()?;
    shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))?;
    let mut native = shell::cargo(&["clippy", "--locked", "--workspace", "--all-targets"]);
    native.args(["--exclude", "azure-oidc", "--exclude", "azure-oidc-artifact"]).args(DENY_WARNINGS);
    shell::run(&mut native)?;
    // In the release profile: the compiler of the image is then built once, for this and the host.
    let mut host = shell::cargo(&["clippy", "--locked", "--release", "--all-targets"]);
    host.args(["--package", "azure-oidc", "--package", "azure-oidc-artifact"]).args(DENY_WARNINGS);
    shell::run(&mut host)?;
    let mut guest = shell::cargo(&["clippy", "--locked", "--package", "azure-oidc-component", "--lib"]);
    guest.args(["--target", "wasm32-wasip2", "--profile", "component"]).args(DENY_WARNINGS);
    shell::run(&mut guest)?;
    // `cargo deny check` also looks up advisories on the internet. These checks need no network.
    shell::run(
        std::process::Command::new(tools::deny()?)
            .args(["check", "bans", "licenses", "sources"])
            .current_dir(shell::root()),
    )
}

/// Checks that each Rust file begins with a comment that says what the module does.
fn first_lines() -> Result<()> {
    let mut list = std::process::Command::new("git");
    list.args(["ls-files", "*.rs"]).current_dir(shell::root());
    let listed = shell::output(&mut list)?;
    // Git also lists a file whose deletion is not staged.
    for path in listed.lines().filter(|path| shell::root().join(path).is_file()) {
        let text = fs::read_to_string(shell::root().join(path)).with_context(|| path.to_owned())?;
        ensure!(text.starts_with("//! "), "{path} does not begin with `//! ` and what the module does");
    }
    Ok(())
}

/// Looks for known vulnerabilities and yanked crates in each lock file. It needs the database of
/// advisories on the internet, so it is not one of the checks for each change.
pub(crate) fn advisories() -> Result<()> {
    const FOLDERS: [&str; 4] = [".", "fuzz/libfuzzer", "tests/azure-identity", "xtask/claims-peers"];
    for workspace in FOLDERS.map(|folder| format!("{folder}/Cargo.toml")) {
        let mut deny = std::process::Command::new(tools::deny()?);
        deny.args(["--locked", "--manifest-path", &workspace, "check", "--config"])
            .arg(shell::root().join("deny.toml"));
        shell::run(deny.arg("advisories").current_dir(shell::root()))?;
    }
    Ok(())
}
