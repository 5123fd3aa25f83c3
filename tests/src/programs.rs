//! The paths of the programs under test.

use std::path::PathBuf;

/// The native host.
pub fn host() -> PathBuf {
    from("AZURE_OIDC_BIN")
}

/// The component, written to a file by the native host.
pub fn component() -> PathBuf {
    from("AZURE_OIDC_WASM")
}

/// The stock wasmtime CLI.
pub fn wasmtime() -> PathBuf {
    from("WASMTIME")
}

/// The engine of `examples/embed-rust`, which answers calls of the typed functions.
pub fn embed() -> PathBuf {
    from("AZURE_OIDC_EMBED")
}

/// The component of `examples/deploy/settings`, for wasmtime or for Spin.
pub fn settings(for_spin: bool) -> PathBuf {
    from(if for_spin { "AZURE_OIDC_SETTINGS_SPIN" } else { "AZURE_OIDC_SETTINGS" })
}

/// The program of `tests/azure-identity`, with the SDK for Rust.
pub fn azure_identity() -> PathBuf {
    from("AZURE_OIDC_AZURE_IDENTITY")
}

fn from(variable: &str) -> PathBuf {
    match std::env::var_os(variable).map(PathBuf::from) {
        Some(path) if path.is_file() => path,
        Some(path) => panic!("{variable} names {}, which is no file: run `cargo xtask test`", path.display()),
        None => panic!("{variable} is not set: run `cargo xtask test`"),
    }
}
