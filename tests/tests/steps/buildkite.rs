//! Buildkite: a shim runs the plugin's hooks as the agent does, in one environment.

use std::collections::BTreeMap;

use azure_oidc_tests::secrets;
use serde_json::Value;

use crate::runner::{Machine, bash, document, first_block, integration, text};

/// The variables that the agent makes of a plugin's settings.
fn settings(plugin: &Value) -> BTreeMap<String, String> {
    let upper = |name: &str| name.replace('-', "_").to_uppercase();
    let given = plugin.as_object().expect("settings");
    given
        .iter()
        .map(|(name, value)| {
            (format!("BUILDKITE_PLUGIN_AZURE_OIDC_{}", upper(name)), value.as_str().expect("text").into())
        })
        .collect()
}

/// A machine, the job's variables, and the first step of the page's example.
fn job() -> (Machine, BTreeMap<String, String>, Value) {
    let step = document(&first_block("buildkite/README.md", "yaml"))["steps"][0].clone();
    let (name, plugin) = step["plugins"][0].as_object().expect("a plugin").iter().next().expect("one");
    assert!(name.ends_with("/azure-oidc#v0.1.0"), "{name}");
    let known = &document(&text("buildkite/plugin.yml"))["configuration"]["properties"];
    assert!(plugin.as_object().expect("settings").keys().all(|name| known.get(name).is_some()), "{plugin}");
    let machine = Machine::new();
    let mut env = machine.job("buildkite");
    env.extend(settings(plugin));
    (machine, env, step)
}

/// The line with which the agent runs a hook: in its own shell, so that exports last.
fn hook(name: &str) -> String {
    format!(". '{}'\n", integration("buildkite/hooks").join(name).display())
}

#[test]
fn the_example_signs_in_and_cleans_up() {
    let (machine, env, step) = job();
    let folder = machine.stage.folder();
    let (ran, after) = bash(&hook("pre-command"), folder, &env);
    let ran = ran.expect(0);
    secrets::assert_none_printed(&ran, "");
    let command = step["command"].as_str().expect("a command");
    let (ran, _) = bash(command, folder, &after);
    ran.expect(0);
    let token = machine.given_value("AZURE_ACCESS_TOKEN");
    assert!(token.starts_with("eyJ"));
    bash(&hook("pre-exit"), folder, &after).0.expect(0);
    machine.assert_clean(&["after"]);
}

#[test]
fn a_refusal_fails_the_job_before_its_command() {
    let (machine, mut env, _) = job();
    let wrong = "99999999-9999-4999-8999-999999999999".to_owned();
    env.insert("BUILDKITE_PLUGIN_AZURE_OIDC_CLIENT_ID".to_owned(), wrong);
    let (ran, after) = bash(&hook("pre-command"), machine.stage.folder(), &env);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("AADSTS700016"), "{}", ran.stderr);
    bash(&hook("pre-exit"), machine.stage.folder(), &after).0.expect(0);
    machine.assert_clean(&[]);
}

#[test]
fn the_clean_up_without_a_sign_in_removes_nothing() {
    let (machine, mut env, _) = job();
    env.insert("AZURE_OIDC_JOB".to_owned(), machine.stage.path("home").display().to_string());
    bash(&hook("pre-exit"), machine.stage.folder(), &env).0.expect(0);
    assert!(machine.stage.path("home").is_dir());
}

/// The rules of Buildkite's plugin linter.
#[test]
fn the_plugin_is_as_the_linter_wants_it() {
    let plugin = document(&text("buildkite/plugin.yml"));
    for name in ["name", "description", "author", "requirements", "configuration"] {
        assert!(!plugin[name].is_null(), "{name}");
    }
    let readme = text("buildkite/README.md");
    for (name, about) in plugin["configuration"]["properties"].as_object().expect("settings") {
        assert!(about["type"].is_string(), "{name}");
        assert!(readme.contains(&format!("`{name}`")), "README.md does not describe {name}");
    }
    assert!(readme.contains("/azure-oidc#v0.1.0:"), "the example names the version");
}
