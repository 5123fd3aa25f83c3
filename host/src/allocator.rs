//! The memory allocator on Linux: dlmalloc, set up so that it gives unused memory back to the system.
//!
//! dlmalloc gives back whole segments, and merges segments that lie side by side. Linux places each
//! mapping beside the one before, so with the library's own `GlobalDlmalloc` everything becomes one
//! segment, and a service keeps for ever what it needed in its worst moment. Only segments with
//! equal flags are merged, so here each has flags of its own.

#![expect(unsafe_code, reason = "the traits of allocators are unsafe, and so are the system's calls")]

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dlmalloc::{Allocator as Source, Dlmalloc};

/// The smallest segment. A small block that stays keeps a whole one.
const SEGMENT: usize = 16 << 10;

pub(crate) struct Allocator(Mutex<Dlmalloc<Segments>>);

impl Allocator {
    pub(crate) const fn new() -> Self {
        let mut memory = Dlmalloc::new_with_allocator(Segments { flags: AtomicU32::new(0) });
        memory.set_granularity(SEGMENT);
        Self(Mutex::new(memory))
    }

    /// Gives unused segments back to the system.
    pub(crate) fn trim(&self) {
        // SAFETY: changes no memory that is in use.
        unsafe { self.lock().trim(0) };
    }

    fn lock(&self) -> MutexGuard<'_, Dlmalloc<Segments>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: dlmalloc has the contracts of this trait, and the lock lets in one thread at a time.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { self.lock().malloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { self.lock().free(block, layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { self.lock().calloc(layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { self.lock().realloc(block, layout.size(), layout.align(), size) }
    }
}

/// The system's memory. As `dlmalloc`'s own, but for the flags.
struct Segments {
    /// The flags of the next segment. Bit 0 stays zero: it would say that the segment must stay.
    flags: AtomicU32,
}

// SAFETY: each function does what the trait asks for, and says so when it cannot.
unsafe impl Source for Segments {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_ANONYMOUS | libc::MAP_PRIVATE;
        let block = unsafe { libc::mmap(ptr::null_mut(), size, access, kind, -1, 0) };
        match block == libc::MAP_FAILED {
            true => (ptr::null_mut(), 0, 0),
            false => (block.cast(), size, self.flags.fetch_add(2, Ordering::Relaxed)),
        }
    }

    fn remap(&self, block: *mut u8, old: usize, new: usize, can_move: bool) -> *mut u8 {
        let flags = if can_move { libc::MREMAP_MAYMOVE } else { 0 };
        let block = unsafe { libc::mremap(block.cast(), old, new, flags) };
        if block == libc::MAP_FAILED { ptr::null_mut() } else { block.cast() }
    }

    fn free_part(&self, block: *mut u8, old: usize, new: usize) -> bool {
        unsafe { libc::munmap(block.add(new).cast(), old - new) == 0 }
    }

    fn free(&self, block: *mut u8, size: usize) -> bool {
        unsafe { libc::munmap(block.cast(), size) == 0 }
    }

    fn can_release_part(&self, _flags: u32) -> bool {
        true
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        4096
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_between_blocks_in_use_goes_back_to_the_system() {
        const BLOCK: usize = 48 << 10;
        let layout = Layout::from_size_align(BLOCK, 8).unwrap();
        let allocator = Allocator::new();
        let blocks: Vec<_> = (0..200).map(|_| unsafe { allocator.alloc(layout) }).collect();
        let (first, last) = (blocks[0], blocks[199]);
        for block in &blocks[1..199] {
            unsafe { allocator.dealloc(*block, layout) };
        }
        allocator.trim();
        unsafe {
            first.write_bytes(1, BLOCK);
            last.write_bytes(1, BLOCK);
        }
        let kept = unsafe { allocator.0.into_inner().unwrap().destroy() };
        assert!((2 * BLOCK..=6 * BLOCK).contains(&kept), "{kept} bytes are kept of {}", 200 * BLOCK);
    }
}
