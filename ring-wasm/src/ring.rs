//! The broadcast ring: one writer, any number of readers, each of which sees every byte.

use crate::doorbell::Bells;
use crate::layout::*;
use crate::memory::Memory;
use crate::waking::{wake, wake_again};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};

/// Makes a ring of `capacity` bytes (at least 1) in zeroed memory, with all its readers blocking. Positions start at
/// `start`, which only tests set to anything but 0.
pub fn init<M: Memory>(m: M, ring: u32, capacity: u32, readers: u32, start: u64) {
    let offset = offset_of(start, capacity);
    m.set32(ring + RING_CAPACITY, capacity);
    m.set32(ring + RING_READERS, readers);
    m.set32(ring + RING_OFFSET, offset);
    m.store64(ring + RING_POSITION, start, Relaxed);
    m.store64(ring + RING_CLAIM, start, Relaxed);
    for index in 0..readers {
        let reader = reader(ring, index);
        m.store64(reader + READER_POSITION, start, Relaxed);
        m.set64(reader + READER_SEEN, start);
        m.set32(reader + READER_OFFSET, offset);
        m.store32(reader + READER_STATE, READER_BLOCKING, SeqCst);
    }
}

/// The address of a reader.
#[inline(always)]
pub fn reader(ring: u32, index: u32) -> u32 {
    ring + RING_HEADER + index * READER_BYTES
}

/// The address of the data area.
#[inline(always)]
pub fn data<M: Memory>(m: M, ring: u32) -> u32 {
    reader(ring, m.get32(ring + RING_READERS))
}

#[inline(always)]
fn reader_bells<M: Memory>(m: M, ring: u32) -> Bells {
    Bells { first: reader(ring, 0) + READER_BELL, stride: READER_BYTES, count: m.get32(ring + RING_READERS) }
}

/// Wakes the readers that wait.
#[inline(always)]
pub fn wake_readers<M: Memory>(m: M, ring: u32) {
    wake(m, ring + RING_DATA_WAITERS, move || reader_bells(m, ring));
}

/// Wakes the writer, if it waits.
#[inline(always)]
pub fn wake_writer<M: Memory>(m: M, ring: u32) {
    wake(m, ring + RING_SPACE_WAITERS, move || Bells::one(ring + RING_BELL));
}

/// As [`wake_readers`], perhaps in place of a writer that has died while it did so.
pub fn wake_readers_again<M: Memory>(m: M, ring: u32) {
    wake_again(m, ring + RING_DATA_WAITERS, move || reader_bells(m, ring));
}

/// As [`wake_writer`], perhaps in place of a reader that has died while it did so.
pub fn wake_writer_again<M: Memory>(m: M, ring: u32) {
    wake_again(m, ring + RING_SPACE_WAITERS, move || Bells::one(ring + RING_BELL));
}

/// What the writer learns from a look at all readers.
pub struct Scan {
    /// The position of the slowest blocking reader, or the writer's own where there is none.
    pub slowest: u64,
    /// Whether some reader is passing.
    pub passing: bool,
}

/// Looks at all readers. `position` is the writer's.
///
/// Ordering JOIN: the writer's position (a SeqCst store) before these loads of the states. If this scan misses a reader
/// that turns blocking, that reader's later load of the position finds at least `position`, so that a limit of
/// `position` + capacity still spares what the reader will read. Reordered, it could be overwritten while it reads.
#[inline(always)]
pub fn scan<M: Memory>(m: M, ring: u32, position: u64) -> Scan {
    let mut found = Scan { slowest: position, passing: false };
    for index in 0..m.get32(ring + RING_READERS) {
        let reader = reader(ring, index);
        match m.load32(reader + READER_STATE, SeqCst) {
            // Ordering FREE: the reader's loads of the data before its position (a SeqCst store), that before this load,
            // this load before the writer's stores to the same bytes. Otherwise they would be overwritten while read.
            // Ordering WAKE: the writer's announcement before this load, where it is the look before parking.
            READER_BLOCKING => {
                found.slowest = found.slowest.min(m.load64(reader + READER_POSITION, SeqCst));
            }
            READER_PASSING => found.passing = true,
            _ => {}
        }
    }
    found
}

/// Bytes that the slowest blocking reader has not yet consumed, 0 to the capacity. Anybody may ask; the answer is old
/// when it arrives.
pub fn unread<M: Memory>(m: M, ring: u32) -> u32 {
    let position = m.load64(ring + RING_POSITION, SeqCst);
    let behind = position - scan(m, ring, position).slowest;
    behind.min(u64::from(m.get32(ring + RING_CAPACITY))) as u32
}

/// The offset of a position. (A checked remainder: the plain one could panic.)
#[inline(always)]
pub fn offset_of(position: u64, capacity: u32) -> u32 {
    position.checked_rem(u64::from(capacity)).unwrap_or(0) as u32
}

/// The offset `length` bytes (at most `capacity`) after `offset`.
#[inline(always)]
pub fn after(offset: u32, length: u32, capacity: u32) -> u32 {
    let next = offset + length;
    if next >= capacity { next - capacity } else { next }
}
