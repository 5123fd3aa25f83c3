//! `cargo xtask systems`: builds the host for other processors and systems, runs the conformance cases
//! with each under QEMU or Wine, and prints a table.
//!
//! `.ci/run` does not run this: each program takes minutes to build.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};

use crate::build::{self, Built};
use crate::dist::component_to_carry;
use crate::dist::platforms::{ARMV7, MORE, OTHERS, Platform, STATIC, program, require};
use crate::{shell, tools};

/// Makes the libraries that Wine lacks, and the helpers of the cases.
const FOR_WINE: &str = "x86_64-w64-mingw32-gcc";

/// A system with its name in the table.
type System = (&'static str, &'static Platform);

/// All that can be run here, the quickest first.
fn all() -> Vec<System> {
    let [_, (_, arm64)] = &STATIC;
    let [(_, riscv64), (_, s390x)] = &MORE;
    let [_, windows] = &OTHERS;
    vec![
        ("Linux arm64", arm64),
        ("Windows amd64", windows),
        ("Linux s390x", s390x),
        ("Linux riscv64", riscv64),
        ("Linux armv7", &ARMV7),
    ]
}

/// Runs the cases with the named programs (`arm64` and so on), or with all. Fails if a cell differs.
pub(crate) fn run(names: &[&str]) -> Result<()> {
    let is_meant =
        |(name, _): &System| names.is_empty() || names.iter().any(|word| name.split(' ').any(|part| part == *word));
    let systems: Vec<_> = all().into_iter().filter(is_meant).collect();
    ensure!(
        !systems.is_empty(),
        "there is no such system; there are: {:?}",
        all().iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
    let built = build::everything()?;
    let folder = build::target_folder().join("systems");
    fs::create_dir_all(&folder)?;
    let mut command = shell::cargo(&["run", "--locked", "--package", "azure-oidc-tests", "--bin", "systems", "--"]);
    let table = folder.join("table.md");
    command.arg(&table);
    let (mut missing, mut count) = (Vec::new(), 0);
    for (name, platform) in systems {
        match prepared(platform, &built, &folder) {
            Ok((program, runner)) => {
                command.arg(name).arg(program).arg(runner);
                count += 1;
            }
            Err(why) => missing.push(format!("- {name}: {why:#}\n")),
        }
    }
    let ran = if count == 0 { Ok(()) } else { shell::run(with_wine(&mut command, &built, &folder)?) };
    let mut text = if count == 0 { String::new() } else { fs::read_to_string(&table).unwrap_or_default() };
    if !missing.is_empty() {
        text += &format!("\nnot run:\n\n{}", missing.concat());
        println!("not run:\n\n{}", missing.concat());
    }
    fs::write(&table, text)?;
    println!("{}", table.display());
    ran
}

/// Builds the program, and finds what runs it.
fn prepared(platform: &Platform, built: &Built, folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let mut cargo = platform.cargo("build", &component_to_carry(&built.component)?)?;
    shell::run(&mut cargo)?;
    let made = program(platform)?;
    if !platform.triple.contains("windows") {
        let runner = format!("qemu-{}-static", platform.processor_name());
        return Ok((made, require(&runner, "qemu-user-static")?));
    }
    // Debian's `wine` is a script around this program, which signals would not reach.
    let own = PathBuf::from("/usr/lib/wine/wine64");
    let wine = match require("wine", "wine wine64")? {
        _ if own.is_file() => own,
        other => other,
    };
    // A library is found in the program's folder.
    let place = folder.join("windows");
    fs::create_dir_all(&place)?;
    let program = place.join("azure-oidc.exe");
    fs::copy(&made, &program)?;
    let sources = shell::root().join("xtask/src/systems");
    let compiler = require(FOR_WINE, "gcc-mingw-w64-x86-64")?;
    let compile = |source: &str, made: &str, options: &[&str], library: &str| {
        let mut command = Command::new(&compiler);
        command.args(options).arg("-O1").arg("-o").arg(place.join(made)).arg(sources.join(source)).arg(library);
        shell::run(&mut command)
    };
    compile("bcryptprimitives.c", "bcryptprimitives.dll", &["-shared"], "-ladvapi32")?;
    compile("store.c", "store.exe", &["-municode"], "-lcrypt32")?;
    Ok((program, wine))
}

/// The variables of the tests and of Wine, which keeps its files in a folder of ours.
fn with_wine<'a>(command: &'a mut Command, built: &Built, folder: &Path) -> Result<&'a mut Command> {
    let home = env::var_os("HOME").context("HOME is not set")?;
    command
        .env("HOME", home)
        .env("WINEPREFIX", folder.canonicalize()?.join("wine"))
        .env("WINEDEBUG", "-all")
        .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
        .env("AZURE_OIDC_BIN", &built.host)
        .env("AZURE_OIDC_EMULATOR_BIN", &built.emulator)
        .env("AZURE_OIDC_WASM", &built.component)
        .env("WASMTIME", tools::wasmtime()?);
    Ok(command)
}
