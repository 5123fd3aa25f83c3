//! Sets the linker's options.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        // The adapter for WASI 0.1 is not used, and would raise the version of what is imported.
        println!("cargo::rustc-link-arg-cdylib=--wasi-adapter=none");
    }
}
