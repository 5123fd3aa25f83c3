//! Checks the module in `examples/dagger` with its SDK. It is not run, because that needs an
//! engine.

use std::fs;
use std::path::Path;

use azure_oidc_tests::conformance::packages;
use azure_oidc_tests::{APPLICATION, Job, TENANT};
use serde_json::Value;

const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/dagger");

#[test]
fn the_module_passes_type_and_style_checks_with_its_sdk() {
    let folder = Path::new(MODULE);
    let programs = packages::environment(&folder.join(".venv"), &folder.join("requirements-dev.txt"));
    let run = |arguments: &[&str]| {
        packages::with_environment(programs.join("python"), folder).args(&["-m"]).args(arguments).run().expect(0);
    };
    run(&["mypy", "--cache-dir", "/dev/null"]);
    run(&["ruff", "check", "--no-cache", "src"]);
    run(&["ruff", "format", "--no-cache", "--check", "src"]);
}

#[test]
fn the_module_is_for_the_engine_whose_sdk_it_was_checked_with() {
    let read = |name: &str| fs::read_to_string(Path::new(MODULE).join(name)).unwrap();
    let module: Value = serde_json::from_str(&read("dagger.json")).unwrap();
    let version = module["engineVersion"].as_str().unwrap().trim_start_matches('v').to_owned();
    assert!(read("requirements-dev.txt").contains(&format!("dagger-io=={version}")), "{version}");
}

#[test]
fn the_program_accepts_the_modules_arguments() {
    let source = fs::read_to_string(Path::new(MODULE).join("src/azure_oidc/main.py")).unwrap();
    let exchange =
        ["exchange", "--tenant-id", TENANT, "--client-id", APPLICATION, "--scope", "arm", "--output", "text"];
    let check = ["check", "--credential", "-", "--output", "json"];
    for arguments in [exchange.as_slice(), &check] {
        for option in arguments.iter().filter(|word| word.starts_with("--")) {
            assert!(source.contains(&format!("\"{option}\"")), "{option}");
        }
        // The command fails only because there is no token.
        let ran = Job::host(arguments).args(&["--id-token-env", "ID_TOKEN"]).env("ID_TOKEN", "x").input("[]").run();
        assert!([1, 3].contains(&ran.code), "{}", ran.printed());
    }
}
