//! Provides the component: its bytes (compressed), their digest, and an image that was compiled
//! ahead of time.
//!
//! The host takes them from here and never looks for files. The build script of this crate builds
//! the component. If `AZURE_OIDC_COMPONENT` names a component, that one is embedded, so a release
//! can build once.

use std::io::Read;

use lzma_rust2::LzmaReader;

/// The component in LZMA's format: less than a third of its size.
static COMPRESSED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.wasm.lzma"));

/// The component, as it is published. Each call decompresses it.
#[must_use]
pub fn component() -> Vec<u8> {
    let mut bytes = Vec::new();
    LzmaReader::new_mem_limit(COMPRESSED, u32::MAX, None)
        .and_then(|mut reader| reader.read_to_end(&mut bytes))
        .expect("the build script compressed it");
    bytes
}

/// SHA-256 of [`component`]: 64 characters in lower-case hexadecimal.
pub const DIGEST: &str = env!("AZURE_OIDC_DIGEST");

/// Machine code of the component for [`IMAGE_TARGET`]. It loads only into the version of wasmtime
/// that this workspace pins, configured by `engine.rs` of this crate.
pub static IMAGE: &[u8] = &PLACED.bytes;

/// On Linux the image is in the section of the program's own machine code, at the start of a page.
/// So it runs where it is: nothing is copied, only the pages in use are read from the disk, and no
/// memory is made executable, which some systems forbid.
#[cfg_attr(target_os = "linux", expect(unsafe_code, reason = "a section is chosen"))]
// SAFETY: no other item uses this section, and the bytes are neither changed nor called as a
// function.
#[cfg_attr(target_os = "linux", unsafe(link_section = ".text.azure_oidc_image"))]
static PLACED: Placed<{ BYTES.len() }> = Placed { bytes: *BYTES };

const BYTES: &[u8; include_bytes!(concat!(env!("OUT_DIR"), "/component.image")).len()] =
    include_bytes!(concat!(env!("OUT_DIR"), "/component.image"));

/// Checks that the image is for this build's processor, by ELF's number for it. On other processors
/// than these the image is for the interpreter and has no such number.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const _: () = {
    const MACHINE: u16 = if cfg!(target_arch = "x86_64") { 62 } else { 183 };
    assert!(u16::from_le_bytes([BYTES[18], BYTES[19]]) == MACHINE, "the image is for another processor");
};

/// Aligned to the largest page that Linux uses, as the parts of the image are.
#[cfg_attr(target_arch = "x86_64", repr(C, align(4096)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C, align(65536)))]
struct Placed<const LENGTH: usize> {
    bytes: [u8; LENGTH],
}

/// The target of [`IMAGE`]: the target of this crate, or wasmtime's interpreter (`pulley64` and so
/// on).
pub const IMAGE_TARGET: &str = env!("AZURE_OIDC_IMAGE_TARGET");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_component_is_the_one_that_was_built() {
        let built = include_bytes!(concat!(env!("OUT_DIR"), "/component.wasm"));
        assert!(built.starts_with(b"\0asm\x0d\0\x01\0"));
        assert!(component() == built);
    }

    #[test]
    fn the_digest_is_hexadecimal() {
        assert_eq!(DIGEST.len(), 64);
        assert!(DIGEST.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    }

    #[test]
    fn the_image_is_an_object_file_at_the_start_of_a_page() {
        assert!(IMAGE.starts_with(b"\x7fELF"));
        assert_eq!(IMAGE.as_ptr().addr() % 4096, 0);
    }
}
