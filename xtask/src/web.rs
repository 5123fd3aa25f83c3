//! `cargo xtask web`: builds the claim checker for the browser, serves it on this machine, and
//! tests it in Debian's browsers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build::{self, Built};
use crate::shell;
use browsers::Browser;

mod browsers;

const SOURCE: &str = "examples/browser";
const TESTS: &str = "tests/browser";
const PORT: &str = "8000";

/// Runs `cargo xtask web` with its options.
pub(crate) fn run(options: &[&str]) -> Result<()> {
    match options {
        [] => page(&build::everything()?).map(|page| println!("\n{}", page.display())),
        ["--serve"] => serve(PORT),
        ["--serve", port] => serve(port),
        ["--test"] => test(&build::everything()?, &Browser::ALL),
        ["--test", "--browser", name] => {
            let browser = Browser::named(name).with_context(|| format!("there is no browser {name}"))?;
            in_whole(&build::everything()?, browser)
        }
        ["--screenshots"] => pictures(&build::everything()?),
        _ => bail!(
            "usage: cargo xtask web [--serve [PORT] | --test [--browser NAME] | --screenshots]\n\
             (nothing)      build the page into target/web, say how large it is\n\
             --serve        build it, and serve it to this machine on port {PORT}, or another\n\
             --test         build it, drive it in Chromium, and print how long a first visit takes;\n\
             \u{20}              then a few of the tests in Firefox and WebKitGTK\n\
             --browser NAME all tests that it can run in chromium, firefox or webkit\n\
             --screenshots  build it, measure it, and make the picture of the README again"
        ),
    }
}

/// Builds the page with a component and returns its folder.
pub(crate) fn page(built: &Built) -> Result<PathBuf> {
    let page = build::target_folder().join("web");
    let modules = installed(&format!("{SOURCE}/build"), "web")?;
    shell::run(
        node("build.mjs", &format!("{SOURCE}/build"))
            .args([&built.component, &page])
            .env("AZURE_OIDC_WEB_MODULES", modules),
    )?;
    Ok(page)
}

fn serve(port: &str) -> Result<()> {
    let page = page(&build::everything()?)?;
    shell::run(node("serve.mjs", &format!("{SOURCE}/build")).arg(page).arg(port))
}

/// Runs all tests in Chromium.
pub(crate) fn test_in_chromium(built: &Built) -> Result<()> {
    test(built, &[Browser::Chromium])
}

/// Runs all tests in Chromium, and a few in the other browsers. A browser that cannot be installed is
/// named and left out.
fn test(built: &Built, browsers: &[Browser]) -> Result<()> {
    let page = page(built)?;
    let modules = installed(TESTS, "web-tests")?;
    types(&page, &modules)?;
    for &browser in browsers {
        let mut command = Command::new("node");
        command.args(["--test", "--test-reporter", "spec"]);
        if !browser.is_installed() {
            eprintln!("\nWARNING: {}\n", browser.missing());
            if browser != Browser::Chromium {
                continue;
            }
            command.args(tests(&["alone"])?);
        } else if browser == Browser::Chromium {
            command.args(tests(&[""])?);
        } else {
            command
                .env("AZURE_OIDC_WEB_FEW", "1")
                .args(["--test-name-pattern", browsers::FEW])
                .args(tests(browsers::FEW_FILES)?);
        }
        shell::run(driven(&mut command, built, &page, &modules, browser))?;
    }
    Ok(())
}

/// Runs every test that a browser can run.
fn in_whole(built: &Built, browser: Browser) -> Result<()> {
    let page = page(built)?;
    let modules = installed(TESTS, "web-tests")?;
    if !browser.is_installed() {
        bail!("{}", browser.missing());
    }
    for (files, pattern) in browser.whole() {
        let mut command = Command::new("node");
        command.args(["--test", "--test-reporter", "spec"]);
        if let Some(pattern) = pattern {
            command.args(["--test-name-pattern", pattern]);
        }
        shell::run(driven(command.args(tests(files)?), built, &page, &modules, browser))?;
    }
    Ok(())
}

/// Prints the figures and renews the README's screenshot.
fn pictures(built: &Built) -> Result<()> {
    let page = page(built)?;
    let modules = installed(TESTS, "web-tests")?;
    let browser = Browser::Chromium;
    if !browser.is_installed() {
        bail!("{}", browser.missing());
    }
    shell::run(driven(&mut node("speed.mjs", TESTS), built, &page, &modules, browser))?;
    let picture = shell::root().join(SOURCE).join("screenshot.png");
    shell::run(driven(node("picture.mjs", TESTS).arg(&picture), built, &page, &modules, browser))?;
    println!("{}, {} KiB", picture.display(), fs::metadata(&picture)?.len() / 1024);
    Ok(())
}

/// Checks the types in the sources' comments with those of the component.
fn types(page: &Path, modules: &Path) -> Result<()> {
    shell::run(
        Command::new("node")
            .arg(modules.join("node_modules/typescript/bin/tsc"))
            .arg("--project")
            .arg(page.with_file_name("web-types")),
    )
}

/// The test files whose names have one of these prefixes.
fn tests(starts: &[&str]) -> Result<Vec<PathBuf>> {
    let folder = shell::root().join(TESTS);
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if starts.iter().any(|start| name.starts_with(start)) && name.ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn node(script: &str, folder: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(shell::root().join(folder).join(script)).current_dir(shell::root());
    command
}

/// Sets the variables that the test scripts read.
fn driven<'a>(
    command: &'a mut Command,
    built: &Built,
    page: &Path,
    modules: &Path,
    browser: Browser,
) -> &'a mut Command {
    let pictures = build::target_folder().join("web-screenshots");
    let pictures = if browser == Browser::Chromium { pictures } else { pictures.join(browser.name()) };
    command
        .current_dir(shell::root())
        .env("AZURE_OIDC_WEB_BROWSER", browser.name())
        .env("AZURE_OIDC_BIN", &built.host)
        .env("AZURE_OIDC_WEB", page)
        .env("AZURE_OIDC_WEB_TEST_MODULES", modules)
        .env("AZURE_OIDC_WEB_SCREENSHOTS", pictures)
}

/// Installs the packages of a folder below the target folder, unless the same versions are
/// installed.
fn installed(source: &str, name: &str) -> Result<PathBuf> {
    let source = shell::root().join(source);
    let place = build::target_folder().join(format!("tools-{name}"));
    let lock = fs::read(source.join("package-lock.json"))?;
    let stamp = place.join("installed.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(place);
    }
    fs::create_dir_all(&place)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(source.join(file), place.join(file))?;
    }
    shell::run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&place))?;
    fs::write(stamp, lock)?;
    Ok(place)
}
