//! Sets the linker's options and minifies the OpenAPI document that the service serves.

use std::path::Path;
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The memory at the start, in bytes (pages of 64 KiB). A usual run needs no more, so an instance
/// of the service need not grow. Pages that are not used take no memory of the machine.
const MEMORY: u32 = 2 << 20;
const OPENAPI: &str = "../../schemas/openapi.json";

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, wanted: &str| env::var(variable).is_ok_and(|value| value == wanted);
    let is_wasm = is("CARGO_CFG_TARGET_ARCH", "wasm32");
    if is_wasm {
        // The adapter for WASI 0.1 is not used. With it, the linker would raise imports to the
        // version of WASI that the adapter names, and leave the exports at that of the `wasi`
        // crate.
        println!("cargo::rustc-link-arg-cdylib=--wasi-adapter=none");
    }
    if is_wasm && !is("OPT_LEVEL", "0") {
        // Debuggers need the padding of relocations, so only an optimised build leaves it out.
        println!("cargo::rustc-link-arg-cdylib=--compress-relocations");
        println!("cargo::rustc-link-arg-cdylib=--strip-debug");
        println!("cargo::rustc-link-arg-cdylib=--initial-memory={MEMORY}");
    }
    println!("cargo::rerun-if-changed={OPENAPI}");
    let document: serde_json::Value = serde_json::from_str(&fs::read_to_string(OPENAPI)?)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("openapi.json"), format!("{document}\n"))?;
    Ok(())
}
