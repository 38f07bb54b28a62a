//! A ring of frames between two native threads: one copy in, one copy out. Both sides spin.

use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::thread::yield_now;

/// Rounds of spinning between two offers of the core to others: there may be fewer cores than threads.
const SPINS: u32 = 1 << 12;

/// Something with two cache lines to itself.
#[derive(Clone, Copy)]
#[repr(align(128))]
pub struct Line<T>(pub T);

/// Memory that begins on a line, as Ringmill's frames do: some processors copy others at a fraction of the speed.
pub struct Bytes(Box<[UnsafeCell<Line<[u8; 128]>>]>);

impl Bytes {
    pub fn new(bytes: usize) -> Self {
        Bytes((0..bytes.div_ceil(128)).map(|_| UnsafeCell::new(Line([1; 128]))).collect())
    }

    pub fn at(&self, offset: usize) -> *mut u8 {
        self.0[offset / 128].get().cast::<u8>().wrapping_add(offset % 128)
    }
}

pub struct Ring {
    written: Line<AtomicUsize>,
    read: Line<AtomicUsize>,
    slots: Bytes,
    frame: usize,
    frames: usize,
}

// SAFETY: a slot is the writer's until `written` passes it, and the reader's until `read` does.
unsafe impl Sync for Ring {}

/// Spins until `ready`.
pub fn spin_until(ready: impl Fn() -> bool) {
    loop {
        for _ in 0..SPINS {
            if ready() {
                return;
            }
            spin_loop();
        }
        yield_now();
    }
}

impl Ring {
    pub fn new(frame: usize, frames: usize) -> Self {
        let word = || Line(AtomicUsize::new(0));
        Ring { written: word(), read: word(), slots: Bytes::new(frame * frames), frame, frames }
    }

    fn slot(&self, n: usize) -> *mut u8 {
        self.slots.at(n % self.frames * self.frame)
    }

    /// Writes the `n`th frame. `room` is the writer's own: the frame up to which it knows of room.
    pub fn write(&self, n: usize, room: &mut usize, frame: *const u8) {
        if n == *room {
            spin_until(|| self.read.0.load(Acquire) + self.frames > n);
            *room = self.read.0.load(Acquire) + self.frames;
        }
        // SAFETY: the reader is past this slot, and comes back to it only after the store below.
        unsafe { self.slot(n).copy_from_nonoverlapping(frame, self.frame) };
        self.written.0.store(n + 1, Release);
    }

    /// Reads the `n`th frame. `seen` is the reader's own: the frame up to which it knows of frames.
    pub fn read(&self, n: usize, seen: &mut usize, frame: *mut u8) {
        if n == *seen {
            spin_until(|| self.written.0.load(Acquire) > n);
            *seen = self.written.0.load(Acquire);
        }
        // SAFETY: the writer has published this slot, and comes back to it only after the store below.
        unsafe { self.slot(n).copy_to_nonoverlapping(frame, self.frame) };
        self.read.0.store(n + 1, Release);
    }
}
