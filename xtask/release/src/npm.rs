//! Packages of npm: one for each system with the program, and `azure-oidc`, which needs the one for
//! the system that it is installed on. Nothing is downloaded or run at installation.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::{Entry, Packed, REPOSITORY, Release, SUMMARY, System, VERSION, archive, write};

/// Starts the program of the package for this system, with the same arguments, streams and exit
/// code. Signals reach both.
const START: &str = r#"#!/usr/bin/env node
"use strict";
const { spawn } = require("node:child_process");
const { constants } = require("node:os");

const name = `azure-oidc-${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${name}/bin/azure-oidc${process.platform === "win32" ? ".exe" : ""}`);
} catch {
  console.error(`error: the package ${name} is not installed, so there is no program for this system`);
  console.error("hint: install without --omit=optional; `npm view azure-oidc optionalDependencies` lists the systems");
  process.exit(1);
}
let child;
// Before the program starts, or a signal in between would end only this process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child?.kill(signal));
child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => {
  console.error(`error: ${program} cannot be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
"#;

/// Writes the package with the program.
pub(crate) fn of_system(release: &Release<'_>, packed: &Packed<'_>) -> Result<()> {
    let name = name(packed.system);
    let (os, cpu) = packed.system.node;
    let mut about = about(&name);
    about["os"] = json!([os]);
    about["cpu"] = json!([cpu]);
    about["preferUnplugged"] = true.into();
    let program = packed.program();
    let entries = vec![
        manifest(&about),
        Entry { path: format!("bin/{}", program.path), ..program },
        Entry::file("LICENSE", packed.other("LICENSE")?),
        Entry::file("README.md", format!("# {name}\n\nThe program of `azure-oidc` for {os} on {cpu}.\n")),
        Entry::file("azure-oidc.cdx.json", packed.other("azure-oidc.cdx.json")?),
    ];
    tarball(release, &name, entries)
}

/// Writes the package that users install.
pub(crate) fn chooser(release: &Release<'_>, systems: &[&System]) -> Result<()> {
    let optional: Map<_, _> = systems.iter().map(|system| (name(system), Value::from(VERSION))).collect();
    let mut about = about("azure-oidc");
    about["bin"] = json!({ "azure-oidc": "bin/azure-oidc.js" });
    about["engines"] = json!({ "node": ">=18" });
    about["optionalDependencies"] = optional.into();
    let entries = vec![
        manifest(&about),
        Entry::program("bin/azure-oidc.js", START),
        Entry::file("LICENSE", release.root_file("LICENSE")?),
        Entry::file("README.md", release.root_file("README.md")?),
    ];
    tarball(release, "azure-oidc", entries)
}

fn name(system: &System) -> String {
    format!("azure-oidc-{}-{}", system.node.0, system.node.1)
}

fn about(name: &str) -> Value {
    json!({
        "name": name,
        "version": VERSION,
        "description": SUMMARY,
        "license": "Apache-2.0",
        "repository": { "type": "git", "url": format!("git+{REPOSITORY}.git") },
    })
}

fn manifest(about: &Value) -> Entry {
    Entry::file("package.json", format!("{about:#}\n"))
}

/// As `npm pack` names it.
fn tarball(release: &Release<'_>, name: &str, entries: Vec<Entry>) -> Result<()> {
    let entries: Vec<_> = entries.into_iter().map(|entry| entry.below("package")).collect();
    write(release.folder, &format!("{name}-{VERSION}.tgz"), &archive::tar_gz(&entries, release.epoch)?)
}
