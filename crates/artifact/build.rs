//! Builds the component, compresses it, and compiles it ahead of time.
//!
//! If `AZURE_OIDC_WASM_OPT` names Binaryen's `wasm-opt`, that makes the component smaller. The
//! commands of `cargo xtask` set the variable.
//! If `AZURE_OIDC_COMPONENT` names a component, that one is used. A release sets the variable, so
//! that every host embeds the bytes that were tested and signed.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use lzma_rust2::{LzmaOptions, LzmaWriter};
use sha2::{Digest, Sha256};
use wasmtime::Engine;

#[path = "description.rs"]
mod description;
#[path = "engine.rs"]
mod engine;
#[path = "guest.rs"]
mod guest;
#[path = "optimise.rs"]
mod optimise;

use guest::WASM_TARGET;

/// Names a component to use. If it is not set, the component is built.
const GIVEN: &str = "AZURE_OIDC_COMPONENT";
/// Names Binaryen's `wasm-opt`. If it is not set, the component stays as the compiler made it.
const OPTIMISER: &str = "AZURE_OIDC_WASM_OPT";

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
    for file in ["build.rs", "description.rs", "engine.rs", "guest.rs", "optimise.rs"] {
        println!("cargo::rerun-if-changed={file}");
    }
    println!("cargo::rerun-if-env-changed={GIVEN}");
    println!("cargo::rerun-if-env-changed={OPTIMISER}");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let component = match env::var_os(GIVEN) {
        Some(given) => {
            println!("cargo::rerun-if-changed={}", PathBuf::from(&given).display());
            read(Path::new(&given))?
        }
        None => {
            let mut component = read(&built(&out.join("target"))?)?;
            if let Some(wasm_opt) = env::var_os(OPTIMISER) {
                component = optimise::optimised(&component, Path::new(&wasm_opt), &out)?;
            }
            description::described(&component)?
        }
    };
    let (target, image) = compile(&component, &env::var("TARGET")?)?;

    fs::write(out.join("component.wasm"), &component)?;
    fs::write(out.join("component.wasm.lzma"), compress(&component)?)?;
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

/// Compresses the component. LZMA leaves a quarter less than DEFLATE, and its decoder is small too
/// (20 KiB).
fn compress(component: &[u8]) -> Result<Vec<u8>> {
    const BEST: u32 = 9;
    let length = u32::try_from(component.len())?;
    let mut options = LzmaOptions::with_preset(BEST);
    // The decoder takes as much memory as this, and more than the whole component is of no use.
    options.dict_size = length;
    let mut writer = LzmaWriter::new_use_header(Vec::new(), &options, Some(length.into()))?;
    writer.write_all(component)?;
    Ok(writer.finish()?)
}

/// Compiles the image. Returns its target too: `target`, or wasmtime's interpreter if the compiler
/// does not support `target`.
fn compile(component: &[u8], target: &str) -> Result<(String, Vec<u8>)> {
    let image = |target: &str| -> Result<Vec<u8>> {
        // Without the feature `all-targets`, only the compiler for this machine's processor is
        // built in.
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

/// Whether Cranelift can compile the component for the target's processor. For riscv64 it panics
/// (`StoreOP::from_type` in cranelift-codegen 0.135.8).
fn is_compilable() -> bool {
    env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| ["x86_64", "aarch64", "s390x"].contains(&arch.as_str()))
}

/// Builds the component and tells cargo to watch its sources.
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

/// Tells cargo to run this script again if a source of the component changes. The compiler lists
/// the sources.
///
/// Files that the build writes are skipped: they are newer than the start of this script, so cargo
/// would run it each time.
fn watch(workspace: &Path, target_dir: &Path, dep_info: &Path) -> Result<()> {
    for line in fs::read_to_string(dep_info)?.lines() {
        let Some((_made, sources)) = line.split_once(": ") else { continue };
        // The compiler writes a space in a path as `\ `.
        let sources = sources.replace("\\ ", "\0");
        for source in sources.split_whitespace().map(|source| source.replace('\0', " ")) {
            if !Path::new(&source).starts_with(target_dir) {
                println!("cargo::rerun-if-changed={source}");
            }
        }
    }
    for file in ["Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", workspace.join(file).display());
    }
    for package in ["cli", "component", "core", "ecdsa", "jobs"] {
        println!("cargo::rerun-if-changed={}", workspace.join("crates").join(package).join("Cargo.toml").display());
    }
    Ok(())
}
