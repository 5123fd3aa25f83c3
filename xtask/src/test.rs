//! `cargo xtask test` and `cargo xtask lint`.

use anyhow::Result;

use crate::{build, conformance, shell, tools, web};

/// The packages whose tests need neither the host's runtime nor its compiler.
const PLAIN: [&str; 7] = [
    "azure-oidc-core",
    "azure-oidc-jobs",
    "azure-oidc-cli",
    "azure-oidc-component",
    "azure-oidc-emulator",
    "azure-oidc-fuzz",
    "xtask",
];

/// Everything: unit and property tests, the host's own, and the end-to-end ones with the real programs.
pub(crate) fn run() -> Result<()> {
    let built = build::everything()?;
    let wasmtime = tools::wasmtime()?;

    let mut plain = shell::cargo(&["test", "--locked"]);
    plain.args(PLAIN.iter().flat_map(|package| ["--package", package]));
    shell::run(&mut plain)?;
    shell::run(&mut shell::cargo(&["test", "--locked", "--release", "--package", "azure-oidc"]))?;
    shell::run(
        shell::cargo(&["test", "--locked", "--package", "azure-oidc-tests"])
            .envs(conformance::variables(&built, &wasmtime)?),
    )?;
    conformance::test(&built, &wasmtime)?;
    web::test(&built)
}

/// Renews `schemas/` from the types: the test that compares them writes them instead.
pub(crate) fn schemas() -> Result<()> {
    let mut test = shell::cargo(&["test", "--locked", "--package", "azure-oidc-component", "--test", "schemas"]);
    shell::run(test.env("AZURE_OIDC_RENEW_SCHEMAS", "1"))
}

/// What must hold before anything is tested.
pub(crate) fn lint() -> Result<()> {
    const DENY_WARNINGS: [&str; 3] = ["--", "--deny", "warnings"];
    build::target()?;
    shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))?;
    let mut native = shell::cargo(&["clippy", "--locked", "--workspace", "--all-targets"]);
    native.args(["--exclude", "azure-oidc", "--exclude", "azure-oidc-artifact"]).args(DENY_WARNINGS);
    shell::run(&mut native)?;
    // In the release profile, so that the compiler of the ahead-of-time image is built once for this and for the host.
    let mut host = shell::cargo(&["clippy", "--locked", "--release", "--all-targets"]);
    host.args(["--package", "azure-oidc", "--package", "azure-oidc-artifact"]).args(DENY_WARNINGS);
    shell::run(&mut host)?;
    let mut guest = shell::cargo(&["clippy", "--locked", "--package", "azure-oidc-component", "--lib"]);
    guest.args(["--target", "wasm32-wasip2", "--profile", "component"]).args(DENY_WARNINGS);
    shell::run(&mut guest)?;
    // Advisories need a database from the internet; `cargo deny check` looks there, these three do not.
    shell::run(
        std::process::Command::new(tools::deny()?)
            .args(["check", "bans", "licenses", "sources"])
            .current_dir(shell::root()),
    )
}
