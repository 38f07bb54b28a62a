//! The memory of the WASM instance.

use crate::memory::Memory;
use core::arch::wasm32::{memory_atomic_notify, memory_atomic_wait32, v128, v128_load, v128_store};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// The instance's only memory. An address is an offset into it.
#[derive(Clone, Copy)]
pub struct Instance;

/// Up to this length a loop of moves is faster than `memory.copy`, which leaves the compiled code.
const SHORT: u32 = 256;
/// Bytes that one round of the loop moves.
const CHUNK: u32 = 64;

#[inline(always)]
fn word32<'a>(at: u32) -> &'a AtomicU32 {
    // SAFETY: every word of the layout is aligned, lies inside the memory, which never shrinks, and is not address 0.
    unsafe { AtomicU32::from_ptr(at as *mut u32) }
}

#[inline(always)]
fn word64<'a>(at: u32) -> &'a AtomicU64 {
    // SAFETY: as above.
    unsafe { AtomicU64::from_ptr(at as *mut u64) }
}

impl Memory for Instance {
    #[inline(always)]
    fn get32(self, at: u32) -> u32 {
        // SAFETY: an aligned word inside the memory that no other thread stores to meanwhile.
        unsafe { (at as *const u32).read() }
    }

    #[inline(always)]
    fn set32(self, at: u32, value: u32) {
        // SAFETY: an aligned word inside the memory that no other thread touches meanwhile.
        unsafe { (at as *mut u32).write(value) }
    }

    #[inline(always)]
    fn get64(self, at: u32) -> u64 {
        // SAFETY: as get32.
        unsafe { (at as *const u64).read() }
    }

    #[inline(always)]
    fn set64(self, at: u32, value: u64) {
        // SAFETY: as set32.
        unsafe { (at as *mut u64).write(value) }
    }

    #[inline(always)]
    fn load32(self, at: u32, order: Ordering) -> u32 {
        word32(at).load(order)
    }

    #[inline(always)]
    fn store32(self, at: u32, value: u32, order: Ordering) {
        word32(at).store(value, order)
    }

    #[inline(always)]
    fn load64(self, at: u32, order: Ordering) -> u64 {
        word64(at).load(order)
    }

    #[inline(always)]
    fn store64(self, at: u32, value: u64, order: Ordering) {
        word64(at).store(value, order)
    }

    #[inline(always)]
    fn replace32(self, at: u32, old: u32, new: u32) -> bool {
        word32(at).compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    #[inline(always)]
    fn replace64(self, at: u32, old: u64, new: u64) -> bool {
        word64(at).compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    #[inline(always)]
    fn or32(self, at: u32, bits: u32) -> u32 {
        word32(at).fetch_or(bits, Ordering::SeqCst)
    }

    #[inline(always)]
    fn fence(self) {
        fence(Ordering::SeqCst)
    }

    #[inline(always)]
    fn copy(self, to: u32, from: u32, length: u32) {
        if length > SHORT || length % CHUNK != 0 {
            // SAFETY: both ranges lie inside the memory and do not overlap.
            unsafe { core::ptr::copy_nonoverlapping(from as *const u8, to as *mut u8, length as usize) };
            return;
        }
        let mut done = 0;
        while done != length {
            // SAFETY: as above; the instructions take any alignment.
            unsafe {
                let from = (from + done) as *const v128;
                let chunk = (v128_load(from), v128_load(from.add(1)), v128_load(from.add(2)), v128_load(from.add(3)));
                let to = (to + done) as *mut v128;
                v128_store(to, chunk.0);
                v128_store(to.add(1), chunk.1);
                v128_store(to.add(2), chunk.2);
                v128_store(to.add(3), chunk.3);
            }
            done += CHUNK;
        }
    }

    #[inline(always)]
    fn clear(self, at: u32, length: u32) {
        if length > SHORT {
            // SAFETY: inside the memory, and nobody else's meanwhile.
            unsafe { core::ptr::write_bytes(at as *mut u8, 0, length as usize) };
            return;
        }
        for done in (0..length).step_by(8) {
            self.set64(at + done, 0);
        }
    }

    #[inline(always)]
    fn wait32(self, at: u32, expected: u32, nanoseconds: i64) -> bool {
        // SAFETY: an aligned word inside the memory. 2 is the instruction's «timed out».
        unsafe { memory_atomic_wait32(at as *mut i32, expected as i32, nanoseconds) != 2 }
    }

    #[inline(always)]
    fn notify(self, at: u32) {
        // SAFETY: an aligned word inside the memory.
        unsafe { memory_atomic_notify(at as *mut i32, u32::MAX) };
    }
}
