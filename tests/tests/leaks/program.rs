//! Tests that the CI system's own program, which the host runs, gets none of our tokens.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use azure_oidc_tests::hunt::Hunt;
use azure_oidc_tests::{APPLICATION, Stage, TENANT};

use crate::shapes;

#[test]
fn the_program_of_the_platform_gets_no_token_in_its_arguments_or_variables() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let script = "#!/bin/sh\n{ /usr/bin/env; echo \"$@\"; } > \"${0%/*}/seen\"\nexit 7\n";
    let path = stage.write("circleci", script);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it was made");
    let shapes = shapes::all();
    let secret = |shape: &str| shapes.iter().find(|(name, _)| *name == shape).expect("there is one").1.as_str();
    let variables = [
        ("CIRCLE_OIDC_TOKEN", id_token.as_str()),
        ("CIRCLE_OIDC_TOKEN_V2", secret("JWT")),
        ("AZURE_ACCESS_TOKEN", secret("opaque")),
        ("ARM_OIDC_TOKEN", secret("JWT with spaces")),
        ("ARM_CLIENT_SECRET", secret("client secret")),
        ("PLUGIN_OIDC_TOKEN_ID", secret("JWT in lines")),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", secret("of a platform")),
    ];
    let job = stage.job(&["--platform", "circleci", "--audience", "api://another", "--allow-program"]);
    let job = job.env("CIRCLECI", "true").env("CIRCLE_JOB", "deploy").env("BASH_ENV", stage.path("bash_env"));
    let job = job.env("PATH", format!("{}:/usr/bin:/bin", stage.folder().display()));
    let job = job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION);
    let ran = variables.iter().fold(job, |job, (name, value)| job.env(name, value)).run().expect(3);
    let hunt = Hunt::of(&variables.map(|(_, value)| value));
    hunt.assert_not_printed("the job", &ran);
    let seen = stage.read("seen");
    assert!(seen.contains("CIRCLE_JOB=deploy") && seen.contains("oidc get"), "{seen}");
    hunt.assert_absent("the program", &seen);
}
