//! The engine, and the component as machine code in it.

use azure_oidc_artifact::{IMAGE, IMAGE_TARGET};
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, Result};

#[path = "../../../crates/artifact/engine.rs"]
mod engine;

/// Makes an engine and loads the image that this program carries.
///
/// # Errors
///
/// When the processor lacks what the image needs, or the system the memory of a pool.
pub(super) fn load(strategy: InstanceAllocationStrategy) -> Result<(Engine, Component)> {
    let mut config = engine::config(IMAGE_TARGET)?;
    config.allocation_strategy(strategy);
    in_place::prepare(&mut config);
    let engine = Engine::new(&config)?;
    let component = in_place::load(&engine)?;
    Ok((engine, component))
}

/// The image runs where it lies, among this program's own machine code.
#[cfg(target_os = "linux")]
mod in_place {
    use super::{Component, Config, Engine, IMAGE, Result};
    use std::ptr::NonNull;
    use std::sync::Arc;
    use wasmtime::CustomCodeMemory;

    /// Machine code that the system loaded as such: there is nothing to be done, and nothing to be undone.
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

    #[expect(unsafe_code, reason = "machine code is taken on trust")]
    pub(super) fn load(engine: &Engine) -> Result<Component> {
        // SAFETY: the image is part of this program and is never written to. The build script of the artifact crate made it with the
        // version of Wasmtime that is linked here (both are pinned to one exact version) and with the configuration of this engine
        // (both include one file), and nothing can replace it at run time.
        unsafe { Component::deserialize_raw(engine, NonNull::from(IMAGE)) }
    }
}

/// The image is copied, and the copy made executable.
#[cfg(not(target_os = "linux"))]
mod in_place {
    use super::{Component, Config, Engine, IMAGE, Result};

    pub(super) fn prepare(_config: &mut Config) {}

    #[expect(unsafe_code, reason = "machine code is taken on trust")]
    pub(super) fn load(engine: &Engine) -> Result<Component> {
        // SAFETY: the image is part of this program. The build script of the artifact crate made it with the version of Wasmtime that
        // is linked here (both are pinned to one exact version) and with the configuration of this engine (both include one file),
        // and nothing can replace it at run time.
        unsafe { Component::deserialize(engine, IMAGE) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_that_is_carried_can_be_loaded() {
        load(InstanceAllocationStrategy::OnDemand).unwrap();
    }

    #[test]
    fn a_plain_component_is_refused_because_there_is_no_compiler() {
        let engine = Engine::new(&engine::config(IMAGE_TARGET).unwrap()).unwrap();
        #[expect(unsafe_code, reason = "the bytes are refused before anything is done with them")]
        // SAFETY: the component is no image, which is what the engine looks at first.
        let loaded = unsafe { Component::deserialize(&engine, azure_oidc_artifact::COMPONENT) };
        assert!(loaded.is_err());
    }
}
