//! Starts the emulator's program for the demonstration and the benchmark.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::shell;

/// A running emulator. It is stopped when this is dropped.
pub(crate) struct Emulator {
    program: PathBuf,
    ready_file: PathBuf,
    log: PathBuf,
    pub(crate) url: String,
    pub(crate) ca_file: PathBuf,
    child: Child,
}

impl Emulator {
    /// Starts an emulator with the default configuration and its files in a folder.
    pub(crate) fn start(program: &Path, folder: &Path) -> Result<Self> {
        let log = folder.join("emulator.log");
        let ready_file = folder.join("ready.json");
        let mut command = Command::new(program);
        command.args(["serve", "--port", "0", "--until-stdin-closes"]).arg("--dir").arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&log)?);
        let mut child = command.spawn().context("the emulator could not be started")?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the emulator has no output")?;
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line)?;
        ensure!(!line.is_empty(), "the emulator ended: {}", std::fs::read_to_string(&log)?);
        std::fs::write(&ready_file, &line)?;
        let ready: Value = serde_json::from_str(&line)?;
        let text =
            |name: &str| ready[name].as_str().map(ToOwned::to_owned).with_context(|| format!("no `{name}` in {line}"));
        Ok(Self {
            program: program.to_owned(),
            url: text("url")?,
            ca_file: text("ca_file")?.into(),
            ready_file,
            log,
            child,
        })
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Mints an ID token.
    pub(crate) fn mint(&self, issuer: &str, options: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(["mint", "--issuer", issuer]).arg("--ready-file").arg(&self.ready_file).args(options);
        Ok(shell::output(&mut command)?.trim_end().to_owned())
    }

    /// The token requests in its log, one in each line.
    pub(crate) fn token_requests(&self) -> Result<Vec<String>> {
        let log = std::fs::read_to_string(&self.log)?;
        Ok(log.lines().filter(|line| line.contains("/oauth2/")).map(ToOwned::to_owned).collect())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It ends when its standard input is closed. It must end before the folder with its files
        // is deleted.
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}
