//! How the engine is configured. The build script that makes the image and the host that loads it both include this very file,
//! because an image only loads into an engine with the same settings.

use wasmtime::{Config, Result};

/// The configuration for images of `target`: a target triple, or `pulley64` and its like for Wasmtime's interpreter.
///
/// The triple is always set, also when it is the machine's own: only then are the features of the processor at hand not used, and
/// the image runs on every processor of the architecture.
///
/// # Errors
///
/// When Wasmtime does not know the target.
pub(crate) fn config(target: &str) -> Result<Config> {
    let mut config = Config::new();
    config.target(target)?;
    // Nobody reads the names and the backtrace of a guest, and without their tables the image is a quarter smaller. Windows walks
    // every stack with the help of one of them.
    let unwind = target.contains("windows");
    config.debug_symbols(false).generate_address_map(false).wasm_backtrace_max_frames(None).native_unwind_info(unwind);
    Ok(config)
}
