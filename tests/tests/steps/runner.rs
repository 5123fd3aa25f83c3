//! What the shims of all runners share: a machine without azure-oidc, the job's variables, the
//! first example of a page, and stand-ins for az and Terraform.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use azure_oidc_emulator::{Order, config};
use azure_oidc_tests::{Job, Ran, Stage, yaml};
use serde_json::Value;

use crate::release::{real, script};

/// A job's machine: the emulator, the release, and tools.
pub(crate) struct Machine {
    pub(crate) stage: Stage,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let config = format!("{}\n{}", config::DEFAULT, include_str!("../platforms/emulator.toml"));
        let stage = Stage::with_config(&config);
        for folder in ["tools", "temp", "home", "work"] {
            fs::create_dir(stage.path(folder)).expect("it is new");
        }
        // What a deployment calls. It writes down what it was given.
        let given = stage.path("given");
        for name in ["az", "terraform"] {
            let text = format!("printf '%s\\n' \"{name} $*\" >>'{0}'; env | sort >>'{0}'", given.display());
            script(&stage.path("tools").join(name), &text);
        }
        Self { stage }
    }

    /// The variables of each job here: nothing of the platform.
    pub(crate) fn base(&self) -> BTreeMap<String, String> {
        let release = real();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", self.stage.path("tools").display());
        let text = |path: &Path| path.to_str().expect("a plain name").to_owned();
        BTreeMap::from([
            ("PATH".to_owned(), path),
            ("HOME".to_owned(), text(&self.stage.path("home"))),
            ("TMPDIR".to_owned(), text(&self.stage.path("temp"))),
            ("AZURE_AUTHORITY_HOST".to_owned(), self.stage.emulator.url().to_owned()),
            ("SSL_CERT_FILE".to_owned(), text(self.stage.emulator.ca_file())),
            ("AZURE_OIDC_RELEASES".to_owned(), release.server.address.clone()),
            ("AZURE_OIDC_RELEASE_KEY".to_owned(), release.published.key.clone()),
        ])
    }

    /// The variables that a platform gives its jobs, from the emulator.
    pub(crate) fn job(&self, platform: &str) -> BTreeMap<String, String> {
        let ready = self.stage.emulator.ready();
        let own = ready["jobs"][platform].as_object().expect("the platform has jobs");
        let mut variables = self.base();
        variables.extend(own.iter().map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())));
        variables
    }

    pub(crate) fn mint(&self, issuer: &str) -> String {
        self.stage.mint(&Order::of(issuer))
    }

    /// What az and Terraform were given.
    pub(crate) fn given(&self) -> String {
        self.stage.read("given")
    }

    /// The value of a variable that az or Terraform was given.
    #[track_caller]
    pub(crate) fn given_value(&self, name: &str) -> String {
        let given = self.given();
        let value = given.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("{name} was not given: {given}")).to_owned()
    }

    /// Asserts that no file with a token is left, and no token on a command line.
    #[track_caller]
    pub(crate) fn assert_clean(&self, except: &[&str]) {
        for path in files(self.stage.folder()) {
            let name = path.strip_prefix(self.stage.folder()).expect("it is below").display().to_string();
            let text = String::from_utf8_lossy(&fs::read(&path).expect("it is a file")).into_owned();
            assert!(except.contains(&name.as_str()) || name == "given" || !text.contains("eyJ"), "{name} has a token");
        }
    }
}

/// A program with these variables and no others.
pub(crate) fn program(path: &str, variables: &BTreeMap<String, String>) -> Job {
    variables.iter().fold(Job::program(Path::new(path)), |job, (name, value)| job.env(name, value))
}

/// Runs lines in bash, as most runners do, and returns the exported variables afterwards.
pub(crate) fn bash(
    lines: &str,
    folder: &Path,
    variables: &BTreeMap<String, String>,
) -> (Ran, BTreeMap<String, String>) {
    let after = folder.join("after");
    fs::remove_file(&after).ok();
    let text = format!("trap 'env -0 >\"{}\"' EXIT\n{lines}", after.display());
    let file = folder.join("lines.sh");
    fs::write(&file, text).expect("it can be written");
    let job = program("/bin/bash", variables).args(&["-eo", "pipefail"]).args(&[&file]).within(&folder.join("work"));
    let ran = job.run();
    let exported = fs::read_to_string(&after).unwrap_or_default();
    fs::remove_file(&after).ok();
    let exported = exported.split('\0').filter_map(|line| line.split_once('='));
    (ran, exported.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The path of a file in `integrations`.
pub(crate) fn integration(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations").join(name)
}

/// The text of a file in `integrations`.
pub(crate) fn text(name: &str) -> String {
    fs::read_to_string(integration(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The first code block of this language on a page: the shortest example.
pub(crate) fn first_block(page: &str, language: &str) -> String {
    let text = text(page);
    let start = format!("```{language}\n");
    let (_, rest) = text.split_once(&start).unwrap_or_else(|| panic!("{page} has no example in {language}"));
    rest.split_once("\n```").expect("the example ends").0.to_owned() + "\n"
}

/// The documents of a YAML text.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    yaml::documents(text, Path::new(env!("CARGO_TARGET_TMPDIR")))
}

/// The only document of a YAML text.
pub(crate) fn document(text: &str) -> Value {
    documents(text).swap_remove(0)
}

/// All files below a folder, without those of installed programs.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("it is a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path if path.file_name().is_some_and(|name| name == "azure-oidc") => {}
            path => found.push(path),
        }
    }
    found
}

/// The forms and examples that have a published schema: the text, and the schema's name.
fn with_schemas() -> Vec<(String, &'static str)> {
    let page = |name: &str| first_block(&format!("{name}/README.md"), "yaml").replace("YOUR_ORG", "acme");
    vec![
        (text("github/action.yml"), "vendor.github-actions"),
        (page("github"), "vendor.github-workflows"),
        (page("gitlab"), "vendor.gitlab-ci"),
        (page("azure-pipelines"), "vendor.azure-pipelines"),
        (page("buildkite"), "vendor.buildkite"),
    ]
}

#[test]
fn forms_and_examples_are_valid_for_their_schemas() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let check = yaml::tools(Path::new(env!("CARGO_TARGET_TMPDIR"))).join("check-jsonschema");
    for (text, schema) in with_schemas() {
        let file = folder.path().join(format!("{schema}.yml"));
        fs::write(&file, text).expect("it can be written");
        let job =
            Job::program(&check).args(&["--regex-variant", "nonunicode", "--builtin-schema", schema]).args(&[&file]);
        let ran = job.run();
        assert_eq!(ran.code, 0, "{schema}: {}", ran.printed());
    }
}
