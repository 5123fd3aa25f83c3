//! A package for Fedora, SUSE and their kin for each Linux, made by `rpmbuild`, with the same files
//! as the package of Debian.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{Packed, REPOSITORY, Release, SUMMARY, VERSION, debian};

/// Writes the package, or says that `rpmbuild` is missing.
pub(crate) fn write(release: &Release<'_>, packed: &Packed<'_>) -> Result<()> {
    if packed.system.system != "linux" {
        return Ok(());
    }
    let processor = match packed.system.processor {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    };
    let name = format!("azure-oidc-{VERSION}-1.{processor}.rpm");
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("root");
    debian::stage(packed, &root)?;
    let spec = folder.path().join("azure-oidc.spec");
    // The program is packed as it is: not stripped, not linked, and nothing is asked for.
    let text = format!(
        "%global _build_id_links none\n%global __os_install_post %{{nil}}\n%global debug_package %{{nil}}\n\
         Name: azure-oidc\nVersion: {VERSION}\nRelease: 1\nSummary: {SUMMARY}\nLicense: Apache-2.0\nURL: {REPOSITORY}\n\
         AutoReqProv: no\n%description\n{SUMMARY}.\n%install\ncp -a {}/. %{{buildroot}}/\n%files\n\
         /usr/bin/azure-oidc\n/usr/share/man/man1/*\n/usr/share/bash-completion/completions/*\n\
         /usr/share/zsh/vendor-completions/*\n/usr/share/fish/vendor_completions.d/*\n/usr/share/doc/azure-oidc\n",
        root.display()
    );
    let there = |line: &&str| !line.starts_with("/usr/share/") || root.join(line[1..].trim_end_matches("/*")).exists();
    let text: Vec<_> = text.lines().filter(there).collect();
    fs::write(&spec, text.join("\n") + "\n")?;
    let mut build = Command::new("rpmbuild");
    build.args(["-bb", "--quiet", "--target", processor]);
    for define in [
        format!("_topdir {}", folder.path().join("top").display()),
        format!("_rpmdir {}", folder.path().join("made").display()),
        // So that the same files give the same package.
        "_buildhost localhost".to_owned(),
        "use_source_date_epoch_as_buildtime 1".to_owned(),
        "clamp_mtime_to_source_date_epoch 1".to_owned(),
    ] {
        build.args(["--define", &define]);
    }
    match build.arg(&spec).env("SOURCE_DATE_EPOCH", release.epoch.to_string()).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("{name} was not made: rpmbuild is not installed");
            Ok(())
        }
        answer => {
            let answer = answer?;
            ensure!(answer.status.success(), "rpmbuild: {}", String::from_utf8_lossy(&answer.stderr));
            let made = folder.path().join("made").join(processor).join(&name);
            fs::copy(&made, release.folder.join(&name)).with_context(|| format!("{name} was not made"))?;
            Ok(())
        }
    }
}
