//! The component: its bytes, their digest, and an image of it that was compiled ahead of time.
//!
//! Hosts and tests take it from here and never look for files. It is built with this crate; a build that sets
//! `AZURE_OIDC_COMPONENT` to the path of a component carries that one instead, so a release can build once and promote the bytes.

/// The component, as it is published.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.wasm"));

/// SHA-256 of [`COMPONENT`], 64 characters in lower-case hexadecimal.
pub const DIGEST: &str = env!("AZURE_OIDC_DIGEST");

/// Machine code of [`COMPONENT`] for [`IMAGE_TARGET`], for an engine of the very version of Wasmtime that this workspace pins,
/// configured by `engine.rs` of this crate.
pub static IMAGE: &[u8] = &PLACED.bytes;

/// On Linux the image lies among the program's own machine code, at the start of a page. So it can run where it is: nothing is
/// copied, only the pages in use are read from the disk, and no memory is ever made executable, which some systems forbid.
#[cfg_attr(target_os = "linux", expect(unsafe_code, reason = "a section is chosen"))]
// SAFETY: the section has a name of its own, is neither written to nor run as a whole, and is laid out like any other static.
#[cfg_attr(target_os = "linux", unsafe(link_section = ".text.azure_oidc_image"))]
static PLACED: Placed<{ BYTES.len() }> = Placed { bytes: *BYTES };

const BYTES: &[u8; include_bytes!(concat!(env!("OUT_DIR"), "/component.image")).len()] =
    include_bytes!(concat!(env!("OUT_DIR"), "/component.image"));

/// The number that ELF has for the processor of this build; the image's own must be the same. Where Cranelift makes no code the
/// image is the interpreter's, which no processor's number is in.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))]
const _: () = {
    const MACHINE: u16 = match () {
        () if cfg!(target_arch = "x86_64") => 62,
        () if cfg!(target_arch = "aarch64") => 183,
        () => 243,
    };
    assert!(u16::from_le_bytes([BYTES[18], BYTES[19]]) == MACHINE, "the image is for another processor");
};

/// Aligned to the largest page that Linux uses: the compiler that made the image aligned its parts to the pages of the target.
#[cfg_attr(target_arch = "x86_64", repr(C, align(4096)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C, align(65536)))]
struct Placed<const LENGTH: usize> {
    bytes: [u8; LENGTH],
}

/// What [`IMAGE`] runs on: the target that this crate was built for, or `pulley64` and its like.
pub const IMAGE_TARGET: &str = env!("AZURE_OIDC_IMAGE_TARGET");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_is_a_component() {
        assert!(COMPONENT.starts_with(b"\0asm\x0d\0\x01\0"));
    }

    #[test]
    fn the_digest_is_of_the_usual_form() {
        assert_eq!(DIGEST.len(), 64);
        assert!(DIGEST.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    }

    #[test]
    fn the_image_is_an_object_file_at_the_start_of_a_page() {
        assert!(IMAGE.starts_with(b"\x7fELF"));
        assert_eq!(IMAGE.as_ptr().addr() % 4096, 0);
    }
}
