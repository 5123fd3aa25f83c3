//! Packs the programs of a release into what users install: archives, packages of npm, Python,
//! Debian and RPM, and manifests of Homebrew, Scoop and winget with the archives' digests.
//!
//! The same programs and the same time give the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

pub use archive::{Entry, tar};
pub use systems::{SYSTEMS, System};

mod archive;
mod debian;
mod manifests;
mod npm;
mod rpm;
mod systems;
mod wheel;

/// Where the project is published, from the workspace's `Cargo.toml`.
pub const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");
/// The version that is packed.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// One sentence for package managers.
pub const SUMMARY: &str = "Trades a CI job's OIDC ID token for an Azure access token, and explains refusals";

/// The files that a release is made of.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// The folder that has the programs, `man` and `completions`, and gets the packages.
    pub folder: &'a Path,
    /// The root of the repository: the licence, README and installers.
    pub root: &'a Path,
    /// The time of all files in the packages, in seconds since 1970.
    pub epoch: u64,
}

/// A program and all that is packed with it.
pub(crate) struct Packed<'a> {
    system: &'a System,
    program: Vec<u8>,
    /// Licence, README, list of parts, man pages and completions.
    others: Vec<Entry>,
}

/// Writes the packages of each program in the folder, the manifests and the installers. Returns
/// the systems whose programs are there.
///
/// # Errors
///
/// If there is no program, or a file that belongs to one is missing.
pub fn pack(release: &Release<'_>) -> Result<Vec<&'static System>> {
    let programs: Vec<_> = SYSTEMS.iter().filter(|system| release.folder.join(system.program()).is_file()).collect();
    ensure!(!programs.is_empty(), "there is no program in {}", release.folder.display());
    let mut archives = Vec::new();
    for system in &programs {
        let packed = release.of(system)?;
        let archive = packed.archive(release.epoch)?;
        write(release.folder, &system.archive(), &archive)?;
        archives.push((*system, digest(&archive)));
        npm::of_system(release, &packed)?;
        wheel::write(release, &packed)?;
        debian::write(release, &packed)?;
        rpm::write(release, &packed)?;
    }
    npm::chooser(release, &programs)?;
    manifests::write_all(release, &archives)?;
    for installer in ["install.sh", "install.ps1"] {
        fs::copy(release.root.join(installer), release.folder.join(installer)).context(installer)?;
    }
    Ok(programs)
}

impl Release<'_> {
    fn of<'a>(&self, system: &'a System) -> Result<Packed<'a>> {
        let mut others = vec![
            Entry::file("LICENSE", self.root_file("LICENSE")?),
            Entry::file("README.md", self.root_file("README.md")?),
            Entry::file("azure-oidc.cdx.json", read(&self.folder.join(format!("{}.cdx.json", system.program())))?),
        ];
        for folder in ["man", "completions"] {
            let mut files: Vec<PathBuf> = fs::read_dir(self.folder.join(folder))
                .with_context(|| format!("{folder} is missing"))?
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<_>>()?;
            files.sort();
            for file in files {
                let name = file.file_name().and_then(|name| name.to_str()).context("a name that is not UTF-8")?;
                others.push(Entry::file(&format!("{folder}/{name}"), read(&file)?));
            }
        }
        Ok(Packed { system, program: read(&self.folder.join(system.program()))?, others })
    }

    fn root_file(&self, name: &str) -> Result<Vec<u8>> {
        read(&self.root.join(name))
    }
}

impl Packed<'_> {
    fn program(&self) -> Entry {
        Entry::program(self.system.executable(), self.program.clone())
    }

    /// The archive that installers download: everything, in one folder.
    fn archive(&self, epoch: u64) -> Result<Vec<u8>> {
        let folder = self.system.name();
        let entries: Vec<_> = std::iter::once(self.program()).chain(self.others.iter().cloned()).collect();
        let entries = entries.into_iter().map(|entry| entry.below(&folder)).collect::<Vec<_>>();
        if self.system.is_windows() { archive::zip(&entries, epoch) } else { archive::tar_gz(&entries, epoch) }
    }

    /// The entry of this name, such as `LICENSE`.
    fn other(&self, name: &str) -> Result<Vec<u8>> {
        let found = self.others.iter().find(|entry| entry.path == name);
        Ok(found.with_context(|| format!("{name} is missing"))?.bytes.clone())
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    fs::write(folder.join(name), bytes).with_context(|| format!("{name} cannot be written"))
}

/// SHA-256 in lower-case hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
