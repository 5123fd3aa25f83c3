//! The secrets of a run: the names are for policies, the values for steps and the mask.

use std::collections::BTreeMap;

use wasmtime::{Result, ensure};

use crate::mask::Mask;

/// A shorter value could be an ordinary word, and the mask would make the log unreadable.
const SHORTEST: usize = 8;

/// The secrets that are known so far.
#[derive(Default)]
pub(crate) struct Secrets {
    values: BTreeMap<String, String>,
    mask: Mask,
}

impl Secrets {
    /// Keeps a secret, and masks it from now on.
    pub(crate) fn keep(&mut self, name: &str, value: &str) -> Result<()> {
        ensure!(value.trim().len() >= SHORTEST, "the secret {name} has fewer than {SHORTEST} characters");
        self.mask.add(value)?;
        self.values.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    /// Takes the secrets with these names from lines `NAME=value` or `NAME='value'`.
    pub(crate) fn take(&mut self, names: &[String], output: &str) -> Result<(), String> {
        for name in names {
            let line = output.lines().find_map(|line| line.strip_prefix(name.as_str())?.strip_prefix('='));
            let value = line.ok_or_else(|| format!("its standard output has no line `{name}=...`"))?;
            let quoted = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            self.keep(name, quoted.unwrap_or(value)).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The secrets with these names, as variables.
    pub(crate) fn variables(&self, names: &[String]) -> Vec<(String, String)> {
        names.iter().filter_map(|name| self.values.get_key_value(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
    }

    /// The text without secrets.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.mask.hide(text)
    }
}
