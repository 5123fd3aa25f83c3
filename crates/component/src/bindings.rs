//! What wit-bindgen makes of the world in `wit/`: WASI's interfaces and ours, in one version each.

wit_bindgen::generate!({
    path: "../../wit",
    world: "plugin",
    generate_all,
});

// The names of the exports are no names for a native linker.
#[cfg(target_arch = "wasm32")]
export!(Component);

/// Carries the exports; each is implemented in its own file under `exports`.
pub struct Component;
