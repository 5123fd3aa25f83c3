//! Loads the embedded component, which is compiled to machine code at build time.

use azure_oidc_artifact::{IMAGE, IMAGE_TARGET};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, Result};

#[path = "../../../crates/artifact/engine.rs"]
mod engine;

/// Creates an engine and loads the embedded image.
///
/// # Errors
///
/// When the processor lacks a feature that the image uses, or the system has no memory for the
/// pool.
pub(super) fn load(strategy: InstanceAllocationStrategy) -> Result<(Engine, Component)> {
    let mut config = engine::config(IMAGE_TARGET)?;
    config.allocation_strategy(strategy);
    in_place::prepare(&mut config);
    let engine = Engine::new(&config)?;
    let component = in_place::load(&engine)?;
    Ok((engine, component))
}

/// Runs the image in place, in this program's own code section.
#[cfg(target_os = "linux")]
mod in_place {
    use super::{Component, Config, Engine, IMAGE, Result};
    use std::ptr::NonNull;
    use std::sync::Arc;
    use wasmtime::CustomCodeMemory;

    /// Code that is executable already, so there is nothing to publish.
    struct Executable;

    impl CustomCodeMemory for Executable {
        fn required_alignment(&self) -> usize {
            4096
        }

        fn publish_executable(&self, _start: *const u8, _length: usize) -> Result<()> {
            Ok(())
        }

        fn unpublish_executable(&self, _start: *const u8, _length: usize) -> Result<()> {
            Ok(())
        }
    }

    pub(super) fn prepare(config: &mut Config) {
        config.with_custom_code_memory(Some(Arc::new(Executable)));
    }

    #[expect(unsafe_code, reason = "the engine trusts the machine code")]
    pub(super) fn load(engine: &Engine) -> Result<Component> {
        // SAFETY: the image is part of this program, which nothing can write to or replace at run
        // time. The build script of the artifact crate compiled it with the exact version of
        // Wasmtime that is linked here (the workspace pins it) and the configuration of this engine
        // (both use engine.rs).
        unsafe { Component::deserialize_raw(engine, NonNull::from(IMAGE)) }
    }
}

/// Copies the image, and makes the copy executable.
#[cfg(not(target_os = "linux"))]
mod in_place {
    use super::{Component, Config, Engine, IMAGE, Result};

    pub(super) fn prepare(_config: &mut Config) {}

    #[expect(unsafe_code, reason = "the engine trusts the machine code")]
    pub(super) fn load(engine: &Engine) -> Result<Component> {
        // SAFETY: as for Linux above.
        unsafe { Component::deserialize(engine, IMAGE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_image_can_be_loaded() {
        load(InstanceAllocationStrategy::OnDemand).unwrap();
    }

    #[test]
    fn a_component_that_is_not_compiled_is_refused_because_the_host_has_no_compiler() {
        let engine = Engine::new(&engine::config(IMAGE_TARGET).unwrap()).unwrap();
        #[expect(unsafe_code, reason = "the bytes are rejected by their first check")]
        // SAFETY: the engine first checks that the bytes are an image, and a component is not.
        let loaded = unsafe { Component::deserialize(&engine, azure_oidc_artifact::component()) };
        assert!(loaded.is_err());
    }
}
