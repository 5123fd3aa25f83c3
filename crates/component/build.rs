//! Asks the linker to write the numbers in the component's code as short as they are. Debuggers
//! need them padded, so only an optimised build does without. Asks it for as much memory as a usual
//! run needs: a service's instance then need not ask its host for more. And takes the white space
//! out of the OpenAPI document that the service serves.

use std::path::Path;
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The memory at the start, in bytes: whole pages of 64 KiB. What is not used takes none of the
/// machine's.
const MEMORY: u32 = 2 << 20;
const OPENAPI: &str = "../../schemas/openapi.json";

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, wanted: &str| env::var(variable).is_ok_and(|value| value == wanted);
    if is("CARGO_CFG_TARGET_ARCH", "wasm32") && !is("OPT_LEVEL", "0") {
        println!("cargo::rustc-link-arg-cdylib=--compress-relocations");
        println!("cargo::rustc-link-arg-cdylib=--strip-debug");
        println!("cargo::rustc-link-arg-cdylib=--initial-memory={MEMORY}");
    }
    println!("cargo::rerun-if-changed={OPENAPI}");
    let document: serde_json::Value = serde_json::from_str(&fs::read_to_string(OPENAPI)?)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("openapi.json"), format!("{document}\n"))?;
    Ok(())
}
