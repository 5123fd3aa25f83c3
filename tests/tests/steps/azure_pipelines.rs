//! Azure Pipelines: a shim expands the step template and runs the task as the agent does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use azure_oidc_tests::{APPLICATION, Ran, TENANT};
use serde_json::Value;

use crate::runner::{Machine, bash, document, first_block, integration, program, text};

/// Where the emulator has the id of its service connection. Jobs do not have this variable.
const CONNECTION: &str = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";

/// The agent's state of one job.
struct Agent {
    machine: Machine,
    env: BTreeMap<String, String>,
    /// Variables that are set, with their properties.
    variables: Vec<(String, String)>,
    secrets: Vec<String>,
}

impl Agent {
    fn new() -> Self {
        let machine = Machine::new();
        let mut env = machine.job("azure-pipelines");
        for (name, folder) in [("AGENT_TEMPDIRECTORY", "temp"), ("AGENT_TOOLSDIRECTORY", "home")] {
            env.insert(name.to_owned(), machine.stage.path(folder).display().to_string());
        }
        Self { machine, env, variables: Vec::new(), secrets: Vec::new() }
    }

    /// Carries out the commands that a step printed.
    fn commands(&mut self, ran: &Ran) {
        for command in ran.stdout.lines().filter_map(|line| line.strip_prefix("##vso[")) {
            let (command, value) = command.split_once(']').expect("a command ends");
            let value = decoded(value);
            match command.split_once(' ').unwrap_or((command, "")) {
                ("task.setsecret", _) => self.secrets.push(value),
                ("task.setvariable" | "task.settaskvariable", words) => self.variables.push((words.to_owned(), value)),
                ("task.prependpath", _) => {
                    let path = format!("{value}:{}", self.env["PATH"]);
                    self.env.insert("PATH".to_owned(), path);
                }
                ("task.complete", words) => self.variables.push((words.to_owned(), value)),
                (other, _) => panic!("an unknown command: {other}"),
            }
        }
    }

    /// The value of a variable; `words` are all its properties.
    fn variable(&self, words: &str) -> Option<&str> {
        self.variables.iter().find(|(is, _)| is == words).map(|(_, value)| value.as_str())
    }

    /// Runs a script of the task with the variables that the agent gives it.
    fn task(&mut self, phase: &str, inputs: &[(&str, &str)]) -> Ran {
        let task: Value = serde_json::from_str(&text("azure-pipelines/task/task.json")).expect("it is JSON");
        let file =
            integration("azure-pipelines/task").join(task[phase]["Node20_1"]["target"].as_str().expect("a file"));
        let mut env = self.env.clone();
        let token = env.remove("SYSTEM_ACCESSTOKEN").expect("the emulator has one");
        let connection = env.remove(CONNECTION).expect("the emulator has one");
        env.insert("ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN".to_owned(), token);
        env.insert(format!("ENDPOINT_AUTH_SCHEME_{connection}"), "WorkloadIdentityFederation".to_owned());
        env.insert(format!("ENDPOINT_AUTH_PARAMETER_{connection}_TENANTID"), TENANT.to_owned());
        env.insert(format!("ENDPOINT_AUTH_PARAMETER_{connection}_SERVICEPRINCIPALID"), APPLICATION.to_owned());
        env.insert("INPUT_AZURESUBSCRIPTION".to_owned(), connection);
        for input in task["inputs"].as_array().expect("it has inputs") {
            let name = input["name"].as_str().expect("a name");
            if let Some(default) = input["defaultValue"].as_str() {
                env.insert(format!("INPUT_{}", name.to_uppercase()), default.to_owned());
            }
        }
        env.extend(inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        if let Some(folder) = self.variable("variable=folder") {
            env.insert("VSTS_TASKVARIABLE_FOLDER".to_owned(), folder.to_owned());
        }
        let ran = program("/usr/bin/env", &env).args(&["node"]).args(&[file]).run();
        self.commands(&ran);
        ran
    }
}

/// The agent's decoding of a value. `%AZP25` comes last.
fn decoded(text: &str) -> String {
    text.replace("%3B", ";").replace("%0D", "\r").replace("%0A", "\n").replace("%5D", "]").replace("%AZP25", "%")
}

/// The only step of the template, expanded with the parameters of the page's example.
fn step() -> (String, BTreeMap<String, String>) {
    let example = document(&first_block("azure-pipelines/README.md", "yaml"));
    let used = &example["steps"][0];
    assert_eq!(used["template"], "integrations/azure-pipelines/steps/azure-oidc.yml@azureOidc");
    let template = document(&text("azure-pipelines/steps/azure-oidc.yml"));
    let mut values = BTreeMap::new();
    for parameter in template["parameters"].as_array().expect("it has parameters") {
        let name = parameter["name"].as_str().expect("a name");
        let value = used["parameters"][name].as_str().or(parameter["default"].as_str());
        values.insert(name.to_owned(), value.unwrap_or_else(|| panic!("{name} has no value")).to_owned());
    }
    let given = used["parameters"].as_object().expect("parameters");
    assert!(given.keys().all(|name| values.contains_key(name)), "{given:?}");
    let filled = |text: &str| {
        values
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{{ parameters.{name} }}}}"), value))
    };
    let step = &template["steps"][0];
    let mut env = BTreeMap::new();
    for (name, value) in step["env"].as_object().expect("it maps variables") {
        if let Some(condition) = name.strip_prefix("${{ if ne(parameters.") {
            let name = condition.split(',').next().expect("a parameter");
            assert!(condition.ends_with(", '') }}"), "{condition}");
            let inner = value.as_object().expect("variables");
            env.extend(
                inner
                    .iter()
                    .filter(|_| !values[name].is_empty())
                    .map(|(name, value)| (name.clone(), filled(value.as_str().expect("text")))),
            );
        } else {
            env.insert(name.clone(), filled(value.as_str().expect("text")));
        }
    }
    (filled(step["bash"].as_str().expect("a script")), env)
}

#[test]
fn the_step_template_signs_in() {
    let mut agent = Agent::new();
    let (lines, mut own) = step();
    // The agent replaces the macro in the step's variables. Scripts have no access token otherwise.
    let token = agent.env.remove("SYSTEM_ACCESSTOKEN").expect("the emulator has one");
    let connection = agent.env.remove(CONNECTION).expect("the emulator has one");
    assert!(own.insert("AZURE_SERVICE_CONNECTION_ID".to_owned(), connection).is_some(), "{own:?}");
    assert_eq!(own.insert("SYSTEM_ACCESSTOKEN".to_owned(), token).as_deref(), Some("$(System.AccessToken)"));
    let mut env = agent.env.clone();
    env.extend(own);
    let ran = bash(&lines, agent.machine.stage.folder(), &env).0.expect(0);
    agent.commands(&ran);
    let token = agent.variable("variable=AZURE_ACCESS_TOKEN;issecret=true").expect("it is published").to_owned();
    assert!(token.starts_with("eyJ"));
    assert!(agent.secrets.contains(&token));
    assert_eq!(agent.variable("variable=ARM_TENANT_ID"), Some(TENANT));
}

#[test]
fn the_task_signs_in_and_cleans_up() {
    let mut agent = Agent::new();
    let ran = agent.task("execution", &[]).expect(0);
    let token = agent.variable("variable=AZURE_ACCESS_TOKEN;issecret=true;isoutput=true");
    let token = token.unwrap_or_else(|| panic!("{}", ran.printed())).to_owned();
    assert!(token.starts_with("eyJ") && agent.secrets.contains(&token));
    let file = agent.variable("variable=AZURE_FEDERATED_TOKEN_FILE").expect("it is published").to_owned();
    assert!(fs::read_to_string(&file).expect("it lives as long as the job").starts_with("eyJ"));
    agent.task("postjobexecution", &[]).expect(0);
    assert!(!Path::new(&file).exists());
    agent.machine.assert_clean(&[]);
}

#[test]
fn the_task_says_what_is_wrong() {
    let mut agent = Agent::new();
    let ran = agent.task("execution", &[("INPUT_AZURESUBSCRIPTION", "")]).expect(0);
    assert!(ran.stdout.contains("result=Failed;]the input azureSubscription is empty%3B name"), "{}", ran.stdout);
    let connection = agent.env[CONNECTION].clone();
    let secret = [(format!("ENDPOINT_AUTH_SCHEME_{connection}"), "ServicePrincipal")];
    let secret = secret.each_ref().map(|(name, value)| (name.as_str(), *value));
    let ran = agent.task("execution", &secret).expect(0);
    assert!(ran.stdout.contains("convert it to workload identity federation"), "{}", ran.stdout);
    let wrong =
        [(format!("ENDPOINT_AUTH_PARAMETER_{connection}_SERVICEPRINCIPALID"), "99999999-9999-4999-8999-999999999999")];
    let wrong = wrong.each_ref().map(|(name, value)| (name.as_str(), *value));
    let ran = agent.task("execution", &wrong).expect(0);
    assert!(ran.stderr.contains("AADSTS700016"), "{}", ran.printed());
    assert!(ran.stdout.contains("result=Failed;]no sign-in%3B the lines above say why"), "{}", ran.stdout);
    agent.machine.assert_clean(&[]);
}

/// The rules of the task's and the extension's schemas that the marketplace checks first.
#[test]
fn the_extension_has_what_it_names() {
    let folder = integration("azure-pipelines");
    let extension: Value = serde_json::from_str(&text("azure-pipelines/vss-extension.json")).expect("it is JSON");
    for file in extension["files"].as_array().expect("it has files") {
        let path = folder.join(file["path"].as_str().expect("a path"));
        assert!(path.exists(), "{}", path.display());
    }
    let task: Value = serde_json::from_str(&text("azure-pipelines/task/task.json")).expect("it is JSON");
    let version = ["Major", "Minor", "Patch"].map(|part| task["version"][part].to_string()).join(".");
    assert_eq!(extension["version"], version.as_str());
    assert_eq!(version, azure_oidc_release::VERSION);
    assert_eq!(task["id"].as_str().map(str::len), Some(36));
}
