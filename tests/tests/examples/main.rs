//! Checks the examples: pipeline files are valid for the schema of their system, credentials match
//! the example tokens, and all options exist.

mod deploy;
mod schemas;
mod vite;

use std::fs;
use std::path::{Path, PathBuf};

use azure_oidc_emulator::Order;
use azure_oidc_tests::{Job, Stage};
use serde_json::Value;

/// One folder of examples.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// All example files with this extension, and their text.
fn files(is_wanted: impl Fn(&str) -> bool) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder()).expect("there are examples").flatten().filter(|entry| entry.path().is_dir()) {
        for file in fs::read_dir(entry.path()).expect("it is a folder").flatten() {
            if is_wanted(&file.file_name().to_string_lossy()) {
                let text = fs::read_to_string(file.path()).expect("it is text");
                found.push((file.path(), text));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn each_credential_matches_its_token() {
    let stage = Stage::new();
    let written = files(|name| name == "credential.json");
    assert!(written.len() >= 10, "{written:?}");
    for (path, text) in written {
        let credentials: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let credentials = credentials.as_array().cloned().unwrap_or_else(|| vec![credentials]);
        for credential in credentials {
            let audience = credential["audiences"][0].as_str().expect("there is one").to_owned();
            let order = Order { audience: Some(audience), ..Order::of("local") };
            let order = order.claim("iss", credential["issuer"].clone()).claim("sub", credential["subject"].clone());
            let verdict = Job::host(&["check", "--id-token", "-", "--output", "json", "--credential"])
                .args(&[&path])
                .input(stage.mint(&order))
                .run()
                .expect(0)
                .json();
            assert_eq!(verdict["matched"], credential["name"], "{}", path.display());
        }
    }
}

#[test]
fn each_option_in_an_example_exists() {
    let mut seen = 0;
    for (path, text) in
        files(|name| name.rsplit('.').next().is_some_and(|end| ["yml", "yaml", "md", "json", "tf"].contains(&end)))
    {
        for line in text.lines().flat_map(|line| line.split("azure-oidc ").skip(1)) {
            let words: Vec<_> =
                line.split_whitespace().map(|word| word.trim_matches(['`', '"', '\'', ')', ',', ':'])).collect();
            let Some(command) = words.first().filter(|word| COMMANDS.contains(word)) else { continue };
            let help = Job::host(&[command, "--help"]).run().expect(0).stdout;
            // Only arguments before a pipe or the next command belong to azure-oidc.
            for option in words.iter().take_while(|word| !["|", ">", "&&", ";"].contains(*word)) {
                if option.starts_with("--") {
                    seen += 1;
                    assert!(help.contains(option), "{}: `{command}` has no {option}", path.display());
                }
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

const COMMANDS: [&str; 10] =
    ["exchange", "inspect", "check", "verify", "explain", "credential", "setup", "audit", "doctor", "serve"];
