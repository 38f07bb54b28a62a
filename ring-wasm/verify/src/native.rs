//! The memory of native threads: a block of bytes, the atomics of the standard library, and parking by its locks.

use ring_wasm::memory::Memory;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::{NonNull, copy_nonoverlapping};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// How bytes are copied.
#[derive(Clone, Copy, PartialEq)]
pub enum Copies {
    /// As plain ones: a race for them is one that Miri and ThreadSanitizer report.
    Plain,
    /// Each by an atomic access, for rings with passing readers, which read what is being overwritten.
    Torn,
}

/// Shared memory for native threads. Borrow it to use it.
pub struct Native {
    start: NonNull<u8>,
    layout: Layout,
    copies: Copies,
    turn: Mutex<()>,
    notified: Condvar,
}

// SAFETY: every access goes by the rules of the Memory trait, which are made for many threads.
unsafe impl Sync for Native {}

impl Native {
    /// A memory of `bytes` zeros.
    pub fn new(bytes: u32, copies: Copies) -> Self {
        let layout = Layout::from_size_align(bytes as usize, 128).expect("a size");
        // SAFETY: the layout is not empty: the first lines are always there.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout));
        Self { start, layout, copies, turn: Mutex::new(()), notified: Condvar::new() }
    }

    /// The address of `length` bytes inside the memory.
    fn place<T>(&self, at: u32, length: u32) -> *mut T {
        assert!(at as usize + length as usize <= self.layout.size(), "no {length} bytes at {at}");
        // SAFETY: it was just checked.
        unsafe { self.start.as_ptr().add(at as usize).cast() }
    }

    fn word32(&self, at: u32) -> &AtomicU32 {
        // SAFETY: inside the memory; words of the layout are aligned.
        unsafe { AtomicU32::from_ptr(self.place(at, 4)) }
    }

    fn word64(&self, at: u32) -> &AtomicU64 {
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(self.place(at, 8)) }
    }

    fn byte(&self, at: u32) -> &AtomicU8 {
        // SAFETY: as above.
        unsafe { AtomicU8::from_ptr(self.place(at, 1)) }
    }

    /// Stores bytes that only the caller uses.
    pub fn put(&self, at: u32, bytes: &[u8]) {
        let to = self.place(at, bytes.len() as u32);
        // SAFETY: inside the memory, and another allocation than `bytes`.
        unsafe { copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }

    /// A copy of bytes that only the caller uses.
    pub fn bytes(&self, at: u32, length: u32) -> Vec<u8> {
        let mut bytes = vec![0; length as usize];
        // SAFETY: as above.
        unsafe { copy_nonoverlapping(self.place(at, length), bytes.as_mut_ptr(), bytes.len()) };
        bytes
    }

    /// Tells everybody to stop, as `SharedMemory.stop` does in TypeScript.
    pub fn stop(&self, waiters: &[u32]) {
        self.store32(ring_wasm::layout::STOP, 1, SeqCst);
        self.stir(waiters);
    }

    /// Makes whoever waits look again.
    pub fn stir(&self, waiters: &[u32]) {
        for &at in waiters {
            self.word32(at).fetch_add(ring_wasm::layout::WAITERS_STEP, SeqCst);
            self.notify(at);
        }
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

impl Memory for &Native {
    fn get32(self, at: u32) -> u32 {
        // SAFETY: a word inside the memory that nobody else stores to meanwhile.
        unsafe { self.place::<u32>(at, 4).read() }
    }

    fn set32(self, at: u32, value: u32) {
        // SAFETY: a word inside the memory that nobody else uses meanwhile.
        unsafe { self.place::<u32>(at, 4).write(value) }
    }

    fn get64(self, at: u32) -> u64 {
        // SAFETY: as get32.
        unsafe { self.place::<u64>(at, 8).read() }
    }

    fn set64(self, at: u32, value: u64) {
        // SAFETY: as set32.
        unsafe { self.place::<u64>(at, 8).write(value) }
    }

    fn load32(self, at: u32, order: Ordering) -> u32 {
        self.word32(at).load(order)
    }

    fn store32(self, at: u32, value: u32, order: Ordering) {
        self.word32(at).store(value, order);
    }

    fn load64(self, at: u32, order: Ordering) -> u64 {
        self.word64(at).load(order)
    }

    fn store64(self, at: u32, value: u64, order: Ordering) {
        self.word64(at).store(value, order);
    }

    fn replace32(self, at: u32, old: u32, new: u32) -> bool {
        self.word32(at).compare_exchange(old, new, SeqCst, SeqCst).is_ok()
    }

    fn replace64(self, at: u32, old: u64, new: u64) -> bool {
        self.word64(at).compare_exchange(old, new, SeqCst, SeqCst).is_ok()
    }

    fn or32(self, at: u32, bits: u32) -> u32 {
        self.word32(at).fetch_or(bits, SeqCst)
    }

    fn fence(self) {
        fence(SeqCst);
    }

    fn copy(self, to: u32, from: u32, length: u32) {
        if self.copies == Copies::Plain {
            // SAFETY: both inside the memory; they do not overlap.
            unsafe { copy_nonoverlapping(self.place::<u8>(from, length), self.place(to, length), length as usize) };
            return;
        }
        for done in 0..length {
            self.byte(to + done).store(self.byte(from + done).load(Relaxed), Relaxed);
        }
    }

    fn clear(self, at: u32, length: u32) {
        // SAFETY: inside the memory, and nobody else's meanwhile.
        unsafe { self.place::<u8>(at, length).write_bytes(0, length as usize) };
    }

    fn wait32(self, at: u32, expected: u32, nanoseconds: i64) -> bool {
        let deadline = u64::try_from(nanoseconds).ok().map(|time| Instant::now() + Duration::from_nanos(time));
        let mut turn = self.turn.lock().unwrap();
        // All words share one lock: who wakes without a change of this word was notified for another one.
        while self.load32(at, SeqCst) == expected {
            let Some(deadline) = deadline else {
                turn = self.notified.wait(turn).unwrap();
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            turn = self.notified.wait_timeout(turn, left).unwrap().0;
        }
        true
    }

    fn notify(self, _at: u32) {
        let _turn = self.turn.lock().unwrap();
        self.notified.notify_all();
    }
}
