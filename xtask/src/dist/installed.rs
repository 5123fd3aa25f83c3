//! Installs the packages of a release from their files, each in an empty place, and runs what was
//! installed. A package for another processor is run by QEMU.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use azure_oidc_release::{SYSTEMS, System, VERSION};

use super::platforms::{found, is_root};
use crate::shell;

/// Installs and runs everything that this machine can. Prints what it did, and what it could not.
pub(super) fn prove(folder: &Path, digest: &str) -> Result<()> {
    for system in SYSTEMS.iter().filter(|system| system.system == "linux" && folder.join(system.program()).is_file()) {
        let Some(runner) = Runner::of(system) else {
            println!("{} was not run: there is no QEMU for {}", system.archive(), system.processor);
            continue;
        };
        let release = Packages { folder, digest, system, runner };
        release.archive()?;
        release.deb()?;
        release.rpm()?;
        if release.runner.0.is_none() {
            release.wheel()?;
            release.npm()?;
            release.installer()?;
        }
    }
    Ok(())
}

/// The path of QEMU, for another processor.
struct Runner(Option<PathBuf>);

impl Runner {
    fn of(system: &System) -> Option<Self> {
        if System::here() == Some(system) {
            return Some(Self(None));
        }
        let processor = match system.processor {
            "arm64" => "aarch64",
            "amd64" => "x86_64",
            other => other,
        };
        found(&format!("qemu-{processor}-static")).map(|path| Self(Some(path)))
    }

    fn command(&self, program: &Path) -> Command {
        match &self.0 {
            None => Command::new(program),
            Some(runner) => {
                let mut command = Command::new(runner);
                command.arg(program);
                command
            }
        }
    }
}

struct Packages<'a> {
    folder: &'a Path,
    digest: &'a str,
    system: &'a System,
    runner: Runner,
}

impl Packages<'_> {
    /// Runs what was installed: it must have the component of the release.
    fn runs(&self, what: &str, program: &Path) -> Result<()> {
        self.answers(what, self.runner.command(program).args(["component", "--digest"]))
    }

    fn answers(&self, what: &str, command: &mut Command) -> Result<()> {
        let answer = shell::output(command)?;
        ensure!(answer.trim_end().ends_with(self.digest), "{what} has another component: {answer}");
        println!("{what}: installed from its file, and it has the component of the release");
        Ok(())
    }

    /// The only file whose name starts and ends so.
    fn named(&self, start: &str, end: &str) -> Result<Option<PathBuf>> {
        let names = fs::read_dir(self.folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        let fits = |path: &&PathBuf| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with(start) && name.ends_with(end))
        };
        let mut found = names.iter().filter(fits);
        let first = found.next().cloned();
        ensure!(found.next().is_none(), "there are several {start}...{end}");
        Ok(first)
    }

    fn archive(&self) -> Result<()> {
        let place = tempfile::tempdir()?;
        let name = self.system.archive();
        let mut tar = Command::new("tar");
        shell::output(tar.arg("-xzf").arg(self.folder.join(&name)).arg("-C").arg(place.path()))?;
        self.runs(&name, &place.path().join(self.system.name()).join(self.system.executable()))
    }

    /// Installs into an empty root folder with a database of its own.
    fn deb(&self) -> Result<()> {
        let name = format!("azure-oidc_{VERSION}_{}.deb", self.system.processor);
        let Some(dpkg) = self.installer_of(&name, "dpkg") else { return Ok(()) };
        let place = tempfile::tempdir()?;
        let database = place.path().join("var/lib/dpkg");
        for below in ["info", "updates", "triggers"] {
            fs::create_dir_all(database.join(below))?;
        }
        fs::write(database.join("status"), "")?;
        let mut install = Command::new(dpkg);
        install.arg("--root").arg(place.path()).args(["--force-architecture", "--force-not-root", "--install"]);
        shell::output(install.arg(self.folder.join(&name)))?;
        let mut status = Command::new("dpkg-query");
        let status = status.arg("--admindir").arg(&database).args(["--show", "--showformat=${Status}", "azure-oidc"]);
        let status = shell::output(status)?;
        ensure!(status == "install ok installed", "{name}: {status}");
        self.runs(&name, &place.path().join("usr/bin/azure-oidc"))
    }

    fn rpm(&self) -> Result<()> {
        let processor = self.runner_name();
        let name = format!("azure-oidc-{VERSION}-1.{processor}.rpm");
        let Some(rpm) = self.installer_of(&name, "rpm") else { return Ok(()) };
        let place = tempfile::tempdir()?;
        let mut install = Command::new(rpm);
        // Debian's rpm refuses to install without `--force-debian`, which others do not know.
        let own = found("dpkg").map(|_| "--force-debian");
        install.arg("--root").arg(place.path()).args(["--install", "--ignorearch", "--nosignature"]).args(own);
        shell::output(install.arg(self.folder.join(&name)))?;
        self.runs(&name, &place.path().join("usr/bin/azure-oidc"))
    }

    fn runner_name(&self) -> &str {
        match self.system.processor {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            other => other,
        }
    }

    /// The program that installs a package. None, with the reason, if the package or that is missing.
    fn installer_of(&self, package: &str, program: &str) -> Option<PathBuf> {
        let why = match found(program) {
            _ if !self.folder.join(package).is_file() => "it was not made".to_owned(),
            None => format!("{program} is not installed"),
            Some(_) if !is_root() => format!("{program} needs root"),
            Some(path) => return Some(path),
        };
        println!("{package} was not installed: {why}");
        None
    }

    fn wheel(&self) -> Result<()> {
        let end = format!("_{}.whl", self.runner_name());
        let wheel = self.named("azure_oidc-", &end)?.context("there is no wheel")?;
        let place = tempfile::tempdir()?;
        shell::output(Command::new("python3").args(["-m", "venv"]).arg(place.path()))?;
        let mut pip = Command::new(place.path().join("bin/python"));
        shell::output(pip.args(["-m", "pip", "install", "--no-index", "--disable-pip-version-check"]).arg(&wheel))?;
        self.runs("the wheel", &place.path().join("bin/azure-oidc"))
    }

    fn npm(&self) -> Result<()> {
        let processor = if self.system.processor == "amd64" { "x64" } else { self.system.processor };
        let place = tempfile::tempdir()?;
        let packages = [format!("azure-oidc-linux-{processor}-{VERSION}.tgz"), format!("azure-oidc-{VERSION}.tgz")];
        let mut npm = Command::new("npm");
        npm.args(["install", "--global", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"]);
        npm.arg("--prefix").arg(place.path()).arg("--cache").arg(place.path().join("cache"));
        shell::output(npm.args(packages.map(|name| self.folder.join(name))).current_dir(place.path()))?;
        self.answers("npm", Command::new(place.path().join("bin/azure-oidc")).args(["component", "--digest"]))
    }

    /// Runs `install.sh` against a file server, with a signature where minisign can make one.
    fn installer(&self) -> Result<()> {
        let place = tempfile::tempdir()?;
        let version = place.path().join(format!("releases/v{VERSION}"));
        fs::create_dir_all(&version)?;
        for name in [self.system.archive(), "SHA256SUMS".to_owned(), "install.sh".to_owned()] {
            fs::copy(self.folder.join(&name), version.join(&name)).with_context(|| name.clone())?;
        }
        let target = place.path().join("bin");
        let server = FileServer::start(&place.path().join("releases"))?;
        let mut install = Command::new("sh");
        install.arg(version.join("install.sh")).arg("--dir").arg(&target).env("AZURE_OIDC_RELEASES", &server.address);
        if found("minisign").is_some() {
            let (key, public) = (place.path().join("key"), place.path().join("key.pub"));
            let minisign = || Command::new("minisign");
            shell::output(minisign().args(["-G", "-W", "-s"]).arg(&key).arg("-p").arg(&public))?;
            let comment = format!("azure-oidc {VERSION}");
            let sums = version.join("SHA256SUMS");
            shell::output(minisign().arg("-S").arg("-s").arg(&key).arg("-m").arg(&sums).arg("-t").arg(comment))?;
            let public = fs::read_to_string(public)?;
            install.arg("--require-signature");
            install.env("AZURE_OIDC_RELEASE_KEY", public.lines().nth(1).context("minisign wrote no key")?);
        }
        print!("{}", shell::output(&mut install)?);
        self.runs("install.sh", &target.join("azure-oidc"))
    }
}

/// Python's file server on a free port. It ends when this is dropped.
struct FileServer {
    address: String,
    child: Child,
}

impl FileServer {
    fn start(folder: &Path) -> Result<Self> {
        let mut command = Command::new("python3");
        command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"]).arg(folder);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut line)?;
        // Serving HTTP on 127.0.0.1 port 40123 (http://127.0.0.1:40123/) ...
        let address = line.split(['(', ')']).nth(1).map(|url| url.trim_end_matches('/').to_owned());
        Ok(Self { address: address.with_context(|| format!("python3 -m http.server said {line}"))?, child })
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
