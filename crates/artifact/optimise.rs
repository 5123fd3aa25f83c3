//! Makes the component's code smaller with Binaryen's `wasm-opt`. The build script and
//! `cargo xtask reproduce` both include this file.
//!
//! LLVM compiles one function at a time; `wasm-opt` looks at the whole module, merges functions that
//! are equal and drops what is never reached. The component and its image become a tenth smaller.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use wasm_encoder::{ComponentSection, RawSection};
use wasmparser::BinaryReader;

use super::description::PREAMBLE;

/// What Rust's compiler uses for wasm32-wasip2. `wasm-opt` refuses other features.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Modules below this size only connect the others.
const WORTHWHILE: usize = 64 * 1024;

/// Returns the component with its code optimised for size. `folder` is for temporary files.
///
/// # Errors
///
/// If the bytes are not a component, or `wasm-opt` fails.
pub(crate) fn optimised(component: &[u8], wasm_opt: &Path, folder: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    const CORE_MODULE: u8 = 1;
    let mut optimised = PREAMBLE.to_vec();
    let mut reader = BinaryReader::new(component, 0);
    reader.read_bytes(PREAMBLE.len())?;
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()? as usize;
        let data = reader.read_bytes(length)?;
        if id == CORE_MODULE && length >= WORTHWHILE {
            RawSection { id, data: &module(data, wasm_opt, folder)? }.append_to_component(&mut optimised);
        } else {
            RawSection { id, data }.append_to_component(&mut optimised);
        }
    }
    Ok(optimised)
}

fn module(module: &[u8], wasm_opt: &Path, folder: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let (before, after) = (folder.join("before.wasm"), folder.join("after.wasm"));
    fs::write(&before, module)?;
    let mut command = Command::new(wasm_opt);
    command.args(FEATURES).arg("-Oz").arg(&before).arg("--output").arg(&after);
    let status = command.status().map_err(|error| format!("cannot run {}: {error}", wasm_opt.display()))?;
    if !status.success() {
        return Err(format!("{} failed ({status}); see above", wasm_opt.display()).into());
    }
    Ok(fs::read(after)?)
}
