//! GitHub: a shim runs the example of the page as the runner does, with the action's own steps.

use std::collections::BTreeMap;
use std::fs;

use azure_oidc_tests::{APPLICATION, Job, Ran, TENANT};
use serde_json::Value;

use crate::runner::{Machine, bash, document, first_block, integration, program, text};

/// The runner's state of one job.
struct Runner {
    machine: Machine,
    /// The variables of every step.
    env: BTreeMap<String, String>,
    /// Outputs by step and name.
    outputs: BTreeMap<String, String>,
    /// What was masked before anything else was printed.
    masked: Vec<String>,
    state: BTreeMap<String, String>,
}

const FILES: [&str; 4] = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"];

impl Runner {
    fn new() -> Self {
        let machine = Machine::new();
        let mut env = machine.job("github");
        for (name, folder) in [("RUNNER_TEMP", "temp"), ("RUNNER_TOOL_CACHE", "home"), ("GITHUB_WORKSPACE", "work")] {
            env.insert(name.to_owned(), machine.stage.path(folder).display().to_string());
        }
        Self { machine, env, outputs: BTreeMap::new(), masked: Vec::new(), state: BTreeMap::new() }
    }

    /// Runs a step's program, then reads what it wrote for later steps.
    fn step(&mut self, id: &str, job: impl FnOnce(&BTreeMap<String, String>) -> Ran) -> Ran {
        let mut env = self.env.clone();
        for name in FILES {
            env.insert(name.to_owned(), self.machine.stage.write(name, ""));
        }
        let ran = job(&env);
        for line in ran.stdout.lines() {
            self.masked.extend(line.strip_prefix("::add-mask::").map(ToOwned::to_owned));
        }
        for (name, value) in pairs(&self.machine.stage.read("GITHUB_OUTPUT")) {
            self.outputs.insert(format!("steps.{id}.outputs.{name}"), value);
        }
        self.env.extend(pairs(&self.machine.stage.read("GITHUB_ENV")));
        self.state.extend(pairs(&self.machine.stage.read("GITHUB_STATE")));
        for folder in self.machine.stage.read("GITHUB_PATH").lines() {
            let path = format!("{folder}:{}", self.env["PATH"]);
            self.env.insert("PATH".to_owned(), path);
        }
        for name in FILES {
            fs::remove_file(self.machine.stage.path(name)).expect("it was written");
        }
        ran
    }

    /// Runs the action with these inputs.
    fn action(&mut self, id: &str, with: &BTreeMap<String, String>) -> Ran {
        let action = document(&text("github/action.yml"));
        let declared = action["inputs"].as_object().expect("it has inputs").clone();
        assert!(with.keys().all(|name| declared.contains_key(name)), "{with:?}");
        self.step(id, |env| {
            let job = node(env, &action["runs"]["main"]);
            let job = declared.iter().fold(job, |job, (name, about)| {
                let value =
                    with.get(name).map_or_else(|| about["default"].as_str().unwrap_or_default(), String::as_str);
                job.env(&format!("INPUT_{}", name.replace(' ', "_").to_uppercase()), value)
            });
            job.run()
        })
    }

    /// Runs the action's clean-up.
    fn post(&mut self) -> Ran {
        let action = document(&text("github/action.yml"));
        let state = self.state.clone();
        self.step("", |env| {
            let job = node(env, &action["runs"]["post"]);
            state.iter().fold(job, |job, (name, value)| job.env(&format!("STATE_{name}"), value)).run()
        })
    }

    /// Replaces `${{ steps.ID.outputs.NAME }}`.
    fn filled(&self, text: &str) -> String {
        self.outputs
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{{ {name} }}}}"), value))
    }

    /// Runs the steps of a workflow's only job.
    fn workflow(&mut self, workflow: &Value) {
        let jobs = workflow["jobs"].as_object().expect("it has jobs");
        let job = jobs.values().next().expect("one job");
        let rights = job.get("permissions").unwrap_or(&workflow["permissions"]);
        assert_eq!(rights["id-token"], "write", "without it the runner gives no token: {workflow}");
        for step in job["steps"].as_array().expect("it has steps") {
            let id = step["id"].as_str().unwrap_or_default().to_owned();
            let ran = if let Some(lines) = step["run"].as_str() {
                let lines = self.filled(lines);
                let own: Vec<_> =
                    strings(&step["env"]).into_iter().map(|(name, text)| (name, self.filled(&text))).collect();
                let folder = self.machine.stage.folder().to_owned();
                self.step(&id, |env| {
                    let mut env = env.clone();
                    env.extend(own);
                    bash(&lines, &folder, &env).0
                })
            } else if step["uses"].as_str().is_some_and(|uses| uses.contains("/integrations/github@v")) {
                self.action(&id, &strings(&step["with"]))
            } else {
                continue;
            };
            ran.expect(0);
        }
    }
}

fn node(env: &BTreeMap<String, String>, script: &Value) -> Job {
    let file = integration("github").join(script.as_str().expect("a file"));
    program("/usr/bin/env", env).args(&["node"]).args(&[file])
}

fn strings(object: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    object.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// The values in one of the runner's files: `NAME=value` and `NAME<<DELIMITER`.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut lines = text.lines();
    let mut values = BTreeMap::new();
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        if let Some(at) = heredoc.filter(|at| equals.is_none_or(|equals| *at < equals)) {
            let value: Vec<_> = lines.by_ref().take_while(|other| *other != &line[at + 2..]).collect();
            values.insert(line[..at].to_owned(), value.join("\n"));
        } else if let Some(at) = equals {
            values.insert(line[..at].to_owned(), line[at + 1..].to_owned());
        }
    }
    values
}

fn inputs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = [("tenant-id", TENANT), ("client-id", APPLICATION)];
    own.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_example_signs_in_and_cleans_up() {
    let mut runner = Runner::new();
    runner.workflow(&document(&first_block("github/README.md", "yaml")));
    let token = runner.outputs["steps.azure.outputs.AZURE_ACCESS_TOKEN"].clone();
    assert!(token.starts_with("eyJ"));
    assert_eq!(runner.masked, [token.as_str()]);
    assert_eq!(runner.machine.given_value("TOKEN"), token);
    let file = runner.env["AZURE_FEDERATED_TOKEN_FILE"].clone();
    assert_eq!(runner.machine.given_value("ARM_OIDC_TOKEN_FILE_PATH"), file);
    assert!(fs::read_to_string(&file).expect("it lives as long as the job").starts_with("eyJ"));
    runner.post().expect(0);
    assert!(!std::path::Path::new(&file).exists());
    runner.machine.assert_clean(&[]);
}

#[test]
fn a_second_use_takes_the_cached_program() {
    let mut runner = Runner::new();
    let first = runner.action("one", &inputs(&[])).expect(0);
    assert!(first.stdout.contains("installed: "), "{}", first.stdout);
    let second = runner.action("two", &inputs(&[("scope", "https://graph.microsoft.com/.default")])).expect(0);
    assert!(!second.stdout.contains("installed: "), "{}", second.stdout);
    assert_eq!(runner.outputs["steps.two.outputs.AZURE_ACCESS_TOKEN_SCOPE"], "https://graph.microsoft.com/.default");
    // Only the access token was asked for, so no file has the ID token.
    assert!(runner.state.is_empty());
    runner.post().expect(0);
}

#[test]
fn with_require_signature_a_cached_program_does_not_count() {
    let mut runner = Runner::new();
    runner.action("one", &inputs(&[])).expect(0);
    let ran = runner.action("two", &inputs(&[("require-signature", "true")])).expect(0);
    assert!(ran.stdout.contains("verified: the signature"), "{}", ran.stdout);
}

#[test]
fn a_refusal_fails_the_step_and_leaves_nothing() {
    let mut runner = Runner::new();
    let wrong = [("client-id", "99999999-9999-4999-8999-999999999999"), ("publish", "both")];
    let ran = runner.action("azure", &inputs(&wrong)).expect(1);
    assert!(ran.stderr.contains("AADSTS700016"), "{}", ran.stderr);
    assert!(ran.stdout.contains("::error title=azure-oidc::no sign-in; the lines above say why"), "{}", ran.stdout);
    assert!(runner.outputs.is_empty(), "{:?}", runner.outputs);
    runner.post().expect(0);
    runner.machine.assert_clean(&[]);
}

#[test]
fn wrong_inputs_are_named() {
    let mut runner = Runner::new();
    for (name, value, says) in [
        (
            "environment",
            "azurestack",
            "the input environment is `azurestack`; give azurecloud, azureusgovernment, azurechinacloud",
        ),
        ("version", "main", "the input version is `main`; give one such as 0.1.0"),
    ] {
        let ran = runner.action("azure", &inputs(&[(name, value)])).expect(1);
        assert!(ran.stdout.contains(&format!("::error title=azure-oidc::{says}\n")), "{}", ran.stdout);
    }
}

#[test]
fn without_the_permission_it_says_what_to_add() {
    let mut runner = Runner::new();
    for name in ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
        runner.env.remove(name);
    }
    let ran = runner.action("azure", &inputs(&[])).expect(1);
    assert!(ran.stderr.contains("id-token: write"), "{}", ran.stderr);
}
