//! Calls the component's typed functions in Node, through jco.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::conformance::packages;
use crate::{Job, programs};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node");

/// A call of a function of `azure-oidc:federation/claims`.
#[derive(Debug, Clone)]
pub struct Question {
    name: &'static str,
    args: Value,
}

impl Question {
    /// The function's name in JavaScript and its arguments. 64-bit integers are written by [`s64`].
    pub fn new(name: &'static str, args: Value) -> Self {
        Self { name, args }
    }
}

/// A 64-bit integer in the arguments. It becomes a BigInt in JavaScript.
pub fn s64(value: i64) -> Value {
    json!({ "s64": value.to_string() })
}

/// The answers: `{"ok": ...}` or `{"err": ...}`, with the field names of JavaScript.
pub fn ask(questions: &[Question]) -> Vec<Value> {
    let lines: String = questions
        .iter()
        .map(|question| format!("{}\n", json!({ "name": question.name, "args": question.args })))
        .collect();
    let ran = node().args(&[Path::new("answers.mjs"), &transpiled()]).input(lines).run().expect(0);
    ran.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The JavaScript that jco generates, in a folder below `node_modules`, where it finds the shims.
fn transpiled() -> PathBuf {
    let modules = Path::new(HERE).join("node_modules");
    let (_, digest) = packages::component();
    let folder = modules.join(".azure-oidc").join(digest);
    let _lock = packages::node_modules(HERE.as_ref());
    if !folder.join("done").is_file() {
        fs::remove_dir_all(modules.join(".azure-oidc")).ok();
        node().args(&[Path::new("transpile.mjs"), &programs::component(), &folder]).run().expect(0);
        fs::write(folder.join("done"), "").unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    }
    folder
}

fn node() -> Job {
    packages::with_environment("node", HERE.as_ref())
}
