//! Hosts that run the command line.

use std::path::{Path, PathBuf};

use super::Foreign;
use super::cases::Prepared;
use crate::{Job, Ran, Stage, programs, stock};

/// A host of the command line.
#[derive(Debug)]
pub(super) enum CommandHost {
    /// `azure-oidc`.
    Own,
    /// The same for another processor or system.
    Foreign(Foreign),
    /// `wasmtime run`.
    Wasmtime,
    /// The command of the package for Node, in an engine for JavaScript.
    Package(Engine),
    /// `jco run`, with the path of jco.
    Jco(PathBuf),
}

/// An engine for JavaScript and the folder of the package.
#[derive(Debug)]
pub(super) struct Engine {
    name: &'static str,
    program: PathBuf,
    /// The arguments before the script.
    before: &'static [&'static str],
    package: PathBuf,
}

impl Engine {
    pub(super) fn node(package: &Path) -> Self {
        Self { name: "Node, command", program: "node".into(), before: &[], package: package.to_owned() }
    }

    pub(super) fn deno(package: &Path, program: PathBuf) -> Self {
        // The packages are those that npm has installed.
        let before = &["run", "--allow-all", "--node-modules-dir=manual", "--quiet"];
        Self { name: "Deno, command", program, before, package: package.to_owned() }
    }

    pub(super) fn bun(package: &Path, program: PathBuf) -> Self {
        Self { name: "Bun, command", program, before: &["run"], package: package.to_owned() }
    }

    /// The engine without this machine's variables: it passes all of them to the component.
    fn job(&self, folder: &Path) -> Job {
        bare(&self.program, folder)
    }
}

impl CommandHost {
    /// The host's name in the cases.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Foreign(foreign) => &foreign.name,
            Self::Own => "azure-oidc",
            Self::Wasmtime => "wasmtime run",
            Self::Package(engine) => engine.name,
            Self::Jco(_) => "jco run",
        }
    }

    /// The host's version.
    pub(super) fn version(&self) -> String {
        let here = std::env::temp_dir();
        let output = match self {
            Self::Own => Job::host(&["--version"]).run(),
            Self::Foreign(foreign) => foreign.job(&["--version"]).run(),
            Self::Wasmtime => Job::program(&programs::wasmtime()).args(&["--version"]).run(),
            Self::Package(engine) => engine.job(&here).args(&["--version"]).run(),
            Self::Jco(path) => node(&here).args(&[path.as_os_str(), "--version".as_ref()]).run(),
        };
        let word = output.stdout.split_whitespace().find(|word| word.contains('.')).unwrap_or("?");
        word.trim_start_matches('v').to_owned()
    }

    /// Whether the host has the exit codes of `azure-oidc`, and not only 0 and 1.
    pub(super) fn has_exit_codes(&self) -> bool {
        matches!(self, Self::Own | Self::Foreign(_))
    }

    /// Runs a case. Trusts the emulator's certificate if the host can be given one.
    pub(super) fn run(&self, prepared: &Prepared, stage: &Stage) -> Ran {
        let ca = stage.emulator.ca_file();
        let variables: Vec<_> =
            prepared.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let arguments: Vec<_> = prepared.arguments.iter().map(String::as_str).collect();
        let job = match self {
            Self::Own => set(Job::host(&arguments).env("SSL_CERT_FILE", ca), &variables),
            Self::Foreign(foreign) => set(foreign.job(&arguments).env("SSL_CERT_FILE", foreign.path(ca)), &variables),
            Self::Wasmtime => stock::run(&variables, &arguments),
            Self::Package(engine) => {
                let shown = variables.iter().flat_map(|(name, _)| ["--show", name]);
                let job = engine.job(&engine.package).env("NODE_EXTRA_CA_CERTS", ca).env("DENO_CERT", ca);
                let job = job.args(engine.before).args(&["bin/azure-oidc.mjs"]);
                set(job.args(&shown.collect::<Vec<_>>()).args(&arguments), &variables)
            }
            Self::Jco(path) => {
                let job = node(stage.folder()).env("NODE_EXTRA_CA_CERTS", ca).args(&[path]);
                set(job.args(&["run".as_ref(), programs::component().as_os_str()]).args(&arguments), &variables)
            }
        };
        job.input(prepared.stdin.clone()).run()
    }
}

fn set(job: Job, variables: &[(&str, &str)]) -> Job {
    variables.iter().fold(job, |job, (name, value)| job.env(name, value))
}

/// Node for `jco run`.
fn node(folder: &Path) -> Job {
    bare("node".as_ref(), folder)
}

fn bare(program: &Path, folder: &Path) -> Job {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Job::program(program).within(folder).env("PATH", path)
}
