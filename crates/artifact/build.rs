//! Builds the component, or takes the one that `AZURE_OIDC_COMPONENT` names, and compiles it ahead of time.
//!
//! A release sets the variable, so that the bytes that were tested and signed are the bytes that go into every host.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use sha2::{Digest, Sha256};
use wasmtime::Engine;

#[path = "description.rs"]
mod description;
#[path = "engine.rs"]
mod engine;
#[path = "guest.rs"]
mod guest;

use guest::WASM_TARGET;

/// Names a component to use instead of building one.
const GIVEN: &str = "AZURE_OIDC_COMPONENT";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            for line in error.to_string().lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    for file in ["build.rs", "description.rs", "engine.rs", "guest.rs"] {
        println!("cargo::rerun-if-changed={file}");
    }
    println!("cargo::rerun-if-env-changed={GIVEN}");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let component = match env::var_os(GIVEN) {
        Some(given) => {
            println!("cargo::rerun-if-changed={}", PathBuf::from(&given).display());
            read(Path::new(&given))?
        }
        None => description::described(&read(&built(&out.join("target"))?)?)?,
    };
    let (target, image) = compiled(&component, &env::var("TARGET")?)?;

    fs::write(out.join("component.wasm"), &component)?;
    fs::write(out.join("component.image"), image)?;
    let digest: String = Sha256::digest(&component).iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env=AZURE_OIDC_DIGEST={digest}");
    println!("cargo::rustc-env=AZURE_OIDC_IMAGE_TARGET={target}");
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if !bytes.starts_with(description::PREAMBLE) {
        return Err(format!("{} is not a WebAssembly component", path.display()).into());
    }
    Ok(bytes)
}

/// The image and what it is for: the target itself, or Wasmtime's interpreter where the compiler has no such target.
fn compiled(component: &[u8], target: &str) -> Result<(String, Vec<u8>)> {
    let image = |target: &str| -> Result<Vec<u8>> {
        // Only the compiler for this machine's own processor is built in, unless the feature asks for all of them.
        let engine = engine::config(target).and_then(|config| Engine::new(&config)).map_err(|error| {
            format!(
                "no code can be made for {target}: {error:#}\nbuild with: --features azure-oidc-artifact/all-targets"
            )
        })?;
        Ok(engine.precompile_component(component)?)
    };
    if is_compilable() {
        return Ok((target.to_owned(), image(target)?));
    }
    let width = env::var("CARGO_CFG_TARGET_POINTER_WIDTH")?;
    let endian = if env::var("CARGO_CFG_TARGET_ENDIAN")? == "big" { "be" } else { "" };
    let interpreter = format!("pulley{width}{endian}");
    let image = image(&interpreter)?;
    Ok((interpreter, image))
}

/// Whether Cranelift makes code for the target's processor.
fn is_compilable() -> bool {
    env::var("CARGO_CFG_TARGET_ARCH")
        .is_ok_and(|arch| ["x86_64", "aarch64", "riscv64", "s390x"].contains(&arch.as_str()))
}

/// Builds the component, and has cargo watch its sources.
fn built(target_dir: &Path) -> Result<PathBuf> {
    let workspace = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    require_wasm_target()?;
    let status = guest::build(env::var("CARGO")?.as_ref(), &workspace, target_dir, &guest::cargo_home()?).status()?;
    if !status.success() {
        return Err(format!("the component did not build ({status}); see above").into());
    }
    let made = guest::made(target_dir);
    watch(&workspace, target_dir, &made.with_extension("d"))?;
    Ok(made)
}

fn require_wasm_target() -> Result<()> {
    let output =
        Command::new(env::var("RUSTC")?).args(["--print", "target-libdir", "--target", WASM_TARGET]).output()?;
    let libraries = String::from_utf8(output.stdout)?;
    if output.status.success() && Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    Err(format!("this toolchain cannot build for {WASM_TARGET}\nadd it with: rustup target add {WASM_TARGET}").into())
}

/// Asks cargo to run this again when a file changes from which the component was made, as the compiler noted them down.
/// What the build itself makes is newer than the start of this script, and would have cargo run it again each time.
fn watch(workspace: &Path, target_dir: &Path, dep_info: &Path) -> Result<()> {
    for line in fs::read_to_string(dep_info)?.lines() {
        let Some((_made, sources)) = line.split_once(": ") else { continue };
        // A space within a path is written `\ `.
        let sources = sources.replace("\\ ", "\0");
        for source in sources.split_whitespace().map(|source| source.replace('\0', " ")) {
            if !Path::new(&source).starts_with(target_dir) {
                println!("cargo::rerun-if-changed={source}");
            }
        }
    }
    for manifest in [
        "Cargo.toml",
        "Cargo.lock",
        "crates/core/Cargo.toml",
        "crates/ecdsa/Cargo.toml",
        "crates/cli/Cargo.toml",
        "crates/component/Cargo.toml",
    ] {
        println!("cargo::rerun-if-changed={}", workspace.join(manifest).display());
    }
    Ok(())
}
