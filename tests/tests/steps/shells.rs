//! The pages of platforms whose jobs are shell scripts: each example is followed to the letter, with
//! the platform's variables.

use std::collections::BTreeMap;

use azure_oidc_tests::secrets;
use serde_json::Value;

use crate::runner::{Machine, bash, first_block, text};

/// Another application of the emulator, with credentials for these platforms.
const CLIENT: &str = "33333333-3333-4333-8333-333333333333";

/// The variables of a job: those of the platform, a token of this issuer, and the two settings.
fn job(machine: &Machine, own: &[(&str, &str)], token: (&str, &str), client: &str) -> BTreeMap<String, String> {
    let mut env = machine.base();
    env.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    env.insert(token.0.to_owned(), machine.mint(token.1));
    env.insert("AZURE_TENANT_ID".to_owned(), azure_oidc_tests::TENANT.to_owned());
    env.insert("AZURE_CLIENT_ID".to_owned(), client.to_owned());
    env
}

/// Runs the lines and asserts that Terraform was signed in and nothing was printed.
#[track_caller]
fn signs_in(machine: &Machine, lines: &str, env: &BTreeMap<String, String>) {
    let ran = bash(lines, machine.stage.folder(), env).0.expect(0);
    secrets::assert_none_printed(&ran, "");
    assert!(machine.given_value("AZURE_ACCESS_TOKEN").starts_with("eyJ"), "{}", machine.given());
}

/// The script lines of the page, whatever the member of the YAML document that has them.
fn script(page: &str, path: &[&str]) -> String {
    let block = crate::runner::document(&first_block(page, "yaml"));
    let list = path.iter().fold(&block, |value, name| match name.parse::<usize>() {
        Ok(at) => &value[at],
        Err(_) => &value[name],
    });
    let lines: Vec<_> = list.as_array().unwrap_or_else(|| panic!("{page}: {block}")).iter().collect();
    lines.iter().map(|line| format!("{}\n", line.as_str().expect("a script"))).collect()
}

#[test]
fn hcp_terraform() {
    let machine = Machine::new();
    let env = job(&machine, &[], ("TFC_WORKLOAD_IDENTITY_TOKEN", "terraform-cloud"), CLIENT);
    let env = [env, BTreeMap::from([("TFC_RUN_ID".to_owned(), "run-1".to_owned())])].into_iter().flatten().collect();
    signs_in(&machine, &format!("{}terraform apply\n", first_block("terraform-cloud/README.md", "sh")), &env);
}

#[test]
fn spacelift() {
    let machine = Machine::new();
    let env = job(&machine, &[], ("SPACELIFT_OIDC_TOKEN", "spacelift"), CLIENT);
    let lines = script("spacelift/README.md", &["stack_defaults", "before_plan"]);
    signs_in(&machine, &format!("{lines}terraform plan\n"), &env);
}

#[test]
fn semaphore() {
    let machine = Machine::new();
    let env = job(&machine, &[("SEMAPHORE", "true")], ("SEMAPHORE_OIDC_TOKEN", "semaphore"), CLIENT);
    let lines = script("semaphore/README.md", &["blocks", "0", "task", "jobs", "0", "commands"]);
    signs_in(&machine, &lines, &env);
}

#[test]
fn codefresh() {
    let machine = Machine::new();
    let own = [("CF_BUILD_ID", "65f0c1d2e3f4a5b6c7d8e9f0")];
    let env = job(&machine, &own, ("ID_TOKEN", "codefresh"), CLIENT);
    signs_in(&machine, &script("codefresh/README.md", &["steps", "deploy", "commands"]), &env);
}

#[test]
fn jenkins() {
    let machine = Machine::new();
    let page = text("jenkins/README.md");
    let (_, rest) = page.split_once("sh '''\n").expect("the pipeline has a script");
    let lines = rest.split_once("'''").expect("the script ends").0;
    let temp = machine.stage.path("temp").display().to_string();
    let own = [("WORKSPACE_TMP", temp.as_str())];
    let env = job(&machine, &own, ("AZURE_ID_TOKEN", "local"), azure_oidc_tests::APPLICATION);
    // The plugin's default shell. The step has no other exit trap.
    let file = machine.stage.write("step.sh", lines);
    let ran = crate::runner::program("/bin/sh", &env).args(&["-xe", &file]).within(&machine.stage.path("work")).run();
    secrets::assert_none_printed(&ran.expect(0), "");
    assert!(machine.given_value("AZURE_ACCESS_TOKEN").starts_with("eyJ"), "{}", machine.given());
    machine.assert_clean(&[]);
}

#[test]
fn pulumi() {
    let machine = Machine::new();
    let file = machine.stage.write("PULUMI_ENV", "");
    let own = [("PULUMI_CI_SYSTEM", "Pulumi Deployments"), ("AZURE_OIDC_PULUMI_ENV", file.as_str())];
    let env = job(&machine, &own, ("PULUMI_OIDC_TOKEN", "pulumi"), azure_oidc_tests::APPLICATION);
    let settings: Value = serde_json::from_str(&first_block("pulumi/README.md", "json")).expect("it is JSON");
    // Each command has a shell of its own.
    for command in settings["operationContext"]["preRunCommands"].as_array().expect("it has commands") {
        let lines = command.as_str().expect("a command");
        secrets::assert_none_printed(&bash(lines, machine.stage.folder(), &env).0.expect(0), "");
    }
    assert!(machine.stage.read("PULUMI_ENV").contains("AZURE_ACCESS_TOKEN=eyJ"));
}

#[test]
fn a_changed_installer_is_not_run() {
    let machine = Machine::new();
    let mut env = job(&machine, &[], ("SPACELIFT_OIDC_TOKEN", "spacelift"), CLIENT);
    let folder = machine.stage.path("releases/v0.1.0");
    std::fs::create_dir_all(&folder).expect("it is new");
    std::fs::write(folder.join("install.sh"), "touch ran\n").expect("it can be written");
    let server = crate::server::Server::start(&machine.stage.path("releases"), None);
    env.insert("AZURE_OIDC_RELEASES".to_owned(), server.address);
    let lines = script("spacelift/README.md", &["stack_defaults", "before_plan"]);
    let (ran, _) = bash(&lines, machine.stage.folder(), &env);
    assert_ne!(ran.code, 0);
    assert!(!machine.stage.path("work/ran").exists());
    let bootstrap = format!("{}\nazure_oidc_install bin\n", text("bootstrap.sh"));
    let (ran, _) = bash(&bootstrap, machine.stage.folder(), &env);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("is not the reviewed install.sh; do not use it"), "{}", ran.stderr);
    assert!(!machine.stage.path("work/ran").exists());
}
