//! Calls the component's typed functions in Node, through jco.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

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
    let component = programs::component();
    let bytes = fs::read(&component).unwrap_or_else(|error| panic!("{}: {error}", component.display()));
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let modules = Path::new(HERE).join("node_modules");
    let folder = modules.join(".azure-oidc").join(digest);
    // Two tests may need it at the same time.
    let lock = File::open(Path::new(HERE).join("package-lock.json")).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.unwrap_or_else(|error| panic!("{HERE} cannot be locked: {error}"));
    install(&modules);
    if !folder.join("done").is_file() {
        fs::remove_dir_all(modules.join(".azure-oidc")).ok();
        node().args(&[Path::new("transpile.mjs"), &component, &folder]).run().expect(0);
        fs::write(folder.join("done"), "").unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    }
    folder
}

/// Runs `npm ci` unless the same versions are installed.
fn install(modules: &Path) {
    let wanted = fs::read(Path::new(HERE).join("package-lock.json")).unwrap_or_else(|error| panic!("{error}"));
    let stamp = modules.join("installed.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return;
    }
    inherited("npm").args(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).run().expect(0);
    fs::write(&stamp, wanted).unwrap_or_else(|error| panic!("{}: {error}", stamp.display()));
}

fn node() -> Job {
    inherited("node")
}

/// Node and npm need the user's `HOME` and `PATH` to find themselves and their settings.
fn inherited(program: &str) -> Job {
    let job = Job::program(program.as_ref()).within(HERE.as_ref());
    std::env::vars_os().fold(job, |job, (name, value)| match name.to_str() {
        Some(name) => job.env(name, value),
        None => job,
    })
}
