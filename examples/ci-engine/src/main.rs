//! A tiny CI engine: runs the steps of a pipeline file. Each step is a component with a policy.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use wasmtime::error::Context;
use wasmtime::{Result, bail};

mod engine;
mod mask;
mod network;
mod pipeline;
mod secrets;

use engine::Engine;
use pipeline::Pipeline;
use secrets::Secrets;

/// Runs the steps of a pipeline file, each in a sandbox of its own.
#[derive(Parser)]
#[command(name = "ci-engine")]
struct Arguments {
    /// The pipeline file. Paths in it begin at its folder.
    pipeline: PathBuf,
    /// Trust the certificates in this PEM file too.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// Exit codes: 0 if all steps succeeded, 1 if one failed, 2 if the pipeline cannot run.
fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    let path = &arguments.pipeline;
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let pipeline = Pipeline::parse(&text).with_context(|| path.display().to_string())?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let engine = Engine::new(arguments.ca_file.as_deref())?;

    let mut secrets = Secrets::default();
    for name in &pipeline.secrets {
        match std::env::var(name) {
            Ok(value) => secrets.keep(name, &value)?,
            Err(_) => bail!("the secret {name} is not set; set the variable {name} of the engine"),
        }
    }
    let mut all_succeeded = true;
    for step in &pipeline.steps {
        if !all_succeeded && !step.always {
            println!("== {}: skipped, because an earlier step failed", step.name);
            continue;
        }
        println!("== {}: {}", step.name, step.policy());
        let mut ended = engine.run(step, folder, &secrets);
        if let Err(failure) = secrets.take(&step.gives, &ended.given) {
            ended.failures.push(failure);
        }
        // All that came from the step is masked, also with the secrets that it has just given.
        for line in secrets.hide(&ended.log).lines() {
            println!("{} | {line}", step.name);
        }
        for failure in &ended.failures {
            println!("== {}: FAILED: {}", step.name, secrets.hide(failure));
        }
        if ended.failures.is_empty() {
            println!("== {}: done", step.name);
        }
        all_succeeded &= ended.failures.is_empty();
    }
    Ok(all_succeeded)
}
