//! Builds the container image of `examples/container` with buildah, if it is installed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::platforms::found;
use crate::shell;

/// Builds the image from the program in a folder. Checks that it contains only this program and
/// runs it as an ordinary user.
pub(super) fn build(context: &Path, arch: &str, program: &str) -> Result<()> {
    let Some(buildah) = found("buildah") else {
        println!("no image was built for {arch}: buildah is not installed");
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let image = Image { buildah, folder: folder.path(), name: format!("localhost/azure-oidc:{arch}") };
    let file = shell::root().join("examples/container/Dockerfile");
    let mut build = image.buildah();
    build.args(["build", "--isolation", "chroot", "--platform", &format!("linux/{arch}"), "--tag", &image.name]);
    shell::output(build.arg("--file").arg(file).arg(context))?;
    image.judge(arch, &context.join(program))?;
    println!("the image for {arch} contains only {program}");
    Ok(())
}

struct Image<'a> {
    buildah: PathBuf,
    folder: &'a Path,
    name: String,
}

impl Image<'_> {
    /// buildah, with its state in the folder.
    fn buildah(&self) -> Command {
        let mut command = Command::new(&self.buildah);
        command.arg("--root").arg(self.folder.join("root")).arg("--runroot").arg(self.folder.join("run"));
        command.args(["--storage-driver", "vfs"]);
        command
    }

    fn judge(&self, arch: &str, program: &Path) -> Result<()> {
        let layout = self.folder.join("layout");
        shell::output(self.buildah().args(["push", "--quiet", &self.name]).arg(format!("oci:{}", layout.display())))?;
        let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json"))?)?;
        let manifest: Value = blob(&layout, &index["manifests"][0])?;
        let config: Value = blob(&layout, &manifest["config"])?;
        ensure!(config["architecture"] == arch, "the image is for {}", config["architecture"]);
        ensure!(
            config["config"]["Entrypoint"][0] == "/azure-oidc",
            "the image starts {}",
            config["config"]["Entrypoint"]
        );
        let user = config["config"]["User"].as_str().unwrap_or_default();
        ensure!(!user.is_empty() && !user.starts_with('0'), "the image runs as user `{user}`");

        let content = self.folder.join("content");
        fs::create_dir(&content)?;
        for layer in manifest["layers"].as_array().context("an image without layers")? {
            shell::output(
                Command::new("tar")
                    .arg("--extract")
                    .arg("--gzip")
                    .arg("--preserve-permissions")
                    .arg("--directory")
                    .arg(&content)
                    .arg("--file")
                    .arg(path(&layout, layer)?),
            )?;
        }
        let files: Vec<_> = fs::read_dir(&content)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
        ensure!(files == ["azure-oidc"], "the image contains {files:?}");
        let inside = content.join("azure-oidc");
        ensure!(
            fs::read(&inside)? == fs::read(program)?,
            "the image contains another program than {}",
            program.display()
        );
        ensure!(fs::metadata(&inside)?.permissions().mode() & 0o777 == 0o755, "not all users may run the program");
        Ok(())
    }
}

fn blob(layout: &Path, descriptor: &Value) -> Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path(layout, descriptor)?)?)?)
}

fn path(layout: &Path, descriptor: &Value) -> Result<PathBuf> {
    let digest = descriptor["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:"));
    Ok(layout.join("blobs/sha256").join(digest.context("a descriptor without a digest")?))
}
