//! The pipeline file: steps, and what each of them may do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use wasmtime::{Result, ensure};

/// A pipeline file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pipeline {
    /// Variables of the engine whose values are secrets.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    #[serde(rename = "step")]
    pub(crate) steps: Vec<Step>,
}

/// A step and its policy. What the policy does not name, the step does not get.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    pub(crate) name: String,
    /// The file of a component that exports `wasi:cli/run`.
    pub(crate) component: PathBuf,
    #[serde(default)]
    pub(crate) arguments: Vec<String>,
    /// Where it may send HTTPS requests: `HOST`, for port 443, or `HOST:PORT`.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// The secrets that it gets as variables.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    /// Names in lines `NAME=value` or `NAME='value'` of its standard output that become secrets.
    #[serde(default)]
    pub(crate) gives: Vec<String>,
    /// The limit of all its memories together, in MiB.
    #[serde(default = "Step::default_memory")]
    memory_mib: usize,
    /// The limit of its time, in seconds, including waiting.
    #[serde(default = "Step::default_time")]
    time_s: u64,
    /// Whether it runs even if an earlier step failed.
    #[serde(default)]
    pub(crate) always: bool,
}

impl Pipeline {
    /// Parses a pipeline file, and refuses one that cannot work before anything runs.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let pipeline: Self = toml::from_str(text)?;
        let mut known: BTreeSet<&String> = pipeline.secrets.iter().collect();
        for step in &pipeline.steps {
            for secret in &step.secrets {
                let name = &step.name;
                ensure!(known.contains(secret), "step {name}: no earlier `gives` and no `secrets` names {secret}");
            }
            for host in &step.hosts {
                let is_plain = !host.is_empty() && !host.contains(['/', '*', '@']);
                ensure!(is_plain, "step {}: `{host}` is not a host; write HOST or HOST:PORT", step.name);
            }
            known.extend(&step.gives);
        }
        Ok(pipeline)
    }
}

impl Step {
    fn default_memory() -> usize {
        64
    }

    fn default_time() -> u64 {
        60
    }

    /// The limit of its memory, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.memory_mib << 20
    }

    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs(self.time_s)
    }

    /// The policy in words, for the log.
    pub(crate) fn policy(&self) -> String {
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let (hosts, secrets) = (list(&self.hosts), list(&self.secrets));
        format!("hosts: {hosts}; secrets: {secrets}; {} MiB; {} s", self.memory_mib, self.time_s)
    }
}
