//! The shell lines of `docs/long-jobs.md`, run as the CI systems run them: each step in a shell of
//! its own, by a process that lives as long as the job.

use std::fs;
use std::path::Path;

use azure_oidc_emulator::Order;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, programs};

use crate::{wait_until_closed, within};

/// The examples of a section in this language.
fn examples(section: &str, language: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/long-jobs.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let (_, text) = page.split_once(&format!("### {section}\n")).expect("the section is there");
    let text = text.split("\n### ").next().unwrap_or_default();
    let start = format!("```{language}\n");
    text.split(&start).skip(1).map(|text| text.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// The scripts of a section: the lines after each `NAME: |` or `- |`.
fn scripts(section: &str) -> Vec<String> {
    let yaml = examples(section, "yaml").swap_remove(0);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<_> = yaml.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| line.ends_with(" |"));
    let script = |(at, start): (usize, &&str)| {
        let body = lines[at + 1..].iter().take_while(|line| indent(line) > indent(start));
        body.map(|line| format!("{}\n", line.trim_start())).collect()
    };
    starts.map(script).collect()
}

/// A job whose steps are run by one process: the `sh` that this starts.
fn job(stage: &Stage, variables: &[(String, String)], steps: &str) -> Job {
    let bin = stage.path("bin");
    fs::create_dir(&bin).expect("it is new");
    std::os::unix::fs::symlink(programs::host(), bin.join("azure-oidc")).expect("it is new");
    let job = Job::program("/bin/sh".as_ref()).args(&["-c", steps]);
    let job = variables.iter().fold(job, |job, (name, value)| job.env(name, value));
    job.env("PATH", format!("{}:{}", bin.display(), crate::PATH))
        .env("TMPDIR", stage.folder())
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", APPLICATION)
        .env("AZURE_AUTHORITY_HOST", stage.emulator.url())
        .env("SSL_CERT_FILE", stage.emulator.ca_file())
        .within(stage.folder())
}

/// The variables that the emulator has for a job of this platform.
pub(crate) fn variables(stage: &Stage, platform: &str) -> Vec<(String, String)> {
    let ready = stage.emulator.ready();
    let jobs = ready["jobs"][platform].as_object().expect("the issuer has jobs");
    jobs.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn own(variables: &[(&str, String)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

const ASK: &str = r#"curl -sf -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://management.azure.com" > answer"#;

#[track_caller]
fn assert_worked(stage: &Stage, file: &Path) {
    assert!(stage.read("answer").contains("access_token"), "no token");
    within(std::time::Duration::from_secs(10), || !file.exists());
}

#[test]
fn github_actions() {
    let stage = Stage::new();
    let scripts = scripts("GitHub Actions");
    // The worker starts each step; what a step wrote to GITHUB_ENV is set for the next one.
    let worker = "bash -eo pipefail step1 && export $(cat github_env) && bash -eo pipefail step2; cat azure.json";
    stage.write("step1", &scripts[0]);
    stage.write("step2", ASK);
    let mut given = variables(&stage, "github");
    given.extend(own(&[
        ("RUNNER_TEMP", stage.folder().display().to_string()),
        ("GITHUB_ENV", stage.path("github_env").display().to_string()),
    ]));
    let ran = job(&stage, &given, worker).run().expect(0);
    assert_worked(&stage, &stage.path("azure.json"));
    let ready: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().expect("a file")).expect("JSON");
    assert!(ready["new_scopes_until"].is_null(), "{ready}");
    assert_eq!(ran.stdout.matches("::add-mask::").count(), 2);
    wait_until_closed(ready["endpoint"].as_str().expect("text").trim_start_matches("http://"));
}

#[test]
fn gitlab() {
    let stage = Stage::new();
    let scripts = scripts("GitLab");
    fs::create_dir(stage.path("project.tmp")).expect("it is new");
    let given = own(&[
        ("GITLAB_CI", "true".to_owned()),
        ("CI_SERVER_URL", "https://gitlab.com".to_owned()),
        ("AZURE_ID_TOKEN", stage.mint(&Order::of("gitlab"))),
        ("CI_PROJECT_DIR", stage.path("project").display().to_string()),
    ]);
    job(&stage, &given, &format!("set -e\n{}{ASK}", scripts[0])).run().expect(0);
    assert_worked(&stage, &stage.path("project.tmp/azure.json"));
}

#[test]
fn circleci() {
    let stage = Stage::new();
    let scripts = scripts("CircleCI");
    // Not in /tmp, which all tests share.
    let script = |at: usize| scripts[at].replace("/tmp/azure.json", "azure.json");
    stage.write("step1", &script(0));
    stage.write("step2", &script(1));
    stage.write("step3", ASK);
    let given = own(&[
        ("CIRCLECI", "true".to_owned()),
        ("CIRCLE_OIDC_TOKEN", stage.mint(&Order::of("circleci"))),
        ("BASH_ENV", stage.path("bash_env").display().to_string()),
    ]);
    stage.write("bash_env", "");
    let steps = "bash -eo pipefail step1 & bash -eo pipefail step2 && bash -eo pipefail step3; code=$?; kill $!; wait; exit $code";
    job(&stage, &given, steps).run().expect(0);
    assert_worked(&stage, &stage.path("azure.json"));
}

#[test]
fn azure_pipelines() {
    let stage = Stage::new();
    let scripts = scripts("Azure Pipelines");
    stage.write("step1", &scripts[0]);
    stage.write("step2", ASK);
    let mut given = variables(&stage, "azure-pipelines");
    given.extend(own(&[("AGENT_TEMPDIRECTORY", stage.folder().display().to_string())]));
    // The worker starts a task, which starts the shell of the script.
    let worker = "sh -c 'bash step1 > out; true' && cat out &&
        eval \"$(sed -n 's/^##vso\\[task.setvariable variable=\\([A-Za-z_]*\\)\\]\\(.*\\)$/export \\1=\"\\2\"/p' out)\" && sh -c 'bash step2; true'";
    job(&stage, &given, worker).run().expect(0);
    assert_worked(&stage, &stage.path("azure.json"));
}

#[test]
fn hcp_terraform() {
    let stage = Stage::new();
    let hooks = examples("HCP Terraform, on agents of your own", "sh");
    stage.write("pre-plan", &hooks[0]);
    stage.write("post-plan", &hooks[1]);
    stage.write("terraform", ASK);
    stage.write("env", "");
    let given = own(&[
        ("TFC_WORKLOAD_IDENTITY_TOKEN", stage.id_token()),
        ("TFC_RUN_ID", "run-1".to_owned()),
        ("TFC_AGENT_ENV", stage.path("env").display().to_string()),
        ("HOME", stage.folder().display().to_string()),
    ]);
    // The agent goes on after the phase.
    let agent = "sh pre-plan && (export $(cat env) && sh terraform); sh post-plan; until [ ! -e azure.json ]; do sleep 0.05; done";
    job(&stage, &given, agent).run().expect(0);
    assert_worked(&stage, &stage.path("azure.json"));
}
