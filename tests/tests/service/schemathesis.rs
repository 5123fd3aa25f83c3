//! Runs schemathesis, which generates valid and invalid requests from the OpenAPI document and
//! checks the answers with it.

use std::path::Path;
use std::process::Command;

use azure_oidc_tests::conformance::packages;
use azure_oidc_tests::{Stage, secrets};

use crate::limits::trading;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service");
/// The number of requests of each kind for each operation.
const EXAMPLES: &str = "100";

#[test]
fn answers_match_the_document_for_valid_and_invalid_requests() {
    let stage = Stage::new();
    let service = trading(&stage, &[]);
    let id_token = stage.id_token();
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("schemathesis-venv");
    let programs = packages::environment(&place, &Path::new(HERE).join("requirements.txt"));
    let mut command = Command::new(programs.join("st"));
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
    assert!(report.contains("8 selected / 8 total"), "{report}");
    let ended = service.terminate();
    assert_eq!((ended.code, ended.stderr.lines().count()), (0, 1), "{}", ended.stderr);
}
