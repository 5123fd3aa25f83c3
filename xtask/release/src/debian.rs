//! A package of Debian for each Linux, made by `dpkg-deb`: the program, man pages, completions and
//! the licence. The program is static, so the package needs no other.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{Entry, Packed, REPOSITORY, Release, SUMMARY, VERSION};

/// Writes the package, or says that `dpkg-deb` is missing.
pub(crate) fn write(release: &Release<'_>, packed: &Packed<'_>) -> Result<()> {
    if packed.system.system != "linux" {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let size: usize = packed.others.iter().map(|entry| entry.bytes.len()).sum::<usize>() + packed.program.len();
    let control = format!(
        "Package: azure-oidc\nVersion: {VERSION}\nArchitecture: {}\nMaintainer: azure-oidc <{REPOSITORY}>\n\
         Installed-Size: {}\nSection: admin\nPriority: optional\nHomepage: {REPOSITORY}\nDescription: {SUMMARY}\n",
        packed.system.processor,
        size.div_ceil(1024)
    );
    stage(packed, folder.path())?;
    place(folder.path(), &Entry::file("DEBIAN/control", control))?;
    let name = format!("azure-oidc_{VERSION}_{}.deb", packed.system.processor);
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Zgzip", "--build"]).arg(folder.path()).arg(release.folder.join(&name));
    match build.env("SOURCE_DATE_EPOCH", release.epoch.to_string()).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("{name} was not made: dpkg-deb is not installed");
            Ok(())
        }
        answer => {
            let answer = answer?;
            ensure!(answer.status.success(), "dpkg-deb: {}", String::from_utf8_lossy(&answer.stderr));
            Ok(())
        }
    }
}

/// Writes the files of a package below a folder, where Linux distributions have them.
pub(crate) fn stage(packed: &Packed<'_>, folder: &Path) -> Result<()> {
    place(folder, &packed.program().below("usr/bin"))?;
    for entry in &packed.others {
        if let Some(path) = path(&entry.path) {
            place(folder, &Entry { path, ..entry.clone() })?;
        }
    }
    // `tempfile` makes a folder that only its owner may enter.
    Ok(fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?)
}

fn place(folder: &Path, entry: &Entry) -> Result<()> {
    let path = folder.join(&entry.path);
    fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
    fs::write(&path, &entry.bytes)?;
    Ok(fs::set_permissions(&path, fs::Permissions::from_mode(entry.mode))?)
}

/// Where a distribution has a file of the archive.
fn path(path: &str) -> Option<String> {
    let (folder, name) = path.split_once('/').unwrap_or(("", path));
    match (folder, name) {
        ("man", name) => Some(format!("usr/share/man/man1/{name}")),
        ("completions", "azure-oidc.bash") => Some("usr/share/bash-completion/completions/azure-oidc".to_owned()),
        ("completions", "_azure-oidc") => Some("usr/share/zsh/vendor-completions/_azure-oidc".to_owned()),
        ("completions", "azure-oidc.fish") => Some("usr/share/fish/vendor_completions.d/azure-oidc.fish".to_owned()),
        ("completions", _) => None,
        (_, "LICENSE") => Some("usr/share/doc/azure-oidc/copyright".to_owned()),
        (_, name) => Some(format!("usr/share/doc/azure-oidc/{name}")),
    }
}
