//! Runs `exchange` in each job.

use azure_oidc_tests::secrets;

use crate::fixture::{all, settled, stage};

#[test]
fn each_job_has_the_expected_result() {
    let mut wrong = Vec::new();
    for fixture in all() {
        let stage = stage();
        let ran = fixture.job(&stage, "exchange").run();
        let mut check = |what: &str, is: &str, should: &str| {
            if is != should {
                wrong.push(format!("{}: {what} is\n{is}\nand not\n{should}\n{}", fixture.name(), ran.stderr));
            }
        };
        check("exit code", &ran.code.to_string(), &fixture.expect.exit.to_string());
        check("standard output", &settled(&ran.stdout, &stage), &fixture.expect.stdout);
        check("the file for the shell", &settled(&stage.shell_file(), &stage), &fixture.expect.shell);
        for (name, contents) in &fixture.expect.files {
            check(name, &settled(&stage.read(name), &stage), contents);
        }
        let said = settled(&ran.stderr, &stage);
        for part in &fixture.expect.stderr {
            if !said.contains(part) {
                check("standard error", &said, part);
            }
        }
        secrets::assert_none(&ran.stderr, "");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_platform_has_a_job() {
    let names: Vec<_> =
        all().iter().map(|fixture| fixture.name().split('/').next().unwrap_or_default().to_owned()).collect();
    for platform in PLATFORMS {
        assert!(names.iter().any(|name| name == platform), "{platform}");
    }
}

/// The platforms' names on the command line.
const PLATFORMS: [&str; 16] = [
    "harness",
    "circleci",
    "pulumi",
    "azure-pipelines",
    "gitlab",
    "github",
    "buildkite",
    "bitbucket",
    "terraform-cloud",
    "kubernetes",
    "spacelift",
    "semaphore",
    "codefresh",
    "google-cloud",
    "spiffe",
    "generic",
];
