//! What the algorithms may do to memory. They are written over this trait, so that the same source runs as WASM, under
//! native threads and under a model checker.

use core::sync::atomic::Ordering;

/// Shared memory, addressed from 0.
///
/// `get` and `set` are for words that only the caller's side touches, or that never change. Every other word is
/// reached by the operations that take an [`Ordering`]. (On WASM each of those is sequentially consistent, whatever
/// it asks for: the orderings say what the algorithm needs.)
pub trait Memory: Copy {
    /// How often something is tried that fails for a moment only.
    const PATIENCE: u32 = 32;

    fn get32(self, at: u32) -> u32;
    fn set32(self, at: u32, value: u32);
    fn get64(self, at: u32) -> u64;
    fn set64(self, at: u32, value: u64);

    fn load32(self, at: u32, order: Ordering) -> u32;
    fn store32(self, at: u32, value: u32, order: Ordering);
    fn load64(self, at: u32, order: Ordering) -> u64;
    fn store64(self, at: u32, value: u64, order: Ordering);
    /// Stores `new` where `old` still is. True if it was.
    fn replace32(self, at: u32, old: u32, new: u32) -> bool;
    /// As `replace32`.
    fn replace64(self, at: u32, old: u64, new: u64) -> bool;
    /// Sets bits and returns the word as it was before.
    fn or32(self, at: u32, bits: u32) -> u32;
    fn fence(self);

    /// Copies `length` bytes that do not overlap. A passing reader may copy while the writer stores: what it then has is
    /// torn, and it finds out afterwards.
    fn copy(self, to: u32, from: u32, length: u32);
    /// Makes `length` bytes zero, which nobody else touches meanwhile.
    fn clear(self, at: u32, length: u32);

    /// Parks until notified, while the word still is `expected`, for at most `nanoseconds`. True unless the time ran out.
    fn wait32(self, at: u32, expected: u32, nanoseconds: i64) -> bool;
    /// Wakes all who are parked on the word.
    fn notify(self, at: u32);
}
