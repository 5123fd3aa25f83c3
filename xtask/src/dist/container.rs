//! Builds the container images of `examples/container` with buildah, if it is installed: for each a
//! list of one image for each processor, as an archive that skopeo pushes to a registry.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::platforms::found;
use super::sources;
use crate::shell;

/// An image of a release.
pub(super) struct Image {
    /// The program in it, and the image's name. The build context has it with `-linux-` and the
    /// processor's name at its end.
    program: &'static str,
    /// Its file in `examples/container`.
    file: &'static str,
    /// Everything in its root folder.
    content: &'static [&'static str],
    /// Whether the program runs as root of its container.
    is_root: bool,
}

pub(super) const HOST: Image =
    Image { program: "azure-oidc", file: "Dockerfile", content: &["azure-oidc"], is_root: false };
pub(super) const EMULATOR: Image = Image {
    program: "azure-oidc-emulator",
    file: "emulator.Dockerfile",
    content: &["azure-oidc-emulator", "emulator"],
    is_root: true,
};

/// buildah, with its state in a folder.
struct Buildah<'a> {
    program: PathBuf,
    folder: &'a Path,
}

impl Image {
    /// Builds the images for these processors from the programs in a folder, into one archive there.
    /// Checks what is in each, and runs the one for this machine, if there is one.
    pub(super) fn build(&self, context: &Path, processors: &[&str], native: Option<&str>) -> Result<()> {
        let Some(program) = found("buildah") else {
            println!("no image of {} was built: buildah is not installed", self.program);
            return Ok(());
        };
        let folder = tempfile::tempdir()?;
        let buildah = Buildah { program, folder: folder.path() };
        let name = format!("localhost/{}:{}", self.program, env!("CARGO_PKG_VERSION"));
        let file = shell::root().join("examples/container").join(self.file);
        for processor in processors {
            let platform = format!("linux/{processor}");
            let mut build = buildah.command(&["build", "--quiet", "--isolation", "chroot", "--platform", &platform]);
            build.args(["--timestamp", &sources::epoch()?, "--manifest", &name]);
            shell::output(build.arg("--file").arg(&file).arg(context))?;
        }
        let archive = context.join(format!("{}-image.oci.tar", self.program));
        let target = format!("oci-archive:{}", archive.display());
        shell::output(&mut buildah.command(&["manifest", "push", "--quiet", "--all", &name, &target]))?;

        let layout = unpacked(&["--file"], &archive, &folder.path().join("layout"))?;
        let index: Value = serde_json::from_slice(&fs::read(layout.join("index.json"))?)?;
        let list: Value = blob(&layout, &index["manifests"][0])?;
        let manifests = list["manifests"].as_array().context("an archive without a list of images")?;
        let named: Vec<_> = manifests.iter().map(|one| one["platform"]["architecture"].as_str()).collect();
        ensure!(named == processors.iter().copied().map(Some).collect::<Vec<_>>(), "the images are for {named:?}");
        for (manifest, processor) in manifests.iter().zip(processors) {
            let program = context.join(format!("{}-linux-{processor}", self.program));
            self.judge(&layout, &blob(&layout, manifest)?, processor, &program)?;
        }
        if let Some(native) = native {
            let container =
                shell::output(&mut buildah.command(&["from", "--platform", &format!("linux/{native}"), &name]))?;
            let program = format!("/{}", self.program);
            let run = ["run", "--isolation", "chroot", container.trim_end(), "--", &program, "--version"];
            let version = shell::output(&mut buildah.command(&run))?;
            ensure!(version.contains(env!("CARGO_PKG_VERSION")), "the container answers {version:?}");
        }
        println!("{} contains only {} for {}", archive.display(), self.program, processors.join(", "));
        Ok(())
    }

    fn judge(&self, layout: &Path, manifest: &Value, processor: &str, program: &Path) -> Result<()> {
        let config: Value = blob(layout, &manifest["config"])?;
        ensure!(config["architecture"] == processor, "an image is for {}", config["architecture"]);
        let start = &config["config"]["Entrypoint"][0];
        ensure!(*start == format!("/{}", self.program), "the image starts {start}");
        let user = config["config"]["User"].as_str().unwrap_or_default();
        ensure!((user.is_empty() || user.starts_with('0')) == self.is_root, "the image runs as user `{user}`");

        let folder = tempfile::tempdir()?;
        let content = folder.path().join("content");
        for layer in manifest["layers"].as_array().context("an image without layers")? {
            unpacked(&["--gzip", "--preserve-permissions", "--file"], &path(layout, layer)?, &content)?;
        }
        let mut files: Vec<_> = fs::read_dir(&content)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
        files.sort();
        ensure!(files == self.content, "the image contains {files:?}");
        let inside = content.join(self.program);
        let is_same = fs::read(&inside)? == fs::read(program)?;
        ensure!(is_same, "the image contains another program than {}", program.display());
        ensure!(fs::metadata(&inside)?.permissions().mode() & 0o777 == 0o755, "not all users may run the program");
        Ok(())
    }
}

impl Buildah<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(self.folder.join("root")).arg("--runroot").arg(self.folder.join("run"));
        command.args(["--storage-driver", "vfs"]).args(arguments);
        command
    }
}

/// Unpacks a tar archive into a folder, and returns the folder.
fn unpacked(options: &[&str], archive: &Path, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    shell::output(Command::new("tar").arg("--extract").arg("--directory").arg(folder).args(options).arg(archive))?;
    Ok(folder.to_owned())
}

fn blob(layout: &Path, descriptor: &Value) -> Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path(layout, descriptor)?)?)?)
}

fn path(layout: &Path, descriptor: &Value) -> Result<PathBuf> {
    let digest = descriptor["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:"));
    Ok(layout.join("blobs/sha256").join(digest.context("a descriptor without a digest")?))
}
