//! `azure-oidc setup`: readers of each tool's language accept what is written.

use std::path::{Path, PathBuf};

use azure_oidc_tests::conformance::packages;
use azure_oidc_tests::{Job, Stage};

/// Reads a file with the parser that its ending asks for.
const SCRIPT: &str = "\
import sys, hcl2, pycep
text = open(sys.argv[1]).read()
if sys.argv[1].endswith('.tf'): print(sorted(key for key in hcl2.loads(text) if not key.startswith('__')))
else: print(list(pycep.BicepParser().parse(text=text)['resources']))
";

/// The virtual environment with all readers.
pub(crate) fn tools() -> PathBuf {
    let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/steps/requirements.txt");
    packages::environment(&Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools-powershell"), &pins)
}

/// Four credentials, one role for a data plane, and a value that is no plain word.
const PIPELINES: [&[&str]; 2] = [
    &["--platform", "pulumi", "--org", "contoso", "--project", "core", "--stack", "dev"],
    &["--issuer", "https://ci.example", "--subject", "it's \"$x\" `id` #z"],
];

fn written(pipeline: &[&str], rest: &[&str]) -> String {
    let common = ["--subscription", "33333333-3333-4333-8333-333333333333", "--resource-group", "app"];
    let role = ["--role", "Storage Blob Data Reader"];
    Job::host(&["setup"]).args(pipeline).args(&common).args(&role).args(rest).run().expect(0).stdout
}

#[test]
fn shellcheck_finds_nothing_in_scripts_for_the_azure_cli() {
    let stage = Stage::new();
    let check = |text: &str| {
        let file = stage.write("setup.sh", text);
        // Below a warning it asks whether `$` in single quotes is meant to be literal. It is.
        Job::program(&tools().join("shellcheck")).args(&["--severity=warning", &file]).run()
    };
    for pipeline in PIPELINES {
        for rest in [&[][..], &["--identity"], &["--identity", "--identity-group", "ids"]] {
            check(&written(pipeline, rest)).expect(0);
        }
    }
    assert_ne!(check("#!/bin/sh\ncd \"$1\"\nls\n").code, 0);
}

#[test]
fn parsers_read_what_is_for_other_tools() {
    let stage = Stage::new();
    let read = |name: &str, text: &str| {
        let file = stage.write(name, text);
        Job::program(&tools().join("python")).args(&["-c", SCRIPT, &file]).run()
    };
    for pipeline in PIPELINES {
        for rest in [&["--format", "terraform"][..], &["--format", "terraform", "--identity"]] {
            let ran = read("setup.tf", &written(pipeline, rest)).expect(0);
            assert_eq!(ran.stdout.trim(), "['output', 'provider', 'resource', 'terraform']");
        }
        let bicep = written(pipeline, &["--format", "bicep"]);
        let ran = read("setup.bicep", &bicep).expect(0);
        assert!(
            ran.stdout.starts_with("['identity', 'credential1'") && ran.stdout.contains("'role1'"),
            "{}",
            ran.stdout
        );
        for rest in
            [&["--format", "powershell"][..], &["--format", "powershell", "--identity"], &["--shell", "powershell"]]
        {
            let text = written(pipeline, rest);
            assert_eq!(crate::powershell::faults(&text), "", "{text}");
        }
    }
    assert_ne!(read("setup.tf", "resource \"a\" {").code, 0);
}
