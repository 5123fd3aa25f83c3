//! Gives memory that is free again back to the system.

/// Asks the allocator of glibc to do it, which keeps free memory between the parts in use. The
/// buffers of a flood would stay with the process for ever, as they do in a program with musl, whose
/// allocator here has no such call: there, the next flood uses them again.
pub(super) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a call of C without arguments that could be wrong")]
    // SAFETY: `malloc_trim` takes the allocator's own locks and changes no memory in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
