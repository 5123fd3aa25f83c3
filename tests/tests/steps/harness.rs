//! Harness and Drone: the settings of `plugin.yml` are those of the plugin that is replaced, and
//! each has an effect.

use std::collections::BTreeMap;

use azure_oidc_tests::{APPLICATION, Job, TENANT};

use crate::runner::{Machine, document, first_block, text};

/// The settings that `plugins/azure-oidc` documents.
const DOCUMENTED: [&str; 5] = ["azure_authority_host", "client_id", "log_level", "scope", "tenant_id"];

/// A step with the settings of the page's example, as the engine passes them.
fn step(machine: &Machine, others: &[(&str, &str)]) -> Job {
    let example = document(&first_block("harness/README.md", "yaml"));
    let settings = example[0]["step"]["spec"]["settings"].as_object().expect("settings").clone();
    let mut given: BTreeMap<_, _> =
        settings.iter().map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect();
    given.insert("azure_authority_host".to_owned(), machine.stage.emulator.url().to_owned());
    given.extend(others.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let plugin = document(&text("harness/plugin.yml"));
    let job = given.iter().fold(Job::host(&[]), |job, (name, value)| {
        let variable = plugin["inputs"][name]["env"].as_str().unwrap_or_else(|| panic!("{name} is no setting"));
        assert_eq!(variable, format!("PLUGIN_{}", name.to_uppercase()));
        job.env(variable, value)
    });
    job.env("PLUGIN_OIDC_TOKEN_ID", machine.mint("harness"))
        .env("SSL_CERT_FILE", machine.stage.emulator.ca_file())
        .env("HARNESS_OUTPUT_SECRET_FILE", machine.stage.path("secrets"))
}

#[test]
fn the_settings_are_those_of_the_plugin_that_is_replaced() {
    let plugin = document(&text("harness/plugin.yml"));
    let mut names: Vec<_> = plugin["inputs"].as_object().expect("inputs").keys().cloned().collect();
    names.sort();
    assert_eq!(names, DOCUMENTED);
    for (name, about) in plugin["inputs"].as_object().expect("inputs") {
        assert_eq!(about["required"], ["tenant_id", "client_id"].contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_example_publishes_the_output() {
    let machine = Machine::new();
    let ran = step(&machine, &[]).run().expect(0);
    azure_oidc_tests::secrets::assert_none_printed(&ran, "");
    let outputs = document(&text("harness/plugin.yml"))["outputs"].clone();
    for name in outputs.as_object().expect("outputs").keys() {
        assert!(machine.stage.output("secrets", name).expect("it is published").starts_with("eyJ"), "{name}");
    }
    let request = machine.stage.requests().pop().expect("one");
    assert_eq!(request.path, format!("/{TENANT}/oauth2/v2.0/token"));
}

#[test]
fn the_other_settings_have_an_effect() {
    let machine = Machine::new();
    let graph = "https://graph.microsoft.com/.default";
    let ran = step(&machine, &[("scope", graph), ("log_level", "debug")]).run().expect(0);
    assert!(ran.stderr.contains(graph) && ran.stderr.contains(APPLICATION), "{}", ran.stderr);
}
