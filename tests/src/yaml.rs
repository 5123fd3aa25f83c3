//! Reads YAML as JSON, with the parser that the tests of pipeline files install.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Job;
use crate::conformance::packages;

const SCRIPT: &str = "import json, sys\nfrom ruamel.yaml import YAML\n\
                      print(json.dumps(list(YAML(typ='safe', pure=True).load_all(sys.stdin)), default=str))";

/// The folder with check-jsonschema and Python, installed once below the target folder.
pub fn tools(below: &Path) -> PathBuf {
    let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples/requirements.txt");
    packages::environment(&below.with_file_name("tools-schemas"), &pins)
}

/// The documents of a text. `below` is `CARGO_TARGET_TMPDIR`.
pub fn documents(text: &str, below: &Path) -> Vec<Value> {
    let job = Job::program(&tools(below).join("python")).args(&["-c", SCRIPT]).input(text);
    serde_json::from_str(&job.run().expect(0).stdout).expect("json.dumps writes JSON")
}
