//! Manifests of Homebrew, Scoop and winget: where each archive is, and its digest.

use anyhow::Result;
use serde_json::json;

use crate::{REPOSITORY, Release, SUMMARY, System, VERSION, write};

/// Writes those whose systems are in the release.
pub(crate) fn write_all(release: &Release<'_>, archives: &[(&System, String)]) -> Result<()> {
    let of = |name: &str| archives.iter().filter(|(system, _)| system.system == name).collect::<Vec<_>>();
    if archives.iter().any(|(system, _)| !system.is_windows()) {
        write(release.folder, "azure-oidc.rb", formula(&of("macos"), &of("linux")).as_bytes())?;
    }
    if let [(system, digest)] = of("windows").as_slice() {
        write(release.folder, "azure-oidc.json", scoop(system, digest).as_bytes())?;
        for (name, text) in winget(system, digest) {
            write(release.folder, &name, text.as_bytes())?;
        }
    }
    Ok(())
}

fn url(system: &System) -> String {
    format!("{REPOSITORY}/releases/download/v{VERSION}/{}", system.archive())
}

/// The formula of a tap.
fn formula(macos: &[&(&System, String)], linux: &[&(&System, String)]) -> String {
    let block = |name: &str, archives: &[&(&System, String)]| {
        let each: String = archives
            .iter()
            .filter_map(|(system, digest)| {
                // Homebrew supports no other processors.
                let processor = match system.processor {
                    "amd64" => "intel",
                    "arm64" => "arm",
                    _ => return None,
                };
                let url = url(system);
                Some(format!("    on_{processor} do\n      url \"{url}\"\n      sha256 \"{digest}\"\n    end\n"))
            })
            .collect();
        if each.is_empty() { each } else { format!("  on_{name} do\n{each}  end\n\n") }
    };
    format!(
        "class AzureOidc < Formula\n  desc \"{}\"\n  homepage \"{REPOSITORY}\"\n  version \"{VERSION}\"\n  \
         license \"Apache-2.0\"\n\n{}{}  def install\n    bin.install \"azure-oidc\"\n    man1.install Dir[\"man/*.1\"]\n    \
         bash_completion.install \"completions/azure-oidc.bash\" => \"azure-oidc\"\n    \
         zsh_completion.install \"completions/_azure-oidc\"\n    fish_completion.install \"completions/azure-oidc.fish\"\n  \
         end\n\n  test do\n    assert_match version.to_s, shell_output(\"#{{bin}}/azure-oidc --version\")\n  end\nend\n",
        SUMMARY.split(',').next().unwrap_or(SUMMARY),
        block("macos", macos),
        block("linux", linux)
    )
}

/// The manifest of a bucket.
fn scoop(system: &System, digest: &str) -> String {
    let manifest = json!({
        "version": VERSION,
        "description": SUMMARY,
        "homepage": REPOSITORY,
        "license": "Apache-2.0",
        "architecture": { "64bit": { "url": url(system), "hash": digest, "extract_dir": system.name() } },
        "bin": system.executable(),
        "checkver": { "github": REPOSITORY },
        "autoupdate": { "architecture": { "64bit": {
            "url": url(system).replace(VERSION, "$version"), "extract_dir": system.name().replace(VERSION, "$version"),
        } } },
    });
    format!("{manifest:#}\n")
}

/// The three files of a version, by name.
fn winget(system: &System, digest: &str) -> [(String, String); 3] {
    let owner = REPOSITORY.rsplit('/').nth(1).unwrap_or_default();
    let id = format!("{owner}.AzureOIDC");
    let head = |kind: &str| {
        format!(
            "# yaml-language-server: $schema=https://aka.ms/winget-manifest.{kind}.1.9.0.schema.json\n\
             PackageIdentifier: {id}\nPackageVersion: {VERSION}\n"
        )
    };
    let tail = |kind: &str| format!("ManifestType: {kind}\nManifestVersion: 1.9.0\n");
    let installer = format!(
        "{}InstallerType: zip\nNestedInstallerType: portable\nNestedInstallerFiles:\n- RelativeFilePath: {}\\azure-oidc.exe\n  \
         PortableCommandAlias: azure-oidc\nInstallers:\n- Architecture: x64\n  InstallerUrl: {}\n  InstallerSha256: {}\n{}",
        head("installer"),
        system.name(),
        url(system),
        digest.to_uppercase(),
        tail("installer")
    );
    let locale = format!(
        "{}PackageLocale: en-US\nPublisher: {owner}\nPackageName: azure-oidc\nPackageUrl: {REPOSITORY}\nLicense: Apache-2.0\n\
         ShortDescription: {SUMMARY}\n{}",
        head("defaultLocale"),
        tail("defaultLocale")
    );
    let version = format!("{}DefaultLocale: en-US\n{}", head("version"), tail("version"));
    [
        (format!("{id}.installer.yaml"), installer),
        (format!("{id}.locale.en-US.yaml"), locale),
        (format!("{id}.yaml"), version),
    ]
}
