//! Runs the static host in an empty root folder, as an ordinary user: no certificates, libraries or
//! shell.
//!
//! An image `FROM scratch` is the same, except for two files that each container engine adds. One
//! of them is `/etc/hosts`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};

use super::platforms::is_root;
use crate::emulator::Emulator;

/// Tenant and application of the emulator's default configuration.
const TENANT: &str = "contoso.example";
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
/// The ids of `nobody` and `nogroup` on Debian and most other systems.
const NOBODY: u32 = 65534;

struct Root {
    folder: tempfile::TempDir,
    /// The emulator for programs of another processor, in the root folder.
    interpreter: Option<&'static str>,
}

/// Runs an exchange that succeeds, and one that fails because the emulator's certificate is not
/// trusted.
pub(super) fn exchange(host: &Path, interpreter: Option<&Path>, emulator_program: &Path) -> Result<()> {
    let root = Root::new(host, interpreter)?;
    let folder = tempfile::tempdir()?;
    let emulator = Emulator::start(emulator_program, folder.path())?;
    fs::copy(&emulator.ca_file, root.path("ca.pem"))?;
    let token = emulator.mint("harness", &[])?;
    let step = || {
        let mut command = root.command();
        command
            .env("PLUGIN_TENANT_ID", TENANT)
            .env("PLUGIN_CLIENT_ID", CLIENT)
            .env("PLUGIN_OIDC_TOKEN_ID", &token)
            .env("PLUGIN_AZURE_AUTHORITY_HOST", &emulator.url)
            .env("HARNESS_OUTPUT_SECRET_FILE", "/step/secrets.env");
        command
    };

    let distrusted = finished(&mut step())?;
    let reason = String::from_utf8_lossy(&distrusted.stderr);
    ensure!(distrusted.status.code() == Some(5), "an untrusted certificate must give exit code 5: {distrusted:?}");
    ensure!(reason.contains("does not trust its issuer"), "another reason: {reason}");

    let output = finished(step().env("SSL_CERT_FILE", "/ca.pem"))?;
    ensure!(output.status.success(), "the exchange failed: {}", String::from_utf8_lossy(&output.stderr));
    let published = fs::read_to_string(root.path("step/secrets.env"))?;
    ensure!(published.starts_with("AZURE_ACCESS_TOKEN=ey"), "no token was published");
    let mut kept: Vec<_> =
        fs::read_dir(root.path("step"))?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
    kept.sort();
    ensure!(kept == ["secrets.env"], "the exchange left other files: {kept:?}");
    println!("{} got a token in an empty root folder, as an ordinary user", host.display());
    Ok(())
}

impl Root {
    fn new(host: &Path, interpreter: Option<&Path>) -> Result<Self> {
        let root = Self { folder: tempfile::tempdir()?, interpreter: interpreter.is_some().then_some("/interpreter") };
        // By default only the owner may enter a temporary folder.
        fs::set_permissions(root.folder.path(), Permissions::from_mode(0o755))?;
        fs::copy(host, root.path("azure-oidc"))?;
        if let Some(interpreter) = interpreter {
            fs::copy(interpreter, root.path("interpreter"))?;
        }
        fs::create_dir(root.path("etc"))?;
        fs::write(root.path("etc/hosts"), "127.0.0.1 localhost\n")?;
        fs::create_dir(root.path("step"))?;
        if is_root() {
            std::os::unix::fs::chown(root.path("step"), Some(NOBODY), Some(NOBODY))?;
        }
        Ok(root)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The host in its root folder, without variables. A user who may not call chroot does so in a
    /// new user namespace.
    fn command(&self) -> Command {
        let mut command = if is_root() {
            let mut command = Command::new("chroot");
            command.arg(format!("--userspec={NOBODY}:{NOBODY}"));
            command
        } else {
            let mut command = Command::new("unshare");
            command.args(["--user", "--map-root-user", "chroot"]);
            command
        };
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.arg(self.folder.path()).args(self.interpreter).arg("/azure-oidc");
        command
    }
}

fn finished(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().context("chroot could not be started")
}
