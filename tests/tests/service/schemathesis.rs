//! Runs schemathesis, which generates valid and invalid requests from the OpenAPI document and
//! checks the answers with it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use azure_oidc_tests::{Stage, secrets};

use crate::limits::trading;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service");
/// The number of requests of each kind for each operation.
const EXAMPLES: &str = "100";

#[test]
fn every_answer_is_as_described_for_right_and_wrong_requests() {
    let stage = Stage::new();
    let service = trading(&stage, &[]);
    let id_token = stage.id_token();
    let mut command = Command::new(installed().join("st"));
    command.arg("--config-file").arg(Path::new(HERE).join("schemathesis.toml"));
    command.args(["run", &format!("http://{}/openapi.json", service.address())]).args([
        "--checks=all",
        "--continue-on-failure",
        "--generation-database=none",
        "--max-examples",
        EXAMPLES,
        "--seed=1",
        "--no-color",
        "--header",
        &format!("Authorization: Bearer {id_token}"),
    ]);
    let output = command.current_dir(stage.folder()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let report = String::from_utf8_lossy(&output.stdout);
    secrets::assert_none(&report, &id_token);
    assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
    // All operations except the one that returns the document.
    assert!(report.contains("6 selected / 6 total"), "{report}");
    let ended = service.terminate();
    assert_eq!((ended.code, ended.stderr.lines().count()), (0, 1), "{}", ended.stderr);
}

/// The programs of a virtual environment with the versions in `requirements.txt`. It is created
/// once, below the target folder.
fn installed() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in the target folder").to_owned();
    let (place, wanted) = (target.join("schemathesis-venv"), Path::new(HERE).join("requirements.txt"));
    // Other tests may need it at the same time.
    let lock = File::create(target.join("schemathesis-venv.lock")).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let (pins, stamp) = (fs::read(&wanted).expect("it is there"), place.join("installed.txt"));
    let binaries = place.join(if cfg!(windows) { "Scripts" } else { "bin" });
    if fs::read(&stamp).is_ok_and(|installed| installed == pins) {
        return binaries;
    }
    run(Command::new(if cfg!(windows) { "python" } else { "python3" }).args(["-m", "venv", "--clear"]).arg(&place));
    run(Command::new(binaries.join("python")).args(["-m", "pip", "install", "--quiet", "-r"]).arg(wanted));
    fs::write(&stamp, pins).unwrap_or_else(|error| panic!("{}: {error}", stamp.display()));
    binaries
}

fn run(command: &mut Command) {
    let output: Output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
