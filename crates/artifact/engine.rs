//! Configures the wasmtime engine. The build script that makes the image and the host that loads it
//! both include this file, because an image loads only into an engine with the same settings.

use wasmtime::{Config, Result};

/// The configuration for images for `target`: a target triple, or wasmtime's interpreter
/// (`pulley64` and so on).
///
/// The triple is always set, even if it is the machine's own. Without it wasmtime would use the
/// features of this machine's processor, and the image would not run on all processors of the
/// architecture.
///
/// # Errors
///
/// If wasmtime does not know the target.
pub(crate) fn config(target: &str) -> Result<Config> {
    let mut config = Config::new();
    config.target(target)?;
    // Without the tables for names and backtraces, which nobody reads, the image is a quarter
    // smaller. Windows needs the unwind table to walk any stack.
    let unwind = target.contains("windows");
    config.debug_symbols(false).generate_address_map(false).wasm_backtrace_max_frames(None).native_unwind_info(unwind);
    // The service interrupts a request that computes for too long, and lets requests take turns. The
    // checks for that make the machine code a quarter larger.
    config.epoch_interruption(true);
    Ok(config)
}
