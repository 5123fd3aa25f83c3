//! `cargo xtask dist`: what a release publishes, in `target/dist`, and the proofs that it is what was tested.
//!
//! The component is built once. What the tests ran is what the programs carry, what the registry is given and what the sums name;
//! a second build only shows that others get the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::build::{self, Built};
use crate::shell;
use platforms::{STATIC, found, program};
use sbom::Subject;

mod chroot;
mod container;
// How the artifact crate's build script makes the component, as it does.
#[path = "../../crates/artifact/description.rs"]
mod description;
#[path = "../../crates/artifact/guest.rs"]
mod guest;
mod platforms;
mod registry;
pub(crate) mod reproduce;
mod sbom;
mod sources;
pub(crate) mod targets;
mod wit;

const COMPONENT: &str = "azure_oidc.wasm";
const PACKAGE: &str = "azure-oidc-federation.wasm";

/// Makes and proves everything.
pub(crate) fn run() -> Result<()> {
    let built = build::everything()?;
    let folder = build::target_folder().join("dist");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;

    let component = fs::read(&built.component)?;
    let digest = digest(&component);
    carries(&built.host, &digest)?;
    fs::write(folder.join(COMPONENT), &component)?;
    fs::write(folder.join("azure_oidc.wit"), wit::of_component(&component)?)?;
    wit::package(&folder.join(PACKAGE))?;

    let again = reproduce::run()?;
    ensure!(again == digest, "the sources give {again}, and what was tested is {digest}");
    programs(&built, &folder, &digest)?;
    lists(&folder, &digest)?;
    registry::round_trip(&folder.join(COMPONENT), &folder.join(PACKAGE), &built.host)?;
    sums(&folder)
}

/// The host for containers, for each processor: built with the component that was tested, and tried where nothing else is.
fn programs(built: &Built, folder: &Path, digest: &str) -> Result<()> {
    for (arch, platform) in &STATIC {
        shell::run(&mut platform.cargo("build", &component_to_carry(&built.component)?)?)?;
        let made = program(platform)?;
        let host = folder.join(name(arch));
        fs::copy(&made, &host)?;
        platform.judge_program(&fs::read(&host)?)?;
        let interpreter = found(&format!("qemu-{}-static", platform.processor_name()));
        if platform.is_native() {
            carries(&host, digest)?;
            chroot::exchange(&host, None, &built.emulator)?;
        } else if let Some(interpreter) = interpreter {
            chroot::exchange(&host, Some(&interpreter), &built.emulator)?;
        } else {
            println!("{} was not run: there is no qemu-{}-static here", host.display(), platform.processor_name());
        }
        container::build(folder, arch, &name(arch))?;
    }
    Ok(())
}

/// The program that a release has for this machine, which needs no libraries of the system's. None where a release has none.
pub(crate) fn released(built: &Built) -> Result<Option<PathBuf>> {
    let Some((_, platform)) = STATIC.iter().find(|(_, platform)| platform.is_native()) else { return Ok(None) };
    shell::run(&mut platform.cargo("build", &component_to_carry(&built.component)?)?)?;
    program(platform).map(Some)
}

/// A copy of the component that keeps its date while its bytes stay, so that cargo rebuilds nothing for it.
fn component_to_carry(component: &Path) -> Result<PathBuf> {
    let copy = build::target_folder().join("component-to-carry.wasm");
    let bytes = fs::read(component)?;
    if fs::read(&copy).ok().as_ref() != Some(&bytes) {
        fs::write(&copy, bytes)?;
    }
    Ok(copy)
}

fn name(arch: &str) -> String {
    format!("azure-oidc-linux-{arch}")
}

/// Lists of what the component and the programs are made of.
fn lists(folder: &Path, digest: &str) -> Result<()> {
    let component = Subject {
        package: "azure-oidc-component",
        folder: "crates/component",
        target: guest::WASM_TARGET,
        file: COMPONENT,
        digest,
        carries: None,
    };
    sbom::write(&component, &folder.join("azure_oidc.wasm.cdx.json"))?;
    for (arch, platform) in &STATIC {
        let file = name(arch);
        let program = self::digest(&fs::read(folder.join(&file))?);
        let host = Subject {
            package: "azure-oidc",
            folder: "host",
            target: platform.triple,
            file: &file,
            digest: &program,
            carries: Some((COMPONENT, digest)),
        };
        sbom::write(&host, &folder.join(format!("{file}.cdx.json")))?;
    }
    Ok(())
}

/// Refuses a host that carries other bytes than those that were tested.
fn carries(host: &Path, digest: &str) -> Result<()> {
    let told = shell::output(Command::new(host).args(["component", "--digest"]))?;
    ensure!(told.split_whitespace().any(|word| word.ends_with(digest)), "{} carries {told}", host.display());
    Ok(())
}

/// Writes `SHA256SUMS`, as `sha256sum --check` reads it.
fn sums(folder: &Path) -> Result<()> {
    let mut files: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let mut sums = String::new();
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str()).context("a file has no name")?;
        sums.push_str(&format!("{}  {name}\n", digest(&fs::read(&file)?)));
    }
    fs::write(folder.join("SHA256SUMS"), &sums)?;
    println!("\n{}:\n{sums}", folder.display());
    Ok(())
}

/// SHA-256, in lower-case hexadecimal.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
