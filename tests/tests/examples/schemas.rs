//! Checks pipeline files with the schemas of the CI systems, which check-jsonschema contains. It is
//! installed once, with pinned versions, below the target folder. If that fails, so does the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use azure_oidc_tests::conformance::packages;

use crate::{files, folder};

/// Example, schema.
const SCHEMAS: [(&str, &str); 6] = [
    ("azure-pipelines/azure-pipelines.yml", "vendor.azure-pipelines"),
    ("bitbucket/bitbucket-pipelines.yml", "vendor.bitbucket-pipelines"),
    ("buildkite/pipeline.yml", "vendor.buildkite"),
    ("circleci/config.yml", "vendor.circle-ci"),
    ("github-actions/deploy.yml", "vendor.github-workflows"),
    ("gitlab/.gitlab-ci.yml", "vendor.gitlab-ci"),
];

/// Examples whose system publishes no schema.
const WITHOUT_SCHEMA: [&str; 6] = [
    "codefresh/codefresh.yml",
    "harness/pipeline.yaml",
    "kubernetes/job.yaml",
    "semaphore/semaphore.yml",
    "spacelift/config.yml",
    "wasmcloud/workload.yaml",
];

#[test]
fn pipeline_files_are_valid_for_their_schemas() {
    let check = tool();
    for (example, schema) in SCHEMAS {
        // Some of the schemas have regular expressions that are valid only without Unicode mode.
        let mut command = Command::new(&check);
        command.args(["--regex-variant", "nonunicode", "--builtin-schema", schema]);
        if schema == "vendor.gitlab-ci" {
            command.args(["--data-transform", "gitlab-ci"]);
        }
        run(command.arg(folder().join(example)));
    }
}

#[test]
fn each_pipeline_file_is_listed() {
    for (path, _) in files(|name| name.ends_with(".yml") || name.ends_with(".yaml")) {
        let name = path.strip_prefix(folder()).expect("it is below").display().to_string();
        let known = SCHEMAS.iter().map(|(example, _)| *example).chain(WITHOUT_SCHEMA);
        assert!(known.into_iter().any(|known| known == name), "{name} is checked against no schema");
    }
}

#[test]
fn an_invalid_pipeline_file_is_refused() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let path = folder.path().join("config.yml");
    fs::write(&path, "version: 2.1\njobs:\n  deploy:\n    docker: image\n").expect("it can be written");
    let output = Command::new(tool()).args(["--builtin-schema", "vendor.circle-ci"]).arg(path).output();
    assert!(!output.expect("it is installed").status.success());
}

fn tool() -> PathBuf {
    let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples/requirements.txt");
    packages::environment(&Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools-schemas"), &pins)
        .join("check-jsonschema")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let printed = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?} ended with {}: {}", output.status, String::from_utf8_lossy(&printed));
}
