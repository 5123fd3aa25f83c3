//! Reads the cases of `conformance/commands.json`. `conformance/README.md` describes the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Given, Minted};
use crate::Stage;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Suite {
    pub(super) cases: Vec<Case>,
}

/// One job.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    token: Option<Minted>,
    /// The command line; empty if only a typed function can do the job.
    #[serde(default)]
    pub(super) arguments: Vec<String>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    #[serde(default)]
    stdin: Value,
    /// The same job as a typed call.
    pub(super) typed: Option<Call>,
    pub(super) expect: Expect,
    /// Hosts that do not support this case, with the reason.
    #[serde(default)]
    pub(super) cannot: BTreeMap<String, String>,
}

/// A call of a typed function.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The name in the WIT package.
    pub function: String,
    /// The arguments. Names of members have `_` instead of `-`.
    pub arguments: Value,
}

/// The expected results.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expect {
    /// Exit code of the native host.
    pub(super) exit: i32,
    /// Values in the JSON on standard output, by JSON Pointer.
    #[serde(default)]
    pub(super) stdout: BTreeMap<String, Value>,
    /// Values in the typed answer, by JSON Pointer, under `/ok` or `/err`.
    #[serde(default)]
    pub(super) typed: BTreeMap<String, Value>,
    /// The number of requests to the emulator.
    #[serde(default)]
    pub(super) requests: usize,
}

/// A case with its token and with its placeholders replaced.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) arguments: Vec<String>,
    pub(super) variables: Vec<(String, String)>,
    pub(super) stdin: String,
    pub(super) typed: Option<Call>,
    pub(super) id_token: Option<String>,
}

impl Suite {
    /// Reads the file.
    pub(super) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/commands.json");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

impl Case {
    /// Mints the token and replaces `{token}`, `{stdin}` and the `places`.
    pub(super) fn prepared(&self, stage: &Stage, places: &[(&str, &str)]) -> Prepared {
        let given = Given::new(stage, self.token.as_ref(), &self.stdin, places);
        Prepared {
            arguments: self.arguments.iter().map(|word| given.text(word)).collect(),
            variables: self.variables.iter().map(|(name, value)| (name.clone(), given.text(value))).collect(),
            typed: self.typed.as_ref().map(|call| given.call(call)),
            id_token: given.token,
            stdin: given.stdin,
        }
    }
}
