//! `cargo xtask check-targets [macos]`: checks the host for all targets without linking, and compiles
//! the image for each.

use std::borrow::BorrowMut;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::component_to_carry;
use super::platforms::{APPLE, OTHERS, Platform, STATIC};
use crate::{build, tools};

/// Checks all targets with the component that was built here.
pub(crate) fn run() -> Result<()> {
    let component = component_to_carry(&build::everything()?.component)?;
    for platform in STATIC.iter().map(|(_, platform)| platform).chain(&OTHERS) {
        check(platform, platform.cargo("check", &component)?)?;
    }
    Ok(())
}

/// Checks the targets of macOS. Zig's compiler takes the place of Apple's, which exists on macOS
/// only. There are no frameworks to link with, so no program comes of it.
pub(crate) fn macos() -> Result<()> {
    let component = component_to_carry(&build::everything()?.component)?;
    let zig = tools::zig()?;
    for (platform, name) in &APPLE {
        let mut command = platform.cargo("check", &component)?;
        let compiler = format!("{} -m ziglang cc -target {name}", zig.display());
        command.env(format!("CC_{}", platform.triple.replace('-', "_")), compiler);
        // Zig has other names for targets than those that the crate `cc` adds.
        check(platform, command.env("CRATE_CC_NO_DEFAULTS", "1"))?;
    }
    Ok(())
}

fn check(platform: &Platform, mut command: impl BorrowMut<Command>) -> Result<()> {
    eprintln!("\u{2022} cargo check for {}", platform.triple);
    let output = command
        .borrow_mut()
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo could not be started")?;
    ensure!(output.status.success(), "the host does not build for {}", platform.triple);
    let image = std::fs::read(image(&output.stdout).context("cargo did not print the path of the image")?)?;
    platform.judge_image(&image)?;
    println!("{}: {} KiB of machine code for its processor and system", platform.triple, image.len() / 1024);
    Ok(())
}

/// The path of the image that the artifact's build script wrote.
fn image(messages: &[u8]) -> Option<PathBuf> {
    let messages = messages.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let mut scripts = messages.filter(|message| message["reason"] == "build-script-executed");
    let ours = scripts.find(|message| {
        message["package_id"]
            .as_str()
            .is_some_and(|id| id.contains("azure-oidc-artifact") || id.contains("crates/artifact"))
    })?;
    Some(Path::new(ours["out_dir"].as_str()?).join("component.image"))
}
