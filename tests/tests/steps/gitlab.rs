//! GitLab: a shim merges the component into the page's example as GitLab does and runs the job's
//! scripts. gitlab-ci-local does the same where npm can install it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use azure_oidc_tests::conformance::packages;
use azure_oidc_tests::{APPLICATION, Ran, TENANT, secrets};
use serde_json::Value;

use crate::runner::{Machine, bash, document, documents, first_block, integration, text};

/// The example's pipeline, and the template with its inputs filled in.
fn pipeline() -> (Value, Value) {
    let example = document(&first_block("gitlab/README.md", "yaml"));
    let given = &example["include"][0]["inputs"];
    let template = text("gitlab/templates/azure-oidc.yml");
    let header = &documents(&template)[0];
    let (_, body) = template.split_once("\n---\n").expect("a header and a body");
    let mut body = body.to_owned();
    let declared = header["spec"]["inputs"].as_object().expect("it has inputs");
    for name in given.as_object().expect("inputs").keys() {
        assert!(declared.contains_key(name), "{name}");
    }
    for (name, about) in declared {
        let value = given[name].as_str().or(about["default"].as_str());
        let value = value.unwrap_or_else(|| panic!("the input {name} has no value"));
        body = body.replace(&format!("$[[ inputs.{name} ]]"), value);
    }
    assert!(!body.contains("$[["), "{body}");
    (example, document(&body))
}

/// Runs a job of the example and its clean-up, which has a shell of its own.
fn run(machine: &Machine, client: &str, id_token: &str) -> (Ran, Ran) {
    let (example, template) = pipeline();
    let job = &example["deploy"];
    let base = &template[job["extends"].as_str().expect("it extends the component's job")];
    let mut env = machine.base();
    let own = [("GITLAB_CI", "true"), ("CI_SERVER_URL", "https://gitlab.com"), ("CI_JOB_ID", "17")];
    env.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    env.insert("CI_PROJECT_DIR".to_owned(), machine.stage.path("work").display().to_string());
    let variables = base["variables"].as_object().expect("it has variables");
    env.extend(variables.iter().map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())));
    env.insert("AZURE_CLIENT_ID".to_owned(), client.to_owned());
    let tokens = base["id_tokens"].as_object().expect("it asks for a token");
    env.extend(tokens.keys().map(|name| (name.clone(), id_token.to_owned())));
    let all = [lines(&base["before_script"]), lines(&job["script"])].concat();
    let ran = bash(&all, machine.stage.folder(), &env).0;
    (ran, bash(&lines(&base["after_script"]), machine.stage.folder(), &env).0)
}

fn lines(list: &Value) -> String {
    list.as_array().into_iter().flatten().map(|line| format!("{}\n", line.as_str().expect("a script"))).collect()
}

#[test]
fn the_example_signs_in_and_cleans_up() {
    let machine = Machine::new();
    let id_token = machine.mint("gitlab");
    let (ran, after) = run(&machine, APPLICATION, &id_token);
    let ran = ran.expect(0);
    after.expect(0);
    secrets::assert_none_printed(&ran, &id_token);
    assert!(machine.given_value("AZURE_ACCESS_TOKEN").starts_with("eyJ"));
    assert_eq!(machine.given_value("ARM_TENANT_ID"), TENANT);
    assert_eq!(fs::read_dir(machine.stage.path("work.tmp")).map_or(0, Iterator::count), 0);
    machine.assert_clean(&[]);
}

#[test]
fn a_refusal_ends_the_job_before_its_script() {
    let machine = Machine::new();
    let (ran, after) = run(&machine, "99999999-9999-4999-8999-999999999999", &machine.mint("gitlab"));
    assert_ne!(ran.code, 0);
    after.expect(0);
    assert!(ran.stderr.contains("AADSTS700016"), "{}", ran.stderr);
    assert_eq!(machine.given(), "");
    machine.assert_clean(&[]);
}

/// gitlab-ci-local, installed once below the target folder. None if npm cannot install it.
fn gitlab_ci_local() -> Option<PathBuf> {
    if !Path::new("/usr/bin/rsync").exists() {
        println!("skipped: gitlab-ci-local needs rsync, which is not installed");
        return None;
    }
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools-gitlab-ci-local");
    let program = place.join("node_modules/.bin/gitlab-ci-local");
    if !program.exists() {
        fs::create_dir_all(&place).ok()?;
        let words = ["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "gitlab-ci-local@4.63.0"];
        let npm = packages::with_environment("npm", &place).args(&words).run();
        if npm.code != 0 {
            println!("skipped: npm cannot install gitlab-ci-local");
            return None;
        }
    }
    Some(program)
}

#[test]
fn gitlab_ci_local_runs_the_component() {
    let Some(program) = gitlab_ci_local() else { return };
    let machine = Machine::new();
    let work = machine.stage.path("work");
    fs::create_dir(work.join("templates")).expect("it is new");
    fs::copy(integration("gitlab/templates/azure-oidc.yml"), work.join("templates/azure-oidc.yml")).expect("a copy");
    let (example, rest) = (first_block("gitlab/README.md", "yaml"), "component: ");
    let line = example.lines().find(|line| line.contains(rest)).expect("it includes the component");
    let local = format!("{}local: templates/azure-oidc.yml", line.split(rest).next().unwrap_or_default());
    fs::write(work.join(".gitlab-ci.yml"), example.replace(line, &local)).expect("it can be written");
    let env: BTreeMap<_, _> = machine.base();
    for words in [
        &["init", "--quiet"][..],
        &["add", "."],
        &["-c", "user.name=a", "-c", "user.email=a@a.example", "commit", "-qm", "a"],
    ] {
        crate::runner::program("/usr/bin/git", &env).args(words).within(&work).run().expect(0);
    }
    let mut job = crate::runner::program("/usr/bin/env", &env).args(&["node"]).args(&[program]).within(&work);
    let id_token = machine.mint("gitlab");
    job = job.args(&["--shell-isolation=false", "--no-artifacts-to-source", "deploy"]);
    for name in ["AZURE_AUTHORITY_HOST", "SSL_CERT_FILE", "AZURE_OIDC_RELEASES", "AZURE_OIDC_RELEASE_KEY"] {
        job = job.args(&["--variable".to_owned(), format!("{name}={}", env[name])]);
    }
    job = job.args(&["--variable".to_owned(), "CI_SERVER_URL=https://gitlab.com".to_owned()]);
    job = job.args(&["--variable".to_owned(), format!("AZURE_OIDC_ID_TOKEN={id_token}")]);
    let ran = job.run();
    assert_eq!(ran.code, 0, "{}", ran.printed());
    assert!(machine.given_value("AZURE_ACCESS_TOKEN").starts_with("eyJ"));
}
