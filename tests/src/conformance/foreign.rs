//! A program for another processor or system, and what runs it here: QEMU or Wine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Job;

/// A build of `azure-oidc` for another processor or system.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// The name in tables.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// `qemu-aarch64-static`, `wine64` and so on.
    pub runner: PathBuf,
}

impl Foreign {
    /// The program with these arguments, and with no variables but those of the runner.
    pub fn job(&self, arguments: &[&str]) -> Job {
        let job = Job::program(&self.runner).args(&[&self.program]).args(arguments);
        of_the_runner().fold(job, |job, (name, value)| job.env(&name, value))
    }

    /// The same as a command.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.runner);
        command.arg(&self.program).env_clear().envs(of_the_runner());
        command
    }

    /// The program in a place where the kernel runs it by itself, so that it can start itself again.
    /// None where the kernel has no such places: before Linux 6.7, or for a user who may make none.
    pub(super) fn started_by_the_kernel(&self, arguments: &[&str]) -> Option<Job> {
        const SCRIPT: &str = "/bin/mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && \
                              printf %s \"$1\" > /proc/sys/fs/binfmt_misc/register && shift && exec \"$@\"";
        let told = format!(":foreign:M::{}:{}:F", self.form()?, self.runner.display());
        let job = |words: &[&str]| {
            let job = Job::program(Path::new("/usr/bin/unshare"));
            let job = job.args(&["--user", "--map-root-user", "--mount", "/bin/sh", "-c", SCRIPT, "sh", &told]);
            job.args(&[&self.program]).args(words)
        };
        (job(&["--version"]).run().code == 0).then(|| job(arguments))
    }

    /// How the kernel recognises programs for this processor: bytes, and which bits of them count.
    fn form(&self) -> Option<String> {
        const ELF: [u8; 20] = [255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];
        let start = std::fs::read(&self.program).ok()?;
        let text = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
        let masked: Vec<_> = start.iter().zip(ELF).map(|(byte, mask)| byte & mask).collect();
        Some(format!("{}:{}", text(&masked), text(&ELF)))
    }

    /// A path as the program knows it. Wine has the root folder as drive `Z:`.
    pub fn path(&self, path: &Path) -> String {
        let path = path.to_str().expect("temporary folders have plain names");
        if self.is_for_windows() { format!("Z:{}", path.replace('/', "\\")) } else { path.to_owned() }
    }

    /// Whether the program is for Windows.
    pub fn is_for_windows(&self) -> bool {
        self.program.extension().is_some_and(|extension| extension == "exe")
    }
}

/// Wine finds its files by these.
fn of_the_runner() -> impl Iterator<Item = (String, OsString)> {
    let is_needed = |name: &str| name == "HOME" || name.starts_with("WINE");
    std::env::vars_os()
        .filter_map(move |(name, value)| Some((name.into_string().ok().filter(|name| is_needed(name))?, value)))
}
