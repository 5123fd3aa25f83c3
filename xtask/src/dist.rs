//! `cargo xtask dist`: writes the files of a release to `target/dist` and proves that they contain
//! what was tested.
//!
//! The component is built once. The tests, the programs, the registry and `SHA256SUMS` all use the
//! same bytes. A second build only proves that it is reproducible.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use azure_oidc_cli::{Shell, completions, man_pages};
use azure_oidc_release::{Release, SYSTEMS, digest};

use crate::build::{self, Built};
use crate::shell;
use platforms::{MORE, STATIC, found, program};
use sbom::Subject;

mod chroot;
mod container;
mod emulator;
// The artifact crate's build script includes these files too.
#[path = "../../crates/artifact/description.rs"]
mod description;
#[path = "../../crates/artifact/guest.rs"]
mod guest;
mod installed;
mod layout;
#[path = "../../crates/artifact/optimise.rs"]
mod optimise;
pub(crate) mod platforms;
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

    reproduce::run(&built.component)?;
    programs(&built, &folder, &digest)?;
    registry::round_trip(&folder.join(COMPONENT), &folder.join(PACKAGE), &built.host)?;
    pack(&folder)
}

/// Packs the programs in a folder that `cargo xtask dist` made, and installs the packages from their
/// files. Other machines may have added programs under the names that `azure-oidc-release` knows.
pub(crate) fn pack(folder: &Path) -> Result<()> {
    let component = digest(&fs::read(folder.join(COMPONENT))?);
    manuals(folder)?;
    lists(folder, &component)?;
    let release = Release { folder, root: &shell::root(), epoch: sources::epoch()?.parse()? };
    for system in azure_oidc_release::pack(&release)? {
        println!("packed {}", system.name());
    }
    sums(folder)?;
    installed::prove(folder, &component)
}

/// Builds the host for containers, for each processor, with the tested component. Then runs it in
/// an empty folder.
fn programs(built: &Built, folder: &Path, digest: &str) -> Result<()> {
    let more = MORE.iter().filter(|(arch, platform)| match build::add_target(platform.triple) {
        Ok(()) => true,
        Err(_) => {
            println!("no program was built for {arch}: rustup cannot install the target {}", platform.triple);
            false
        }
    });
    let mut built_for = Vec::new();
    for (arch, platform) in STATIC.iter().chain(more) {
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
            println!("{} was not run: qemu-{}-static is not installed", host.display(), platform.processor_name());
        }
        built_for.push(*arch);
    }
    let native = STATIC.iter().find(|(_, platform)| platform.is_native()).map(|(arch, _)| *arch);
    container::HOST.build(folder, &built_for, native)?;
    for (arch, platform) in &STATIC {
        emulator::build(folder, arch, platform, &component_to_carry(&built.component)?)?;
    }
    container::EMULATOR.build(folder, &STATIC.each_ref().map(|(arch, _)| *arch), native)
}

/// The program that a release has for this machine, if any. It needs no libraries of the system.
pub(crate) fn released(built: &Built) -> Result<Option<PathBuf>> {
    let Some((_, platform)) = STATIC.iter().find(|(_, platform)| platform.is_native()) else { return Ok(None) };
    shell::run(&mut platform.cargo("build", &component_to_carry(&built.component)?)?)?;
    program(platform).map(Some)
}

/// A copy of the component whose modification time changes only with its content, so that cargo
/// rebuilds only then.
pub(crate) fn component_to_carry(component: &Path) -> Result<PathBuf> {
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

/// Writes the bills of materials of the component and the programs.
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
    for system in SYSTEMS.iter().filter(|system| folder.join(system.program()).is_file()) {
        let file = system.program();
        let program = azure_oidc_release::digest(&fs::read(folder.join(&file))?);
        let host = Subject {
            package: "azure-oidc",
            folder: "host",
            target: system.target,
            file: &file,
            digest: &program,
            carries: Some((COMPONENT, digest)),
        };
        sbom::write(&host, &folder.join(format!("{file}.cdx.json")))?;
    }
    Ok(())
}

/// Writes the man pages and the completions for each shell, under the names that package managers
/// install.
fn manuals(folder: &Path) -> Result<()> {
    let scripts = [
        ("azure-oidc.bash", Shell::Bash),
        ("_azure-oidc", Shell::Zsh),
        ("azure-oidc.fish", Shell::Fish),
        ("_azure-oidc.ps1", Shell::Powershell),
        ("azure-oidc.elv", Shell::Elvish),
    ];
    write(&folder.join("man"), man_pages())?;
    write(&folder.join("completions"), scripts.map(|(name, shell)| (name.to_owned(), completions(shell))))
}

fn write(folder: &Path, files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (name, content) in files {
        fs::write(folder.join(name), content)?;
    }
    Ok(())
}

/// Refuses a host that embeds another component than the tested one.
fn carries(host: &Path, digest: &str) -> Result<()> {
    let answer = shell::output(Command::new(host).args(["component", "--digest"]))?;
    ensure!(answer.split_whitespace().any(|word| word.ends_with(digest)), "{} embeds {answer}", host.display());
    Ok(())
}

/// Writes `SHA256SUMS` for all files, in the form that `sha256sum --check` reads.
fn sums(folder: &Path) -> Result<()> {
    let mut sums = String::new();
    for file in files(folder)? {
        let name = file.strip_prefix(folder)?.to_str().context("a file has a name that is not UTF-8")?;
        sums.push_str(&format!("{}  {name}\n", digest(&fs::read(&file)?)));
    }
    fs::write(folder.join("SHA256SUMS"), &sums)?;
    println!("\n{}:\n{sums}", folder.display());
    Ok(())
}

/// The files in a folder and the folders in it, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    let mut found = Vec::new();
    for entry in entries {
        if entry.is_dir() {
            found.extend(files(&entry)?);
        } else {
            found.push(entry);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn man_pages_and_completions_are_in_the_sums() {
        let folder = tempfile::tempdir().unwrap();
        manuals(folder.path()).unwrap();
        sums(folder.path()).unwrap();
        let sums = fs::read_to_string(folder.path().join("SHA256SUMS")).unwrap();
        for name in ["completions/_azure-oidc", "completions/azure-oidc.bash", "man/azure-oidc-exchange.1"] {
            let digest = digest(&fs::read(folder.path().join(name)).unwrap());
            assert!(sums.contains(&format!("{digest}  {name}\n")), "{name}: {sums}");
        }
    }
}
