//! CircleCI: packs the orb as `circleci orb pack` does, checks it, and runs its commands in a shim.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use azure_oidc_tests::{Job, Ran, yaml};
use serde_json::{Map, Value, json};

use crate::runner::{Machine, bash, document, first_block, integration, text};

/// The orb as one document: each folder a member, each file an entry, each script included.
fn packed() -> Value {
    let mut orb = document(&text("circleci/src/@orb.yml"));
    for kind in ["commands", "jobs", "executors", "examples"] {
        let mut members = Map::new();
        for entry in fs::read_dir(integration("circleci/src").join(kind)).expect("it is a folder").flatten() {
            let name = entry.path().file_stem().expect("a name").to_string_lossy().into_owned();
            let mut member = document(&fs::read_to_string(entry.path()).expect("it is text"));
            include(&mut member);
            members.insert(name, member);
        }
        orb[kind] = members.into();
    }
    orb
}

/// Replaces `<< include(FILE) >>` by the file's text.
fn include(value: &mut Value) {
    match value {
        Value::String(words) => {
            if let Some(file) = words.strip_prefix("<< include(").and_then(|rest| rest.strip_suffix(") >>")) {
                *words = text(&format!("circleci/src/{file}"));
            }
        }
        Value::Array(members) => members.iter_mut().for_each(include),
        Value::Object(members) => members.values_mut().for_each(include),
        _ => {}
    }
}

/// Runs the steps of a command of the orb with these parameters. `$BASH_ENV` is read first.
fn command(machine: &Machine, orb: &Value, name: &str, given: &Value, env: &BTreeMap<String, String>) -> Ran {
    let command = &orb["commands"][name];
    let mut values = BTreeMap::new();
    for (name, about) in command["parameters"].as_object().into_iter().flatten() {
        let value = given[name].as_str().or(about["default"].as_str()).expect("it has a value").to_owned();
        if let Some(allowed) = about["enum"].as_array() {
            assert!(allowed.contains(&value.clone().into()), "{name}: {value}");
        }
        values.insert(name.clone(), value);
    }
    let filled = |text: &str| {
        values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<< parameters.{name} >>"), value))
    };
    let mut last = None;
    for step in command["steps"].as_array().expect("it has steps") {
        let run = &step["run"];
        let mut env = env.clone();
        for (name, value) in run["environment"].as_object().into_iter().flatten() {
            env.insert(name.clone(), filled(value.as_str().expect("text")));
        }
        let ran = step_in_bash(machine, run["command"].as_str().expect("a script"), &env);
        let failed = ran.code != 0;
        last = Some(ran);
        if failed {
            break;
        }
    }
    last.expect("it has a step")
}

/// bash reads the file in `BASH_ENV` before each step.
fn step_in_bash(machine: &Machine, lines: &str, env: &BTreeMap<String, String>) -> Ran {
    bash(lines, machine.stage.folder(), env).0
}

fn machine() -> (Machine, BTreeMap<String, String>) {
    let machine = Machine::new();
    let mut env = machine.base();
    env.insert("CIRCLECI".to_owned(), "true".to_owned());
    env.insert("CIRCLE_OIDC_TOKEN".to_owned(), machine.mint("circleci"));
    env.insert("BASH_ENV".to_owned(), machine.stage.write("bash_env", ""));
    (machine, env)
}

#[test]
fn the_example_signs_in_and_cleans_up() {
    let (machine, env) = machine();
    let (orb, example) = (packed(), document(&first_block("circleci/README.md", "yaml")));
    for step in example["jobs"]["deploy"]["steps"].as_array().expect("it has steps") {
        let ran = match step {
            Value::Object(step) => {
                let (name, given) = step.iter().next().expect("one step");
                match name.strip_prefix("azure-oidc/") {
                    Some(name) => command(&machine, &orb, name, given, &env),
                    None => step_in_bash(&machine, given.as_str().expect("a script"), &env),
                }
            }
            step => match step.as_str().expect("a name").strip_prefix("azure-oidc/") {
                Some(name) => command(&machine, &orb, name, &json!({}), &env),
                None => continue,
            },
        };
        ran.expect(0);
    }
    assert!(machine.given_value("AZURE_ACCESS_TOKEN").starts_with("eyJ"));
    assert!(!machine.stage.path("home/.azure-oidc").exists());
    // The file of the job's own variables has the token, and nothing else has.
    machine.assert_clean(&["bash_env"]);
}

#[test]
fn a_refusal_fails_the_step() {
    let (machine, env) = machine();
    let wrong = json!({ "tenant-id": azure_oidc_tests::TENANT, "client-id": "99999999-9999-4999-8999-999999999999" });
    let ran = command(&machine, &packed(), "sign-in", &wrong, &env);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("AADSTS700016"), "{}", ran.stderr);
    machine.assert_clean(&[]);
}

/// The schema knows orbs that are written into a configuration.
#[test]
fn the_packed_orb_and_the_example_are_valid_for_the_schema() {
    let below = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let mut orb = packed();
    // Only published orbs have these.
    for name in ["version", "display", "examples"] {
        orb.as_object_mut().expect("an object").remove(name);
    }
    let inline = json!({ "version": 2.1, "orbs": { "azure-oidc": orb },
        "jobs": { "deploy": { "docker": [{ "image": "cimg/base:current" }], "steps": ["azure-oidc/sign-out"] } } });
    let mut configurations = vec![inline.to_string(), first_block("circleci/README.md", "yaml")];
    configurations.push(packed()["examples"]["terraform"]["usage"].to_string());
    for (at, text) in configurations.iter().enumerate() {
        let file = folder.path().join(format!("{at}.yml"));
        fs::write(&file, text.replace("YOUR_ORG", "acme")).expect("it can be written");
        let check = Job::program(&yaml::tools(below).join("check-jsonschema"));
        check.args(&["--builtin-schema", "vendor.circle-ci"]).args(&[file]).run().expect(0);
    }
}

/// What `circleci orb validate` asks for: everything in a job and a command is described.
#[test]
fn everything_in_the_orb_is_described() {
    let orb = packed();
    assert!(orb["description"].is_string());
    for kind in ["commands", "jobs", "executors", "examples"] {
        for (name, member) in orb[kind].as_object().expect("members") {
            assert!(member["description"].is_string(), "{kind}/{name}");
            for (parameter, about) in member["parameters"].as_object().into_iter().flatten() {
                assert!(about["description"].is_string() && about["type"].is_string(), "{kind}/{name}: {parameter}");
            }
        }
    }
}
