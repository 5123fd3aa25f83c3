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

/// Examples that `deploy.rs` checks.
const DEPLOYED: [&str; 6] = [
    "deploy/envoy.yaml",
    "deploy/kubernetes.yaml",
    "deploy/spinkube.yaml",
    "deploy/wasmcloud.yaml",
    "kubernetes/job.yaml",
    "wasmcloud/workload.yaml",
];

/// Examples whose system publishes no schema.
const WITHOUT_SCHEMA: [&str; 4] =
    ["codefresh/codefresh.yml", "harness/pipeline.yaml", "semaphore/semaphore.yml", "spacelift/config.yml"];

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
fn workflows_of_this_repository_are_valid_for_their_schemas() {
    let github = folder().join("../.github");
    let entries = fs::read_dir(github.join("workflows")).expect("there are workflows");
    let workflows = entries.map(|entry| (entry.expect("it can be listed").path(), "vendor.github-workflows"));
    for (file, schema) in workflows.chain([(github.join("dependabot.yml"), "vendor.dependabot")]) {
        run(Command::new(tool()).args(["--regex-variant", "nonunicode", "--builtin-schema", schema]).arg(file));
    }
}

/// A tag can be moved to other code, a hash cannot.
#[test]
fn workflows_name_actions_by_hash_and_grant_nothing_by_default() {
    let entries = fs::read_dir(folder().join("../.github/workflows")).expect("there are workflows");
    for file in entries.map(|entry| entry.expect("it can be listed").path()) {
        let text = fs::read_to_string(&file).expect("it is text");
        assert!(text.contains("\npermissions: {}\n"), "{}", file.display());
        for action in text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: ")) {
            let hash = action.split(['@', ' ']).nth(1).unwrap_or_default();
            let is_hash = hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_hash && action.contains(" # v"), "{}: {action}", file.display());
        }
    }
}

#[test]
fn each_pipeline_file_is_listed() {
    for (path, _) in files(|name| name.ends_with(".yml") || name.ends_with(".yaml")) {
        let name = path.strip_prefix(folder()).expect("it is below").display().to_string();
        let known = SCHEMAS.iter().map(|(example, _)| *example).chain(WITHOUT_SCHEMA).chain(DEPLOYED);
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
