//! Generates the bindings of the `azure-oidc:federation` interfaces and exports all interfaces.
//!
//! The bindings of WASI come from the [`wasi`](::wasi) crate. `wit/world.wit` describes the whole
//! component, WASI included; a test compares the built component with it.

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package azure-oidc:guest;

        world guest {
            export azure-oidc:federation/types@0.1.0;
            export azure-oidc:federation/claims@0.1.0;
            export azure-oidc:federation/exchange@0.1.0;
            export azure-oidc:federation/command@0.1.0;
            export azure-oidc:federation/broker@0.1.0;
        }
    ",
    world: "azure-oidc:guest/guest",
});

/// Implements the exported interfaces, each in a separate file under `exports`.
pub struct Component;

/// Only for WebAssembly, because a native linker does not accept the names of the exports.
#[cfg(target_family = "wasm")]
mod exported {
    use super::{Component, export};

    export!(Component with_types_in super);
    ::wasi::cli::command::export!(Component);
    ::wasi::http::proxy::export!(Component);
}
